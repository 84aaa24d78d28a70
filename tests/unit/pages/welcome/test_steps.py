"""The steps of the first run."""

from __future__ import annotations

import pytest

from heyho.pages.welcome.steps import STEPS, dots, progress, read


@pytest.mark.parametrize(
    ("fragment", "step"),
    [("", "record"), ("#", "record"), ("#server", "server"), ("#done", "done"), ("#x", "record")],
)
def test_the_address_says_which_step(fragment: str, step: str) -> None:
    assert read(fragment) == step


def test_progress() -> None:
    assert [progress(step) for step in STEPS] == [
        "Step 1 of 3",
        "Step 2 of 3",
        "Step 3 of 3",
        "All set",
    ]
    assert [dots(step) for step in STEPS] == [
        ["now", "", ""],
        ["past", "now", ""],
        ["past", "past", "now"],
        ["past", "past", "past"],
    ]
