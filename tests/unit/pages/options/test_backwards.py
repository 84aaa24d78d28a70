"""Which visits exclusions mean, backwards, and what is said of them."""

from __future__ import annotations

from heyho.pages.options.backwards import deleted, found, query


def test_what_is_asked_for() -> None:
    assert query(" \n", [], "x.example") is None
    assert query("a.example\n\n b.example ", ["banks"], "dkb.de\n") == {
        "patterns": ["a.example", "b.example"],
        "presets": ["banks"],
        "recorded": ["dkb.de"],
    }
    assert query("", ["banks"], "") == {"patterns": [], "presets": ["banks"], "recorded": []}


def test_what_is_said() -> None:
    def say(visits: int, last: int = 2, *, ends: bool = False) -> str:
        reply = {"visits": visits, "firstAt": 1, "lastAt": last, "endsUndo": ends}
        return found(reply, lambda at: f"day {at:.0f}")

    assert say(0) == "No visit that is recorded matches."
    assert say(1, 1).startswith("One visit already recorded matches, of day 1.")
    assert say(7, 1).startswith("7 visits already recorded match, of day 1.")
    assert say(1234).startswith("1,234 visits already recorded match, from day 1 to day 2.")
    for last in (1, 2):
        assert say(7, last, ends=True).endswith(
            "copies on your server stay. What you deleted before can then no longer be undone."
        )
    assert say(0, ends=True) == say(0)
    assert deleted({"visits": 2}).startswith("2 visits are deleted.")
