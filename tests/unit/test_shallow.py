"""JSON that is nested too deeply is told before it is read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heyho.shallow import DEEPEST, is_deep, loads

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_what_is_shallow_is_read_as_ever(value: object) -> None:
    assert loads(json.dumps(value)) == value
    assert loads(json.dumps(value, ensure_ascii=False)) == value


@pytest.mark.parametrize("opening", ["[", '{"a":', '{"b":[1,"]}",{}],"a\\"}":', " [ ", '[{},[],"'])
def test_what_is_deep_is_refused(opening: str) -> None:
    text = opening.removesuffix('"') * (DEEPEST + 1)
    assert is_deep(text)
    assert is_deep("[1]" + text, 3)
    assert not is_deep("[1]" + text)
    with pytest.raises(ValueError, match="deep"):
        loads(text)


def test_brackets_in_texts_do_not_count() -> None:
    text = json.dumps(["[" * 9999, '\\"{' * 9999])
    assert loads(text) == json.loads(text)
