"""What the popup shows in each state."""

from __future__ import annotations

from typing import Any

from heyho.pages.popup.summary import ended, has_ended, is_another, out_of_reach, summarise
from heyho.pages.shapes import Lane, Progress, Run, Status, View

NOW = 1_790_000_000_000.0
ERROR = "Your server did not answer."
FAILED: Run = {
    "startedAt": NOW - 182_000,
    "endedAt": NOW - 180_000,
    "trigger": "periodic",
    "strategy": "concurrent",
    "outcome": "failed",
    "visits": 0,
    "rejected": 0,
    "cancelled": False,
    "error": ERROR,
}
STOPPED: Run = {**FAILED, "outcome": "partial", "visits": 25, "cancelled": True, "error": None}
COMPLETE: Run = {**FAILED, "outcome": "complete", "visits": 25, "error": None}
CALM: Status = {
    "waiting": 0,
    "quarantined": 0,
    "paused": False,
    "canSync": True,
    "server": "home.example:8787",
    "lastRun": COMPLETE,
    "nextAt": NOW + 120_000,
    "problem": None,
}
UNNAMED: Status = {**CALM, "canSync": False, "server": "", "lastRun": None, "nextAt": None}
UNDER_WAY: Progress = {
    "trigger": "manual",
    "strategy": "concurrent",
    "startedAt": NOW,
    "visits": 10_000,
    "visitsDone": 2_500,
    "visitsFailed": 0,
    "batches": 10,
    "batchesDone": 2,
    "batchesFailed": 0,
    "inFlight": 5,
    "retries": 0,
    "bytes": 25_000,
    "secondsLeft": None,
}


def view(
    status: Status,
    progress: Progress | None = None,
    *,
    said: str = "",
    fault: str = "",
    stopping: bool = False,
    online: bool = True,
) -> View:
    return summarise(
        status,
        progress,
        said=said,
        fault=fault,
        stopping=stopping,
        now=NOW,
        clock=lambda at: "14:05",
        online=online,
    )


def lane(number: int, phase: str) -> Lane:
    return {
        "lane": number,
        "batch": number,
        "visits": 1000,
        "phase": phase,
        "since": NOW,
        "phaseSince": NOW,
    }


def test_a_sync_that_waits_for_the_network_says_so() -> None:
    waits: Progress = {**UNDER_WAY, "lanes": [lane(0, "pausing"), lane(1, "pausing")]}
    assert view(CALM, waits, online=False)["message"] == (
        "This device is offline. The sync goes on by itself once it is back."
    )
    assert view(CALM, waits)["message"].startswith("Syncing")
    sends: Progress = {**UNDER_WAY, "lanes": [lane(0, "sending"), lane(1, "pausing")]}
    for progress in (UNDER_WAY, sends):  # to this device itself
        assert view(CALM, progress, online=False)["message"].startswith("Syncing")


def test_when_all_is_well_the_popup_is_calm() -> None:
    seen = view(CALM)
    assert (seen["tone"], seen["figure"], seen["caption"]) == ("calm", "", "Everything is synced")
    assert (seen["lastAgo"], seen["lastDid"]) == ("3 minutes ago", "25 visits")
    assert (seen["next"], seen["progress"], seen["action"]) == ("in 2 minutes", "", "")
    assert (seen["recording"], seen["on"]) == ("Recording", "true")


def test_before_a_server_is_named_the_popup_asks_for_one() -> None:
    seen = view({**UNNAMED, "waiting": 1})
    assert (seen["tone"], seen["action"]) == ("setup", "Name your server")
    assert (seen["figure"], seen["caption"]) == ("1", "visit on this device")
    assert seen["server"] == "No server yet"


def test_a_server_without_a_token_is_signed_in_at_next() -> None:
    seen = view({**UNNAMED, "server": "home.example:8787"})
    assert (seen["tone"], seen["action"]) == ("setup", "Sign in")
    assert seen["message"] == (
        "Your server is named, but you are not signed in yet: enter its token, or pair this device."
    )
    assert (seen["next"], seen["server"]) == ("once you are signed in", "home.example:8787")
    assert view(UNNAMED)["message"] == "Nothing leaves this device until you name your server."
    assert view(UNNAMED)["next"] == "once a server is named"


def test_a_run_under_way_counts_down_and_has_a_bar() -> None:
    seen = view({**CALM, "waiting": 10_000}, UNDER_WAY, said="Starting the sync.")
    assert (seen["tone"], seen["figure"], seen["caption"]) == ("busy", "7,500", "of 10,000 left")
    assert (seen["percent"], seen["progress"]) == (25, "2,500 of 10,000 visits")
    assert seen["message"] == "Syncing 10,000 visits with home.example:8787."


def test_a_long_run_says_how_long_it_will_take() -> None:
    """Beside the sentence, which stays: a screen reader would speak each second."""
    seen, later = (view(CALM, {**UNDER_WAY, "secondsLeft": left}) for left in (42.4, 41.3))
    assert seen["message"] == "Syncing 10,000 visits with home.example:8787."
    assert (seen["left"], later["left"]) == ("About 42 seconds left.", "About 41 seconds left.")
    assert {**later, "left": seen["left"]} == seen


def test_a_run_that_is_held_up_does_not_say_how_long_it_will_take() -> None:
    long: Progress = {**UNDER_WAY, "secondsLeft": 42.4}
    assert view(CALM, long, stopping=True)["left"] == ""
    assert view(CALM, long, fault="The disk is full.")["left"] == ""
    waits = view(CALM, {**long, "waitsUntil": NOW + 60_000})
    assert (waits["message"], waits["left"]) == (
        "Your server asks to wait. The sync goes on at 14:05.",
        "",
    )
    assert view(CALM)["left"] == ""


def test_a_failed_run_says_what_waits_why_and_until_when() -> None:
    seen = view({**CALM, "waiting": 5_000, "lastRun": FAILED, "problem": ERROR})
    assert seen["message"] == f"5,000 visits wait. {ERROR} They go again at 14:05."
    assert (seen["tone"], seen["lastDid"], seen["action"]) == (
        "trouble",
        "failed",
        "Check settings",
    )


def test_a_run_that_is_being_stopped_says_so() -> None:
    seen = view({**CALM, "waiting": 10_000}, UNDER_WAY, stopping=True)
    assert (seen["tone"], seen["message"]) == ("busy", "Stopping the sync.")


def test_a_run_that_a_person_has_stopped_is_no_trouble() -> None:
    status: Status = {**CALM, "waiting": 5_000, "lastRun": STOPPED}
    seen = view(status)
    assert (seen["tone"], seen["lastDid"], seen["action"]) == ("calm", "25, stopped", "")
    assert seen["message"].startswith("You stopped the sync.")
    assert ended(status) == ""


def test_a_run_of_an_earlier_version_does_not_tell_who_stopped_it() -> None:
    earlier: Any = {name: told for name, told in STOPPED.items() if name != "cancelled"}
    assert view({**CALM, "waiting": 5_000, "lastRun": earlier})["tone"] == "trouble"


def test_a_problem_of_its_own_goes_before_the_last_run() -> None:
    seen = view({**CALM, "lastRun": FAILED, "problem": "The database could not be read."})
    assert seen["message"] == "The database could not be read."


def test_a_pause_is_seen_and_said() -> None:
    seen = view({**CALM, "paused": True})
    assert (seen["tone"], seen["recording"], seen["on"]) == ("paused", "Paused", "false")
    assert seen["message"] == "Pages you visit now are not recorded."


def test_a_fault_of_the_recorder_goes_before_everything() -> None:
    seen = view(CALM, UNDER_WAY, said="Recording again.", fault="The disk is full.")
    assert (seen["tone"], seen["message"]) == ("fault", "The disk is full.")


def test_nothing_is_called_synced_while_visits_cannot_be_stored() -> None:
    seen = view(CALM, fault="The disk is full.")
    assert (seen["figure"], seen["caption"]) == ("", "New visits wait")


def test_a_database_that_cannot_be_read_is_no_empty_history() -> None:
    seen = out_of_reach(said="Close Heyho's pages, then try again.", fault="")
    assert (seen["tone"], seen["message"]) == ("fault", "Close Heyho's pages, then try again.")
    assert (seen["caption"], seen["action"]) == ("Your history is out of reach", "")
    assert out_of_reach(said="Try again.", fault="The disk is full.")["message"] == (
        "The disk is full."
    )


def test_refused_visits_are_counted() -> None:
    assert view(CALM)["aside"] == ""
    assert view({**CALM, "quarantined": 3})["aside"] == "3 visits"


def test_runs_are_told_apart_by_their_beginning() -> None:
    assert not has_ended(NOW, None)
    assert not has_ended(NOW, COMPLETE)
    assert has_ended(COMPLETE["startedAt"], COMPLETE)
    by_a_clock_ahead: Run = {**COMPLETE, "startedAt": NOW + 5000, "endedAt": NOW + 6000}
    assert is_another(COMPLETE, by_a_clock_ahead)
    assert is_another(COMPLETE, None)
    assert not is_another(COMPLETE, COMPLETE)
    assert not is_another(None, COMPLETE)


def test_an_end_is_said_unless_the_standing_message_says_it() -> None:
    assert ended(CALM) == "Synced 25 visits."
    assert ended({**CALM, "lastRun": FAILED, "problem": ERROR}) == ""
    assert ended({**CALM, "lastRun": None}) == ""
