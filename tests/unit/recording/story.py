"""Stories: what a person does with a browser, told in a few lines, as the recorder's raw events.

A story opens with a new installation: window 1 has the focus and shows tab 1, which is empty.
Time stands still but for `wait` (the browser gives a heartbeat each minute) and `silence`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from heyho.exclusions import Exclusions
from heyho.model import Visit
from heyho.ports import Record
from heyho.ports.stores import Folded
from heyho.recording.fold import fold
from heyho.wire import visit_from_record

T0 = 1_800_000_000_000
CLIENT = "device-1"

A = "https://a.example/"
B = "https://b.example/"
C = "https://c.example/"

Events = list[tuple[int, Record]]


def fold_events(
    events: Sequence[tuple[int, Record]], state: Record | None = None, *excluded: str
) -> Folded:
    """One step of the fold, for a device that excludes these patterns."""
    return fold(state, events, client_id=CLIENT, exclusions=Exclusions(excluded))


def visit_of(record: Record) -> Visit:
    """The visit that arrives at the other end of the wire."""
    return visit_from_record(json.loads(json.dumps(record)))


def picture(
    tab: int, url: str | None = None, *, window: int = 1, active: bool = False, title: str = ""
) -> Record:
    """A tab in the picture of a session."""
    return {
        "tabId": tab,
        "windowId": window,
        "url": url,
        "title": title,
        "active": active,
        "audible": False,
    }


class Story:
    """Raw events in the making. Every teller returns the story."""

    def __init__(self, *excluded: str) -> None:
        self.events: Events = []
        self.now_ms: float = T0
        self._excluded = excluded
        self.session("install", picture(1, active=True))

    def event(self, kind: str, **said: Any) -> Story:
        self.events.append((len(self.events) + 1, {"kind": kind, "at": self.now_ms, **said}))
        return self

    def wait(self, seconds: float) -> Story:
        """Time passes; the browser is there."""
        end_ms = self.now_ms + seconds * 1000
        while end_ms - self.now_ms > 60_000:
            self.now_ms += 60_000
            self.event("heartbeat")
        self.now_ms = end_ms
        return self

    def silence(self, seconds: float) -> Story:
        """Time passes without a sign of life; less than none sets the clock back."""
        self.now_ms += seconds * 1000
        return self

    def session(
        self, why: str, *tabs: Record, focused: int | None = 1, idle: str = "active", **said: Any
    ) -> Story:
        said |= {"tabs": [*tabs], "focusedWindowId": focused, "idle": idle}
        return self.event("session", why=why, **said)

    def go(self, url: str | None, *qualifiers: str, tab: int = 1, by: str | None = "link") -> Story:
        return self.event("navigated", tabId=tab, url=url, transition=by, qualifiers=[*qualifiers])

    def push(self, url: str | None, *qualifiers: str, tab: int = 1, by: str = "link") -> Story:
        return self.event("history", tabId=tab, url=url, transition=by, qualifiers=[*qualifiers])

    def title(self, title: object, url: str | None = A, *, tab: int = 1) -> Story:
        return self.event("titled", tabId=tab, url=url, title=title)

    def create(self, tab: int, *, window: int = 1, opener: int | None = None) -> Story:
        return self.event("created", tabId=tab, windowId=window, openerTabId=opener)

    def target(self, tab: int, *, source: int = 1) -> Story:
        return self.event("targeted", tabId=tab, sourceTabId=source)

    def activate(self, tab: int, *, window: int = 1) -> Story:
        return self.event("activated", tabId=tab, windowId=window)

    def attach(self, tab: int, *, window: int) -> Story:
        return self.event("attached", tabId=tab, windowId=window)

    def replace(self, removed: int, *, by: int) -> Story:
        return self.event("replaced", tabId=by, removedTabId=removed)

    def sound(self, audible: bool, *, tab: int = 1) -> Story:
        return self.event("audible", tabId=tab, audible=audible)

    def focus(self, window: int) -> Story:
        return self.event("focused", windowId=window)

    def idle(self, state: str) -> Story:
        return self.event("idle", state=state)

    def close(self, tab: int = 1) -> Story:
        return self.event("removed", tabId=tab)

    def pause(self) -> Story:
        return self.event("paused")

    def folded(self) -> Folded:
        return fold_events(self.events, None, *self._excluded)

    def visits(self) -> list[Visit]:
        """The visits that have ended, as they arrive at the other end of the wire.

        Every story is told twice, the second time with a step for each event.
        """
        records: list[Record] = []
        state: Record | None = None
        for event in self.events:
            step = fold_events([event], state, *self._excluded)
            records += step.visits
            state = json.loads(json.dumps(step.state))
        assert records == list(self.folded().visits)
        return [visit_of(record) for record in records]


def seconds(visit: Visit) -> tuple[float, float]:
    """From when to when, in seconds since the story began."""
    return (visit.started_at - T0) / 1000, (visit.ended_at - T0) / 1000


def away(visit: Visit) -> list[tuple[float, float, str]]:
    """The idle periods, in seconds since the story began."""
    return [
        ((idle.start - T0) / 1000, (idle.end - T0) / 1000, idle.reason)
        for idle in visit.idle_periods
    ]
