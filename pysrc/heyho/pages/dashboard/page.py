"""The dashboard: the person's own history, to search and to look at."""

import js

from heyho.pages import bridge
from heyho.pages.dashboard import charts, place, sheet, stage, visits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from heyho.pages.shapes import Json

PAUSE_MS = 1_500


class Dashboard:
    """Where the person is on the page, and what leads from one place to another."""

    def __init__(self) -> None:
        self._place = place.Place()
        self._sorter = sheet.Sorter(self._sorted)
        self._visits = visits.Visits(self._tell)
        self._sheet = sheet.Sheet(
            narrow=self._narrow_to_site, sort=self._sorter.ask, back=self._visits.return_to
        )
        self._charts = charts.Charts(self._search_for, self._sorter.ask)
        # Whether what is typed next becomes a place of its own for Back.
        self._settled = True
        self._typed = 0
        # How far each view was scrolled when it was left.
        self._scrolled: "dict[str, float]" = {}

    async def open(self) -> None:
        """Show what the address names, and then listen."""
        for part in (self._sorter, self._sheet, self._visits, self._charts):
            part.open()
        search = bridge.find("search")
        bridge.on(search, "input", self._type)
        stage.on(search, "keydown", self._press_in_search)
        bridge.on(bridge.find("form"), "submit", self._settle)
        bridge.on(bridge.find("help-button"), "click", self._toggle_help)
        stage.on(bridge.find("help"), "click", self._insert)
        bridge.on(bridge.find("everything"), "click", lambda: self._search_for(""))
        for view in place.VIEWS:
            bridge.on(bridge.find(f"tab-{view}"), "click", self._to_view(view))
        stage.on(bridge.find("tabs"), "keydown", self._press_in_tabs)
        for span in place.RANGES:
            bridge.on(bridge.find(f"range-{span}"), "click", self._to_range(span))
        stage.on(js.document, "keydown", self._press)
        bridge.on(js.window, "popstate", self._follow)
        bridge.on(js.document, "visibilitychange", self._look)
        bridge.listen(self._hear)
        bridge.ready()
        self._place = place.read(stage.address(), stage.decode)
        if self._place.view == "visits" and str(search.value):
            self._settled = False
            self._type()  # the person was faster than this page
        else:
            self._show(search=True)
        await self._ask_status()

    async def _ask_status(self) -> None:
        """Have the engine fold what is new; it tells of it as news."""
        reply = await bridge.ask({"kind": "status"})
        if reply["ok"]:
            self._visits.set_paused(reply["status"]["paused"])

    def _hear(self, message: "Json") -> None:
        if message.get("kind") == "status" and not js.document.hidden:
            self._visits.set_paused(message["status"]["paused"])
            bridge.start(self._visits.look_again())
            if self._place.view == "figures" and self._charts.is_of_another_day():
                self._charts.show(self._place.span)

    def _look(self) -> None:
        """The person comes back to the page."""
        if js.document.hidden:
            return
        if self._place.view == "figures":
            self._charts.show(self._place.span)
        bridge.start(self._ask_status())

    def _show(self, *, search: bool) -> None:
        """Bring the page in line with the place; `search` where its text may have changed."""
        here = self._place
        left = "figures" if here.view == "visits" else "visits"
        moved = not bridge.find(left).hidden
        if moved:
            self._scrolled[left] = stage.scrolled()
        for view in place.VIEWS:
            chosen = view == here.view
            tab = bridge.find(f"tab-{view}")
            tab.setAttribute("aria-selected", "true" if chosen else "false")
            tab.setAttribute("tabindex", "0" if chosen else "-1")
            bridge.show(view, chosen)
        for span in place.RANGES:
            pressed = "true" if span == here.span else "false"
            bridge.find(f"range-{span}").setAttribute("aria-pressed", pressed)
        if moved:
            stage.scroll_to(self._scrolled.get(here.view, 0.0))
        if here.view == "figures":
            self._charts.show(here.span)
        elif search or not self._visits.begun:
            if str(bridge.find("search").value) != here.text:
                bridge.find("search").value = here.text
            self._visits.search(here.text)

    def _follow(self) -> None:
        """Go where Back or a link leads."""
        before, self._place = self._place, place.read(stage.address(), stage.decode)
        self._settled = True
        if self._place.view == "figures":
            self._place.text = before.text
        search = self._place.text != self._visits.text
        self._show(search=search)
        if search and self._place.view == "visits":
            stage.scroll_to(0.0)

    def _go(self, there: "place.Place", *, again: bool = False) -> None:
        """Go to a place."""
        search = there.text != self._visits.text
        self._place = there
        stage.go(place.write(there, stage.encode), again=again)
        self._show(search=search)

    def _to_view(self, view: str) -> "Callable[[], None]":
        return lambda: self._switch(view)

    def _to_range(self, span: str) -> "Callable[[], None]":
        return lambda: self._choose(span)

    def _switch(self, view: str) -> None:
        if view != self._place.view:
            self._go(place.Place(view, self._place.text, self._place.span))

    def _choose(self, span: str) -> None:
        if span != self._place.span:
            self._go(place.Place("figures", self._place.text, span))
        else:
            self._charts.show(span)

    def _search_for(self, text: str) -> None:
        """Search for a text that a click has chosen."""
        self._settle()
        self._go(place.Place("visits", text, self._place.span))
        stage.scroll_to(0.0)
        bridge.find("search").focus()

    def _tell(self, visit: "Json") -> None:
        self._sheet.tell(visit)

    def _narrow_to_site(self, site: str) -> None:
        self._search_for(f"site:{site}")

    def _type(self) -> None:
        again, self._settled = not self._settled, False
        text = str(bridge.find("search").value)
        self._go(place.Place("visits", text, self._place.span), again=again)
        self._typed += 1
        typed = self._typed
        stage.after(PAUSE_MS, lambda: self._settle_after(typed))

    def _settle_after(self, typed: int) -> None:
        if typed == self._typed:
            self._settle()

    def _settle(self) -> None:
        self._settled = True

    def _toggle_help(self) -> None:
        help_is_shown = bool(bridge.find("help").hidden)
        bridge.show("help", help_is_shown)
        shown = "true" if help_is_shown else "false"
        bridge.find("help-button").setAttribute("aria-expanded", shown)

    def _insert(self, event: "Any") -> None:
        """Write an operator into the search, for the person to complete."""
        button = stage.closest(event, "[data-insert]")
        if button is None:
            return
        search = bridge.find("search")
        text = str(search.value)
        space = " " if text and not text.endswith(" ") else ""
        search.value = text + space + str(button.getAttribute("data-insert"))
        search.focus()

    def _press_in_search(self, event: "Any") -> None:
        key = str(event.key)
        if key == "ArrowDown":
            event.preventDefault()
            self._visits.enter()
        elif key == "Escape":
            event.preventDefault()
            if str(bridge.find("search").value):
                bridge.find("search").value = ""
                self._settle()
                self._type()
            elif not bridge.find("help").hidden:
                self._toggle_help()

    def _press_in_tabs(self, event: "Any") -> None:
        if str(event.key) in ("ArrowLeft", "ArrowRight", "Home", "End"):
            event.preventDefault()
            other = "figures" if self._place.view == "visits" else "visits"
            self._switch(other)
            bridge.find(f"tab-{other}").focus()

    def _press(self, event: "Any") -> None:
        """“/” goes to the search from anywhere but a field or a dialog."""
        if str(event.key) != "/" or event.ctrlKey or event.metaKey or event.altKey:
            return
        if stage.closest(event, "input, select, textarea, dialog") is not None:
            return
        event.preventDefault()
        self._switch("visits")
        bridge.find("search").focus()
        bridge.find("search").select()

    def _sorted(self) -> None:
        """A site has another category: what is shown may have changed."""
        self._sheet.close()
        if self._place.view == "figures":
            self._charts.show(self._place.span)
        self._visits.retry()


bridge.start(Dashboard().open())
