"""Whose a token is, as the forms that ask for one know it."""

from __future__ import annotations

import pytest

from heyho.pages import tokens

HERE, OTHER = "https://a.example/api/v1", "https://b.example"


def known() -> tokens.Token:
    token = tokens.Token()
    token.know(HERE, "T", "T")
    return token


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("", ""),
        ("history.example", "history.example"),
        ("  HTTPS://History.example:8443/api/v1 ", "history.example"),
        ("http://127.0.0.1:8000", "127.0.0.1"),
        ("http://[::1]:8000/x", "[::1"),
        ("https://me:word@history.example?x=https://other.example", "history.example"),
    ],
)
def test_the_host_of_what_was_typed(address: str, host: str) -> None:
    assert tokens.host(address) == host


def test_another_port_or_path_is_no_other_server() -> None:
    assert known().meet("http://a.example:8000", "T") == "T"
    assert known().meet("https://a.example.org", "T") == ""


def test_a_token_comes_back_with_its_address() -> None:
    token = known()
    assert token.meet(OTHER, " T ") == ""
    assert "The token of a.example was taken out" in token.note(OTHER, "")
    assert token.meet(HERE, "") == "T"
    assert token.note(HERE, "T") == ""


def test_a_token_comes_back_after_its_server_was_replaced() -> None:
    token = known()
    token.meet(OTHER, "T")
    token.know(OTHER, "", "")
    assert token.meet(HERE, "") == "T"
    assert token.meet(OTHER, "T") == ""


def test_what_is_stored_while_a_token_is_withheld_lets_it_come_back() -> None:
    token = known()
    token.meet(OTHER, "T")
    token.know("https://a.example:8000", "T", "")
    assert token.note(OTHER, "")
    assert token.meet(HERE, "") == "T"


def test_a_token_that_was_entered_or_taken_out_by_the_person_stays_so() -> None:
    token = known()
    assert token.meet(HERE, "") == ""
    assert token.meet(OTHER, "another") == "another"
    token.meet(OTHER, "T")
    assert token.note(OTHER, "another") == ""
    token.know(OTHER, "another", "another")
    assert token.meet(OTHER, "") == ""


def test_nobody_can_tell_whose_a_token_without_an_address_is() -> None:
    token = tokens.Token()
    token.know("", "T", "T")
    assert token.meet(OTHER, "T") == "T"
    assert "Take it out, unless" in token.note(OTHER, "T")
    assert token.note("", "T") == ""
