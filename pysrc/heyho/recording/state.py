"""The state of the fold: what it must remember from one event to the next.

It grows with the number of open tabs, and with nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, get_args

from heyho.recording import fields
from heyho.recording.attention import away_reason
from heyho.recording.events import NO_WINDOW, IdleState
from heyho.recording.tab import Tab, Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from heyho.exclusions import Exclusions
    from heyho.model import IdleReason
    from heyho.ports import Record
    from heyho.recording.visit import OpenVisit

MAX_TABS = 10_000
"""More tabs than anybody has open."""

_IDLE_STATES: dict[str, IdleState] = {state: state for state in get_args(IdleState)}


@dataclass(slots=True)
class State:
    """Tabs, windows, and the person. What changes, changes at `last_at`.

    Attributes:
        last_at: the time of the last event, the browser's last sign of life.
        focused: a window, NO_WINDOW, or None while nothing has told it.
    """

    last_at: int | None = None
    focused: int | None = None
    idle: IdleState = "active"
    tabs: dict[int, Tab] = field(default_factory=dict)
    windows: dict[int | None, Window] = field(default_factory=dict)

    def open_visits(self) -> Iterator[OpenVisit]:
        """Every open visit."""
        return (tab.visit for tab in self.tabs.values() if tab.visit is not None)

    def add(self, tab: Tab) -> None:
        """Take in a tab that is not known yet."""
        self.tabs[tab.tab_id] = tab
        self.windows.setdefault(tab.window_id, Window()).tabs += 1

    def forget(self, tab: Tab) -> None:
        """The tab is gone."""
        del self.tabs[tab.tab_id]
        self._leave_window(tab)

    def place(self, tab: Tab, window_id: int) -> None:
        """The tab is in this window."""
        if tab.window_id != window_id:
            self._leave_window(tab)
            tab.window_id = window_id
            self.windows.setdefault(window_id, Window()).tabs += 1
            self.look_at(tab)
        if tab.visit is not None and tab.visit.window_id is None:
            tab.visit.window_id = window_id

    def show(self, tab: Tab, *, is_told: bool) -> None:
        """The tab is in front of its window, as the browser told or as it is presumed."""
        window = self.windows[tab.window_id]
        before = window.shown
        window.shown, window.is_told = tab.tab_id, is_told
        if before is not None and before != tab.tab_id:
            self.look_at(self.tabs[before])
        self.look_at(tab)

    def presume_shown(self, tab: Tab) -> None:
        """The tab is in front of its window, unless the browser has told that another one is.

        A tab whose window is unknown has no such claim once the browser has told of any tab.
        """
        own = self.windows[tab.window_id]
        rivals = (own,) if tab.window_id is not None else self.windows.values()
        if not any(window.is_told for window in rivals):
            self.show(tab, is_told=False)

    def presume_no_stray(self) -> None:
        """Of the tabs whose window is unknown, none is in front."""
        if (window := self.windows.get(None)) is not None and window.shown is not None:
            stray, window.shown = self.tabs[window.shown], None
            self.look_at(stray)

    def focus(self, window_id: int) -> None:
        """The focus went to a window, or left the browser."""
        before, self.focused = self.focused, window_id
        # Until the focus is known, it counts as being in every window at once.
        self._look_at_shown(*((before, window_id, None) if before is not None else self.windows))

    def become(self, idle: IdleState) -> None:
        """The person came, went, or locked the screen."""
        self.idle = idle
        self._look_at_shown(*self.windows)

    def look_at(self, tab: Tab) -> None:
        """Find out anew whether somebody looks at the tab."""
        if tab.visit is not None and self.last_at is not None:
            tab.visit.attention.turn(self.last_at, self.away_reason(tab))

    def away_reason(self, tab: Tab) -> IdleReason | None:
        """Why nobody looks at the tab, or None when somebody does."""
        focused = self.focused in (None, tab.window_id) or (
            tab.window_id is None and self.focused != NO_WINDOW
        )
        return away_reason(
            shown=self.windows[tab.window_id].shown == tab.tab_id,
            focused=focused,
            audible=tab.audible,
            idle=self.idle,
        )

    def _look_at_shown(self, *window_ids: int | None) -> None:
        for window_id in window_ids:
            window = self.windows.get(window_id)
            if window is not None and window.shown is not None:
                self.look_at(self.tabs[window.shown])

    def _leave_window(self, tab: Tab) -> None:
        window = self.windows[tab.window_id]
        window.tabs -= 1
        if window.shown == tab.tab_id:
            window.shown, window.is_told = None, False
        if not window.tabs:
            del self.windows[tab.window_id]

    def to_record(self) -> Record:
        """The JSON form."""
        return {
            "lastAt": self.last_at,
            "focused": self.focused,
            "idle": self.idle,
            "tabs": [tab.to_record() for tab in self.tabs.values()],
            "windows": [
                {"windowId": window_id, "shown": window.shown, "isTold": window.is_told}
                for window_id, window in self.windows.items()
            ],
        }

    @classmethod
    def from_record(cls, record: object, exclusions: Exclusions) -> State:
        """Read the JSON form of this or an older version; what cannot be read is unknown.

        An open visit to a page that has been excluded since is dropped.
        """
        state = cls()
        if not isinstance(record, dict):
            return state
        state.last_at = fields.time(record.get("lastAt"))
        state.focused = fields.integer(record.get("focused"))
        idle = record.get("idle")
        state.idle = _IDLE_STATES.get(idle, "active") if isinstance(idle, str) else "active"
        for item in fields.records(record.get("tabs")):
            tab = Tab.from_record(item, last_at=state.last_at, exclusions=exclusions)
            if tab is not None and tab.tab_id not in state.tabs and len(state.tabs) < MAX_TABS:
                state.add(tab)
        for item in fields.records(record.get("windows")):
            window_id = fields.integer(item.get("windowId"))
            shown = fields.integer(item.get("shown"))
            tab = state.tabs.get(shown) if shown is not None else None
            if tab is not None and tab.window_id == window_id:
                window = state.windows[window_id]
                window.shown, window.is_told = shown, item.get("isTold") is True
        return state
