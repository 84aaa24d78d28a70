"""The fold: events go in, visits that have ended come out.

One step costs what the tabs cost that it touches, not what all open tabs cost; only a pause, a
new picture of the browser, a sleep and a corrected clock touch every open visit.
"""

from __future__ import annotations

from functools import singledispatchmethod
from typing import TYPE_CHECKING

from heyho.ports import Record
from heyho.ports.stores import Folded
from heyho.recording.attention import Attention
from heyho.recording.clock import Passage, passage
from heyho.recording.decoder import decode
from heyho.recording.events import (
    Activated,
    Attached,
    Audible,
    Created,
    Event,
    Focused,
    Idled,
    Navigated,
    Paused,
    Removed,
    Replaced,
    Session,
    Targeted,
    Titled,
)
from heyho.recording.navigation import is_hop, opened_by, source_id, was_pictured
from heyho.recording.page import is_same_page
from heyho.recording.state import MAX_TABS, State
from heyho.recording.tab import Tab
from heyho.recording.visit import OpenVisit, visit_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heyho.exclusions import Exclusions


def fold(
    state_record: Record | None,
    events: Sequence[tuple[int, Record]],
    *,
    client_id: str,
    exclusions: Exclusions,
) -> Folded:
    """One step of the fold, from the state that the step before has left (None at first).

    Events may be cut into steps anywhere: the visits and the last state are the same. Nothing in
    an event or in the state makes it raise.

    Args:
        state_record: `Folded.state` of the step before.
        events: raw events by key, in the order of their keys.
        client_id: the device; the ids of the visits depend on it.
        exclusions: pages that are never recorded. They hold for open visits as well, so that a
            page leaves no trace once it is excluded.
    """
    folding = _Folding(State.from_record(state_record, exclusions), client_id)
    for key, record in events:
        event = decode(record, exclusions)
        if event is not None:
            folding.step(key, event)
    return Folded(folding.state.to_record(), folding.ended)


class _Folding:
    def __init__(self, state: State, client_id: str) -> None:
        self.state = state
        self.ended: list[Record] = []
        self._client_id = client_id
        self._key = 0
        self._passed = Passage(0, 0)

    @property
    def _at(self) -> int:
        return self._passed.at

    def step(self, key: int, event: Event) -> None:
        self._key, self._passed = key, passage(self.state.last_at, event.at)
        if self._passed.set_back_ms:
            for visit in self.state.open_visits():
                visit.move(self._passed.set_back_ms)
        self.state.last_at = self._at
        if self._passed.slept and not isinstance(event, Session):
            for visit in self.state.open_visits():
                visit.attention.sleep(self._passed.since, self._at)
        self._apply(event)

    @singledispatchmethod
    def _apply(self, event: Event) -> None:
        """What an event does besides being a sign of life: nothing, for a heartbeat."""

    @_apply.register(Session)
    def _resume(self, event: Session) -> None:
        """Compare what was known with the whole picture, and start over from the picture."""
        passed = self._passed
        pictured = {tab.tab_id: tab for tab in event.tabs[:MAX_TABS]}
        known = self.state.tabs
        for tab in known.values():
            now = pictured.get(tab.tab_id)
            if tab.visit and not (now and now.url and is_same_page(now.url, tab.visit.url)):
                self._end(tab, at=passed.since)
            elif tab.visit and passed.slept:
                tab.visit.attention.sleep(passed.since, passed.at)
        self.state = State(passed.at, event.focused, event.idle)
        for index, now in enumerate(pictured.values()):
            before = known.get(now.tab_id)
            tab = Tab(now.tab_id, now.window_id, now.audible, pages=2)
            tab.visit = before.visit if before else None
            self.state.add(tab)
            if tab.visit is None and now.url is not None and not event.at_startup:
                visit = self._open(tab, self._new_id(index), now.url)
                visit.pictured_at = event.pictured_at
            if tab.visit and now.title:
                tab.visit.title = now.title
        for now in pictured.values():
            if now.active:
                self.state.show(self.state.tabs[now.tab_id], is_told=True)
        for tab in self.state.tabs.values():
            self.state.look_at(tab)

    @_apply.register(Paused)
    def _pause(self, _event: Paused) -> None:
        """End every visit. What the tabs do from now on is unknown until the next picture."""
        for tab in self.state.tabs.values():
            self._end(tab)
        self.state = State(self._at)

    @_apply.register(Navigated)
    def _navigate(self, event: Navigated) -> None:
        tab = self._tab(event.tab_id)
        before = tab.visit
        if event.same_document and before and event.url and is_same_page(event.url, before.url):
            return
        self.state.presume_shown(tab)
        if before and was_pictured(before, event):
            self._come_late(tab, before, event)
            return
        if event.url is not None and before and is_hop(before, self._at, event):
            self._pass_through(tab, before, event.url, same_document=event.same_document)
            return
        if event.url is None:
            self._end(tab)
        else:
            came_from = source_id(tab, event)
            self._end(tab)
            visit = self._open(tab, self._new_id(), event.url)
            visit.transition, visit.source_id = event.transition, came_from
            if event.same_document and before:
                # The document keeps its title, and need not announce it again.
                visit.title = before.title
        tab.pages = min(tab.pages + 1, 2)
        tab.opener_id, tab.opener_is_page = None, False

    def _come_late(self, tab: Tab, pictured: OpenVisit, event: Navigated) -> None:
        """The way to what the picture has shown is told now, from here on page by page."""
        if event.url is None:
            tab.visit = None
            return
        if not is_same_page(event.url, pictured.url):
            pictured.title = ""
        pictured.url, pictured.transition = event.url, event.transition
        pictured.pictured_at = None

    def _pass_through(self, tab: Tab, hop: OpenVisit, url: str, *, same_document: bool) -> None:
        """The tab came through a hop: what has led to the hop has led to this page.

        The page takes over the hop's id too, so that a page in another tab which the hop has
        opened in the meantime names a source that exists. A new document begins at its own
        commit. The same document, which has only put its address right, has been there since
        the hop began, with its title.
        """
        if same_document:
            hop.url = url
            return
        visit = self._open(tab, hop.id, url)
        visit.transition, visit.source_id = hop.transition, hop.source_id

    @_apply.register(Titled)
    def _title(self, event: Titled) -> None:
        tab = self.state.tabs.get(event.tab_id)
        if tab is None or tab.visit is None or not event.title or event.url is None:
            return
        if is_same_page(event.url, tab.visit.url):
            tab.visit.title = event.title

    @_apply.register(Replaced)
    def _replace(self, event: Replaced) -> None:
        """A page loaded in advance comes to the front, or a tab only gets another number."""
        if event.removed_tab_id not in self.state.tabs or event.removed_tab_id == event.tab_id:
            return
        tab = self._tab(event.tab_id)
        gone = self.state.tabs.get(event.removed_tab_id)
        if gone is None:  # it has just made room for the other
            return
        window = self.state.windows[gone.window_id]
        was_shown, is_told = window.shown == gone.tab_id, window.is_told
        if tab.pages == 0:
            tab.visit, gone.visit = gone.visit, None
            tab.audible, tab.pages = gone.audible, gone.pages
            tab.opener_id, tab.opener_is_page = gone.opener_id, gone.opener_is_page
        if gone.window_id is not None:
            self.state.place(tab, gone.window_id)
        self._close(gone)
        if was_shown and tab.window_id == gone.window_id:
            self.state.show(tab, is_told=is_told)
        self.state.look_at(tab)

    @_apply.register(Activated)
    def _activate(self, event: Activated) -> None:
        tab = self._tab(event.tab_id)
        self.state.place(tab, event.window_id)
        self.state.show(tab, is_told=True)
        self.state.presume_no_stray()

    @_apply.register(Attached)
    def _attach(self, event: Attached) -> None:
        self.state.place(self._tab(event.tab_id), event.window_id)

    @_apply.register(Focused)
    def _focus(self, event: Focused) -> None:
        self.state.focus(event.window_id)

    @_apply.register(Idled)
    def _idle(self, event: Idled) -> None:
        self.state.become(event.state)

    @_apply.register(Audible)
    def _sound(self, event: Audible) -> None:
        if tab := self.state.tabs.get(event.tab_id):
            tab.audible = event.audible
            self.state.look_at(tab)

    @_apply.register(Created)
    def _create(self, event: Created) -> None:
        tab = self._tab(event.tab_id)
        if event.window_id is not None:
            self.state.place(tab, event.window_id)
        if event.opener_tab_id is not None:
            opened_by(tab, self.state.tabs.get(event.opener_tab_id), is_page=False)

    @_apply.register(Targeted)
    def _target(self, event: Targeted) -> None:
        tab = self._tab(event.tab_id)
        opened_by(tab, self.state.tabs.get(event.source_tab_id), is_page=True)

    @_apply.register(Removed)
    def _remove(self, event: Removed) -> None:
        if tab := self.state.tabs.get(event.tab_id):
            self._close(tab)

    def _tab(self, tab_id: int) -> Tab:
        """The tab of this id. If there are too many, the one known for longest makes room."""
        tab = self.state.tabs.get(tab_id)
        if tab is None:
            tab = Tab(tab_id)
            self.state.add(tab)
            if len(self.state.tabs) > MAX_TABS:
                self._close(next(iter(self.state.tabs.values())))
        return tab

    def _new_id(self, index: int = 0) -> str:
        return visit_id(self._client_id, self._key, index, self._at)

    def _open(self, tab: Tab, own_id: str, url: str) -> OpenVisit:
        tab.visit = OpenVisit(
            id=own_id,
            url=url,
            title="",
            started_at=self._at,
            window_id=tab.window_id,
            transition=None,
            source_id=None,
            attention=Attention(self._at, self.state.away_reason(tab)),
        )
        return tab.visit

    def _end(self, tab: Tab, *, at: int | None = None) -> None:
        if tab.visit is not None:
            at = self._at if at is None else at
            record = tab.visit.end(at, tab_id=tab.tab_id, client_id=self._client_id)
            self.ended.append(record)
            tab.visit = None

    def _close(self, tab: Tab) -> None:
        self._end(tab)
        self.state.forget(tab)
