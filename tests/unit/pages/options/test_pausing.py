"""Whether Heyho records, in words."""

from __future__ import annotations

from typing import Any

import pytest

from heyho.pages.options.pausing import is_paused, standing


@pytest.mark.parametrize(
    ("settings", "paused", "says"),
    [
        ({}, False, "Heyho records the pages you visit."),
        ({"paused": False, "pausedUntil": None}, False, "Heyho records"),
        ({"paused": True}, True, "until you resume"),
        ({"paused": True, "pausedUntil": "restart"}, True, "until the browser restarts"),
        ({"paused": True, "pausedUntil": 1001}, True, "until at 1001."),
        ({"paused": True, "pausedUntil": 1000}, False, "Heyho records"),
    ],
)
def test_standing(settings: dict[str, Any], paused: bool, says: str) -> None:
    assert is_paused(settings, 1000) is paused
    assert says in standing(settings, 1000, lambda at: f"at {at}")
