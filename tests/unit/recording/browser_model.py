"""A small model of a browser, which random actions drive and which tells the recorder's events.

Beside the events it keeps its own account of who was looking at what, for comparison.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from heyho.ports import Record
from unit.recording.story import T0, Events

SECRET = "secret.example"
PAGES = [
    "https://a.example/",
    "https://a.example/#x",
    "https://a.example/2",
    "https://www.b.example/?q=1",
    "http://c.example:8080/",
    f"https://{SECRET}/account",
    None,
]
_WAYS = ["link", "link", "link", "typed", "form_submit", "reload", "auto_bookmark"]
_QUALIFIERS: list[list[str]] = [[], [], ["client_redirect"], ["forward_back"], ["server_redirect"]]
_WAITS_MS = [0, 0, 1, 40, 900, 4000, 5100, 30_000, 60_000, 100_000]


@dataclass
class ModelTab:
    url: str | None = None
    audible: bool = False


@dataclass(frozen=True)
class Watched:
    """The tabs that somebody looks at from `at` on, until the next event."""

    at: int
    tabs: frozenset[int]


class Browser:
    """Tabs are in windows, and a window has one tab in front."""

    def __init__(self) -> None:
        self.events: Events = []
        self.watched: list[Watched] = []
        self.now_ms = T0
        self.windows: dict[int, list[int]] = {1: [1]}
        self.front: dict[int, int] = {1: 1}
        self.tabs: dict[int, ModelTab] = {1: ModelTab()}
        self.focused = 1
        self.state = "active"
        self._last_id = 1
        self.picture("install")

    def tell(self, kind: str, **said: Any) -> None:
        key = len(self.events) * 2 + 1
        self.events.append((key, {"kind": kind, "at": self.now_ms, **said}))
        watched = frozenset(
            tab_id
            for window_id, tab_id in self.front.items()
            if self.state != "locked"
            and (
                self.tabs[tab_id].audible or (self.focused == window_id and self.state == "active")
            )
        )
        self.watched.append(Watched(self.now_ms, watched))

    def picture(self, why: str) -> None:
        tabs: list[Record] = [
            {
                "tabId": tab_id,
                "windowId": window_id,
                "url": self.tabs[tab_id].url,
                "title": "",
                "active": self.front[window_id] == tab_id,
                "audible": self.tabs[tab_id].audible,
            }
            for window_id, tab_ids in self.windows.items()
            for tab_id in tab_ids
        ]
        self.tell("session", why=why, tabs=tabs, focusedWindowId=self.focused, idle=self.state)

    def new_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def pick_tab(self, number: int) -> int:
        return list(self.tabs)[number % len(self.tabs)]

    def window_of(self, tab_id: int) -> int:
        return next(window for window, tab_ids in self.windows.items() if tab_id in tab_ids)

    # Actions: each takes two free numbers.

    def wait(self, which: int, _: int) -> None:
        self.now_ms += _WAITS_MS[which % len(_WAITS_MS)]
        self.tell("heartbeat")

    def sleep(self, which: int, _: int) -> None:
        self.now_ms += 150_000 + which

    def go(self, which: int, how: int) -> None:
        tab_id = self.pick_tab(which)
        url = self.tabs[tab_id].url = PAGES[how % len(PAGES)]
        self.tell(
            "history" if how % 4 == 3 else "navigated",
            tabId=tab_id,
            url=url,
            transition=_WAYS[how % len(_WAYS)],
            qualifiers=_QUALIFIERS[which % len(_QUALIFIERS)],
        )

    def title(self, which: int, how: int) -> None:
        tab_id = self.pick_tab(which)
        self.tell("titled", tabId=tab_id, url=self.tabs[tab_id].url, title=f"Title {how}\n")

    def open_tab(self, which: int, how: int) -> None:
        source = self.pick_tab(which)
        window_id, tab_id = self.window_of(source), self.new_id()
        self.windows[window_id].append(tab_id)
        self.tabs[tab_id] = ModelTab()
        if how % 2:
            self.tell("targeted", tabId=tab_id, sourceTabId=source)
        self.tell("created", tabId=tab_id, windowId=window_id, openerTabId=source)
        if how % 3:
            self._to_front(window_id, tab_id)

    def open_window(self, _which: int, _how: int) -> None:
        window_id, tab_id = self.new_id(), self.new_id()
        self.windows[window_id] = [tab_id]
        self.tabs[tab_id] = ModelTab()
        self.front[window_id] = tab_id
        self.tell("created", tabId=tab_id, windowId=window_id, openerTabId=None)
        self.tell("activated", tabId=tab_id, windowId=window_id)
        self.focused = window_id
        self.tell("focused", windowId=window_id)

    def switch(self, which: int, _: int) -> None:
        tab_id = self.pick_tab(which)
        self._to_front(self.window_of(tab_id), tab_id)

    def close(self, which: int, _: int) -> None:
        if len(self.tabs) > 1:
            tab_id = self.pick_tab(which)
            window_id = self._take_out(tab_id)
            del self.tabs[tab_id]
            self.tell("removed", tabId=tab_id)
            self._mend(window_id)

    def move(self, which: int, how: int) -> None:
        tab_id = self.pick_tab(which)
        target = list(self.windows)[how % len(self.windows)]
        if target != self.window_of(tab_id):
            window_id = self._take_out(tab_id)
            self.windows[target].append(tab_id)
            self.tell("attached", tabId=tab_id, windowId=target)
            self._to_front(target, tab_id)
            self._mend(window_id)

    def replace(self, which: int, _: int) -> None:
        old, new = self.pick_tab(which), self.new_id()
        window_id = self.window_of(old)
        self.tabs[new] = self.tabs.pop(old)
        tab_ids = self.windows[window_id]
        tab_ids[tab_ids.index(old)] = new
        if self.front[window_id] == old:
            self.front[window_id] = new
        self.tell("replaced", tabId=new, removedTabId=old)

    def sound(self, which: int, how: int) -> None:
        tab_id = self.pick_tab(which)
        self.tabs[tab_id].audible = bool(how % 2)
        self.tell("audible", tabId=tab_id, audible=self.tabs[tab_id].audible)

    def focus(self, which: int, _: int) -> None:
        self.focused = [-1, *self.windows][which % (len(self.windows) + 1)]
        self.tell("focused", windowId=self.focused)

    def idle(self, which: int, _: int) -> None:
        self.state = ["active", "idle", "locked"][which % 3]
        self.tell("idle", state=self.state)

    def pause(self, which: int, how: int) -> None:
        """The recording pauses; what happens meanwhile is not told."""
        self.tell("paused")
        self._unseen(which, how)
        self.picture("resume")

    def update(self, which: int, how: int) -> None:
        """The extension is away for a while, without a word."""
        self._unseen(which, how)
        self.picture("update")

    def restart(self, which: int, _: int) -> None:
        """The browser is started again, and restores its tabs under new numbers."""
        self.now_ms += which * 1000
        self.tabs = {self.new_id(): ModelTab() for _ in range(which % 3 + 1)}
        self.windows = {1: list(self.tabs)}
        self.front = {1: next(iter(self.tabs))}
        self.focused, self.state = 1, "active"
        self.picture("startup")

    def _unseen(self, which: int, how: int) -> None:
        told, watched = len(self.events), len(self.watched)
        self.go(which, how)
        self.switch(how, which)
        self.now_ms += _WAITS_MS[how % len(_WAITS_MS)]
        del self.events[told:], self.watched[watched:]

    def _to_front(self, window_id: int, tab_id: int) -> None:
        self.front[window_id] = tab_id
        self.tell("activated", tabId=tab_id, windowId=window_id)

    def _take_out(self, tab_id: int) -> int:
        window_id = self.window_of(tab_id)
        self.windows[window_id].remove(tab_id)
        if self.front[window_id] == tab_id:
            del self.front[window_id]
        return window_id

    def _mend(self, window_id: int) -> None:
        """A window whose tab in front is gone shows another, or is gone itself."""
        if not self.windows[window_id]:
            del self.windows[window_id]
        elif window_id not in self.front:
            self._to_front(window_id, self.windows[window_id][0])


ACTIONS: list[Callable[[Browser, int, int], None]] = [
    Browser.wait,
    Browser.go,
    Browser.go,
    Browser.go,
    Browser.open_tab,
    Browser.switch,
    Browser.close,
    Browser.title,
    Browser.focus,
    Browser.idle,
    Browser.sound,
    Browser.sleep,
    Browser.open_window,
    Browser.move,
    Browser.replace,
    Browser.pause,
    Browser.update,
    Browser.restart,
]


@st.composite
def browsers(draw: st.DrawFn) -> Browser:
    """A browser after a life of its own, every tab closed in the end."""
    numbers = st.integers(0, 41)
    steps = st.tuples(st.sampled_from(ACTIONS), numbers, numbers)
    browser = Browser()
    for action, which, how in draw(st.lists(steps, min_size=12, max_size=60)):
        browser.now_ms += which * 7
        action(browser, which, how)
    for tab_id in list(browser.tabs):
        browser.tell("removed", tabId=tab_id)
    return browser


_IDS = st.one_of(st.integers(0, 4), st.sampled_from([-1, None, True, 2.0, 2**60, "1"]))
_TIMES = st.one_of(
    st.integers(T0, T0 + 400_000),
    st.floats(-10, 1e15),
    st.sampled_from([0, -1, None, True, 10**400, float("nan"), float("inf")]),
)
_TEXTS = st.one_of(st.sampled_from(["Title", "\x00", "\ud800", None, 3]), st.text(max_size=8))
_TABS = st.fixed_dictionaries(
    {"tabId": _IDS, "windowId": _IDS, "url": st.sampled_from(PAGES)},
    optional={"title": _TEXTS, "active": st.booleans(), "audible": st.booleans()},
)
_KINDS = [
    "session",
    "paused",
    "created",
    "targeted",
    "navigated",
    "navigated",
    "history",
    "titled",
    "activated",
    "attached",
    "replaced",
    "audible",
    "focused",
    "idle",
    "removed",
    "heartbeat",
    "unheard-of",
]

chaotic_events: st.SearchStrategy[Record] = st.fixed_dictionaries(
    {"kind": st.sampled_from(_KINDS), "at": _TIMES},
    optional={
        "tabId": _IDS,
        "windowId": _IDS,
        "openerTabId": _IDS,
        "sourceTabId": _IDS,
        "removedTabId": _IDS,
        "focusedWindowId": _IDS,
        "url": st.sampled_from(PAGES),
        "title": _TEXTS,
        "audible": st.booleans(),
        "transition": st.sampled_from([*_WAYS, "\x00", 1]),
        "qualifiers": st.sampled_from([*_QUALIFIERS, None, "client_redirect", [["x"]]]),
        "state": st.sampled_from(["active", "idle", "locked", "gone", []]),
        "idle": st.sampled_from(["active", "idle", "locked", "gone", []]),
        "why": st.sampled_from(["install", "startup", "resume", None]),
        "picturedAt": _TIMES,
        "committedAt": _TIMES,
        "tabs": st.one_of(st.none(), st.lists(_TABS, max_size=4)),
    },
)
"""Events of the right form, in an order and at times that no browser has."""

json_values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6)),
    lambda children: st.one_of(
        st.lists(children, max_size=3), st.dictionaries(st.text(max_size=6), children, max_size=3)
    ),
    max_leaves=8,
)


def keyed(records: list[Record]) -> Events:
    return list(enumerate(records, start=1))


chaotic_streams: st.SearchStrategy[Events] = st.lists(chaotic_events, min_size=5, max_size=40).map(
    keyed
)
