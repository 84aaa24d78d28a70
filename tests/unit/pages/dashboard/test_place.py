"""The dashboard's address."""

from __future__ import annotations

from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as some

from heyho.pages.dashboard import place
from heyho.pages.dashboard.place import Place


@given(some.text(min_size=1))
def test_a_search_stands_in_the_address(text: str) -> None:
    def encode(text: str) -> str:
        return quote(text, safe="", errors="surrogatepass")

    def decode(text: str) -> str:
        return unquote(text, errors="surrogatepass")

    there = Place("visits", text)
    assert place.read(place.write(there, encode), decode) == there


@pytest.mark.parametrize("span", place.RANGES)
def test_figures_stand_in_the_address(span: str) -> None:
    there = Place("figures", "", span)
    assert place.write(there, quote) == f"#figures={span}"
    assert place.read(f"#figures={span}", unquote) == there


@pytest.mark.parametrize("address", ["", "#", "#q=", "#nonsense", "#=&&=x"])
def test_an_address_that_says_nothing_is_the_whole_history(address: str) -> None:
    assert place.read(address, unquote) == Place()


def test_an_unknown_range_is_the_usual_one() -> None:
    assert place.read("#figures=century", unquote) == Place("figures")
