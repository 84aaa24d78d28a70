"""The clock: what the times of two events in a row say about the time that has passed.

Events come in the order of their keys. Their times come from the wall clock, which stands still
for nobody: the machine sleeps, and the clock is put right.
"""

from __future__ import annotations

from dataclasses import dataclass

SLEEP_MS = 150_000
"""A silence longer than this is sleep. Heartbeats come every 60 seconds: two are missing."""

JITTER_MS = 2_000
"""Events of different sources are stamped out of order by no more than this; it is no correction
of the clock."""


@dataclass(frozen=True, slots=True)
class Passage:
    """From one event to the next, in epoch milliseconds of the clock as it is now.

    Attributes:
        since: the time of the event before.
        at: the time of this event, `since` or later.
        set_back_ms: by how much the clock was set back in between; times before it move along.
        slept: whether the browser gave no sign of life in between. A clock set forward looks
            the same.
    """

    since: int
    at: int
    set_back_ms: int = 0
    slept: bool = False


def passage(last_at: int | None, at: int) -> Passage:
    """Judge the time of an event by the time of the one before, None for the first."""
    if last_at is None:
        return Passage(at, at)
    if at < last_at - JITTER_MS:
        return Passage(at, at, set_back_ms=last_at - at)
    if at < last_at:
        return Passage(last_at, last_at)
    return Passage(last_at, at, slept=at - last_at > SLEEP_MS)
