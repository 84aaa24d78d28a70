"""The decoder: from a raw event, as it lies in the database, to a typed one.

`decode` never raises: an event of an unknown kind, or without something that its kind cannot do
without, is None, so that it cannot stand in the way of those after it. The address of a page that
must not be recorded is dropped here, so that nothing behind this module ever sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from heyho.recording import fields
from heyho.recording.events import (
    NO_WINDOW,
    Activated,
    Attached,
    Audible,
    Created,
    Event,
    Focused,
    Heartbeat,
    Idled,
    IdleState,
    Navigated,
    Paused,
    PicturedTab,
    Removed,
    Replaced,
    Session,
    Targeted,
    Titled,
)
from heyho.recording.page import clean_title, recordable_url

if TYPE_CHECKING:
    from heyho.exclusions import Exclusions

T = TypeVar("T")

_IDLE_STATES: dict[str, IdleState] = {"active": "active", "idle": "idle", "locked": "locked"}


def decode(record: object, exclusions: Exclusions) -> Event | None:
    """Read a raw event; None for one that cannot be understood."""
    if not isinstance(record, Mapping):
        return None
    kind, at = record.get("kind"), fields.time(record.get("at"))
    decoder = _DECODERS.get(kind) if isinstance(kind, str) else None
    if decoder is None or at is None:
        return None
    try:
        return decoder(_Reader(record, exclusions), at)
    except _MalformedError:
        return None


class _MalformedError(Exception):
    """A field is missing that the event means nothing without."""


def _needed(value: T | None, name: str) -> T:
    if value is None:
        raise _MalformedError(name)
    return value


class _Reader:
    def __init__(self, record: Mapping[str, Any], exclusions: Exclusions) -> None:
        self._record = record
        self._exclusions = exclusions

    def id(self, name: str = "tabId") -> int:
        return _needed(self.optional_id(name), name)

    def optional_id(self, name: str) -> int | None:
        """The id of a tab or a window; the browser's negative numbers name none."""
        value = fields.integer(self._record.get(name))
        return value if value is not None and value >= 0 else None

    def focus(self, name: str) -> int | None:
        value = fields.integer(self._record.get(name))
        return None if value is None else max(value, NO_WINDOW)

    def idle_state(self, name: str) -> IdleState | None:
        state = self._record.get(name)
        return _IDLE_STATES.get(state) if isinstance(state, str) else None

    def url(self) -> str | None:
        return recordable_url(self._record.get("url"), self._exclusions)

    def title(self) -> str:
        return clean_title(self._record.get("title"), self._record.get("url"))

    def flag(self, name: str) -> bool:
        return self._record.get(name) is True

    def session(self, at: int) -> Session:
        if not isinstance(self._record.get("tabs"), (list, tuple)):
            raise _MalformedError("tabs")
        tabs: dict[int, PicturedTab] = {}
        for record in fields.records(self._record["tabs"]):
            tab = _Reader(record, self._exclusions).pictured()
            if tab is not None:
                tabs[tab.tab_id] = tab
        return Session(
            at,
            fields.time(self._record.get("picturedAt")),
            self._record.get("why") == "startup",
            tuple(tabs.values()),
            self.focus("focusedWindowId"),
            self.idle_state("idle") or "active",
        )

    def pictured(self) -> PicturedTab | None:
        tab_id = self.optional_id("tabId")
        if tab_id is None:
            return None
        return PicturedTab(
            tab_id,
            self.optional_id("windowId"),
            self.url(),
            self.title(),
            self.flag("active"),
            self.flag("audible"),
        )

    def navigated(self, at: int, *, same_document: bool) -> Navigated:
        said = self._record.get("qualifiers")
        qualifiers = said if isinstance(said, (list, tuple)) else ()
        transition = fields.word(self._record.get("transition"))
        if "forward_back" in qualifiers:
            transition = "forward_back"
        by_person = transition in ("forward_back", "reload") or "from_address_bar" in qualifiers
        return Navigated(
            at,
            self.id(),
            self.url(),
            transition,
            "client_redirect" in qualifiers and not by_person,
            same_document,
            fields.time(self._record.get("committedAt")),
        )


_DECODERS: dict[str, Callable[[_Reader, int], Event]] = {
    "session": lambda read, at: read.session(at),
    "paused": lambda _, at: Paused(at),
    "created": lambda read, at: Created(
        at, read.id(), read.optional_id("windowId"), read.optional_id("openerTabId")
    ),
    "targeted": lambda read, at: Targeted(at, read.id(), read.id("sourceTabId")),
    "navigated": lambda read, at: read.navigated(at, same_document=False),
    "history": lambda read, at: read.navigated(at, same_document=True),
    "titled": lambda read, at: Titled(at, read.id(), read.url(), read.title()),
    "activated": lambda read, at: Activated(at, read.id(), read.id("windowId")),
    "attached": lambda read, at: Attached(at, read.id(), read.id("windowId")),
    "replaced": lambda read, at: Replaced(at, read.id(), read.id("removedTabId")),
    "audible": lambda read, at: Audible(at, read.id(), read.flag("audible")),
    "focused": lambda read, at: Focused(at, _needed(read.focus("windowId"), "windowId")),
    "idle": lambda read, at: Idled(at, _needed(read.idle_state("state"), "state")),
    "removed": lambda read, at: Removed(at, read.id()),
    "heartbeat": lambda _, at: Heartbeat(at),
}
