"""What the popup says of the page in front, and what it offers to do."""

from __future__ import annotations

from typing import Any

from heyho.pages.popup import here
from heyho.pages.shapes import Front, Here

OWN = "chrome-extension://kpmn/"
RECORDED: Front = {"state": "recorded", "pattern": None, "site": "news.example", "visits": 12}
EXCLUDED: Front = {**RECORDED, "state": "excluded", "pattern": "news.example"}


def describe(
    front: Front | None, *, paused: bool = False, asking: bool = False, changed: bool = False
) -> Here:
    return here.describe(front, paused=paused, asking=asking, changed=changed)


def test_a_recorded_page_says_so_and_offers_to_never_do_it() -> None:
    shown = describe(RECORDED)
    assert (shown["site"], shown["said"]) == ("news.example", "Recorded. 12 visits kept.")
    assert (shown["action"], shown["yes"]) == ("Never record this site", "")


def test_before_it_is_done_it_is_said() -> None:
    shown = describe(RECORDED, asking=True)
    assert shown["said"] == (
        "From now on no page of news.example or its subdomains is recorded. "
        "The 12 visits kept so far stay."
    )
    assert (shown["action"], shown["yes"]) == ("", "Never record it")
    assert describe({**RECORDED, "visits": 0}, asking=True)["said"].endswith("is recorded.")


def test_what_was_just_done_can_be_undone_in_place() -> None:
    assert describe(EXCLUDED, changed=True)["action"] == "Undo"
    later = describe(EXCLUDED)
    assert (later["said"], later["action"]) == ("Never recorded.", "Record this site again")


def test_a_wider_pattern_is_named_and_changed_in_the_settings() -> None:
    shown = describe({**EXCLUDED, "pattern": "*.example"})
    assert shown["said"] == "Not recorded: excluded by “*.example”."
    assert (shown["action"], shown["link"]) == ("", "Change it in the settings")


def test_a_kind_of_pages_that_is_kept_out_is_named() -> None:
    shown = describe({**RECORDED, "state": "preset", "pattern": "banks"})
    assert shown["said"] == "Not recorded: it is kept out with “Banks and payments”."
    assert (shown["action"], shown["link"]) == ("", "Change it in the settings")


def test_a_pause_is_known_at_once() -> None:
    assert describe(RECORDED, paused=True)["said"].startswith("Not recorded: recording is paused.")
    assert describe({**RECORDED, "state": "paused"})["said"] == "Recorded. 12 visits kept."


def test_other_pages_offer_nothing() -> None:
    for state in ("browser", "other"):
        shown = describe({"state": state, "pattern": None, "site": "", "visits": 0})
        assert shown["said"].startswith("Not recorded: ")
        assert (shown["site"], shown["action"], shown["link"]) == ("", "", "")
    assert describe(None)["said"] == ""


def test_the_page_in_front_is_the_active_tab() -> None:
    tabs: list[dict[str, Any]] = [
        {"url": "https://a.example/"},
        {"url": "https://b.example/", "active": True},
    ]
    assert here.choose(tabs, own=OWN, in_tab=False) == "https://b.example/"
    empty: list[dict[str, Any]] = []
    assert here.choose([{"active": True}], own=OWN, in_tab=False) == ""
    assert here.choose(empty, own=OWN, in_tab=False) == ""


def test_in_a_tab_it_is_the_one_before() -> None:
    tabs: list[dict[str, Any]] = [
        {"url": "https://a.example/", "lastAccessed": 1},
        {"url": "https://b.example/", "lastAccessed": 3},
        {"url": f"{OWN}popup.html", "lastAccessed": 5, "active": True},
        {"url": "https://c.example/", "lastAccessed": 2},
    ]
    assert here.choose(tabs, own=OWN, in_tab=True) == "https://b.example/"
    assert here.choose(tabs[2:3], own=OWN, in_tab=True) == ""
