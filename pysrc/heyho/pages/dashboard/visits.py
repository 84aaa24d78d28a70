"""The dashboard's list of visits: searched as one types, read on as one scrolls."""

import asyncio

from heyho import texts
from heyho.pages import bridge
from heyho.pages.dashboard import finding, listing, stage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from heyho.pages.shapes import Json

LOOK_AGAIN_MS = 2_000
SLOW_MS = 300
WINDOW = 24
PAINT_S = 0.016
JUMP = 10
# Keys that open the details, and where: a link takes Enter for itself.
OPENERS = {" ": "a", "Enter": "a:not([href])"}
STEPS = {"ArrowDown": 1, "ArrowUp": -1, "PageDown": JUMP, "PageUp": -JUMP}


class Visits:
    """What the list shows, and the person's way through it.

    Args:
        tell: called with a visit, as the engine tells of it, whose details are wanted.

    Attributes:
        begun: whether anything was searched for yet.
    """

    def __init__(self, tell: "Callable[[Json], None]") -> None:
        self.begun = False
        self._tell = tell
        self._finding = finding.Finding()
        self._visits: "dict[str, Json]" = {}
        self._today = ""
        self._last_day = ""
        self._last_section: "Any" = None
        self._current: "Any" = None
        self._paused = False
        self._looking_again = False
        self._building = False
        self._list = bridge.find("list")
        self._look_for_room = stage.when_near(bridge.find("more"), self._read_on)

    def open(self) -> None:
        """Listen to the person."""
        more = stage.look(bridge.find("visit").content, ".more")
        more.setAttribute("aria-label", texts.text("dashboard_details"))
        stage.on(self._list, "click", self._clicked)
        stage.on(self._list, "keydown", self._pressed)
        stage.on(self._list, "focusin", self._focused)
        bridge.on(bridge.find("retry"), "click", self._go_on)
        bridge.on(bridge.find("changes"), "click", self._show_changes)

    @property
    def text(self) -> str:
        """What is searched for."""
        return self._finding.text

    def visit(self, name: str) -> "Json | None":
        """A visit that is listed, by its id."""
        return self._visits.get(name)

    def set_paused(self, paused: bool) -> None:
        """Know whether pages are being recorded, to say so where nothing was."""
        self._paused = paused

    def search(self, text: str) -> None:
        """List what a text finds, in place of what is listed."""
        self.begun = True
        self._finding.begin(text)
        bridge.show("changes", False)
        self._ask(more=False)

    def retry(self) -> None:
        """Search once more."""
        self.search(self._finding.text)

    def _go_on(self) -> None:
        """Ask the question that failed once more."""
        bridge.show("problem", False)
        self._finding.again()
        self._ask(more=True)

    async def look_again(self) -> None:
        """See whether other visits come first now than those listed, or whether another day has
        begun, by which days are named: list anew, or offer to."""
        if not self.begun:
            return
        text = self._finding.text
        question = {"kind": "search", "text": text, "limit": finding.FIRST, "before": None}
        reply = await bridge.ask(question)
        if not reply["ok"] or text != self._finding.text or self._finding.waiting:
            return
        if finding.ids(reply["visits"]) == self._finding.first and stage.today() == self._today:
            return
        if self._is_at_start():
            self.retry()
        else:
            bridge.show("changes", True)

    def enter(self) -> None:
        """Go to the first visit of the list."""
        self._go(self._first())

    def return_to(self, name: str) -> None:
        """Go to a visit, by its id; to the first one, or the search, where it is not listed."""
        found = stage.look(self._list, f'li[data-id="{stage.escape(name)}"]')
        if found is None:
            found = self._first()
        if found is None:
            bridge.find("search").focus()
        else:
            self._go(found)

    def _is_at_start(self) -> bool:
        return stage.is_at_top() and not self._list.contains(stage.focused())

    def _show_changes(self) -> None:
        stage.scroll_to(0.0)
        bridge.find("search").focus()
        self.retry()

    def _read_on(self) -> None:
        """Read the next page, whose place is near the window."""
        self._ask(more=True)

    def _ask(self, *, more: bool) -> None:
        if self._building:
            return
        question = self._finding.question(more=more)
        if question is not None:
            bridge.start(self._carry(question))

    async def _carry(self, question: "Json") -> None:
        """Ask, show the answer, and ask on while there is room to fill."""
        if question["before"]:
            bridge.write("more-text", texts.text("dashboard_reading_on"))
        else:
            stage.after(SLOW_MS, self._say_slow)
        reply = await bridge.ask(question)
        visits = self._finding.answer(reply)
        if visits is not None and question["before"] is None:
            await self._begin(visits)
        elif visits is not None:
            self._append(visits)
        if visits is not None or self._finding.problem:
            self._report()
        self._ask(more=False)
        self._look_for_room()

    async def _begin(self, visits: "list[Json]") -> None:
        """List the first page: what the window shows is painted before the rest is made.

        A person who has gone into the list stays there.
        """
        left = self._current if self._list.contains(stage.focused()) else None
        self._clear()
        self._append(visits[:WINDOW])
        if left is not None:
            self.return_to(str(left.getAttribute("data-id")))
        if len(visits) > WINDOW:
            self._building = True
            try:
                await asyncio.sleep(PAINT_S)
                self._append(visits[WINDOW:])
            finally:
                self._building = False

    def _say_slow(self) -> None:
        if self._finding.searching:
            bridge.write("count", texts.text("dashboard_looking"))

    def _clear(self) -> None:
        self._visits = {}
        self._today = stage.today()
        self._last_day = ""
        self._last_section = None
        self._current = None
        self._list.replaceChildren()

    def _append(self, visits: "list[Json]") -> None:
        """List visits below those that are there; a day that goes on stays one."""
        moments = stage.moments([visit["startedAt"] for visit in visits])
        words = self._finding.highlight
        for day, members in listing.by_day(visits, moments):
            if day != self._last_day:
                self._begin_day(day)
            rows = [listing.row(visits[at], moments[at][1], words, stage.fold) for at in members]
            chunk = stage.make("ol", {"class": "rows"})
            chunk.style.setProperty("--rows", str(len(rows)))
            self._last_section.append(chunk)
            stage.keep(chunk, "visit", rows)
        for visit in visits:
            self._visits[visit["id"]] = visit
        if self._current is None:
            self._set_current(self._first())

    def _begin_day(self, day: str) -> None:
        section = stage.make("section", {"class": "day", "aria-labelledby": f"day-{day}"})
        head = stage.make("h2", {"class": "day-head", "id": f"day-{day}"})
        head.textContent = listing.day_name(day, self._today, stage.day_name)
        section.append(head)
        self._list.append(section)
        self._last_section = section
        self._last_day = day

    def _report(self) -> None:
        """Say in words how many there are, and what is missing."""
        asked = self._finding
        bridge.show("problem", bool(asked.problem))
        bridge.write("problem-text", asked.problem)
        bridge.write("count", self._count())
        bridge.show("missing", asked.missing > 0)
        if asked.missing:
            bridge.write("missing", texts.plural("dashboard_missing", asked.missing))
            self._plan_another_look()
        ended = asked.complete and asked.found > finding.FIRST
        said = texts.text("dashboard_end_found" if asked.text else "dashboard_end")
        bridge.write("more-text", said if ended else "")
        self._show_emptiness()

    def _count(self) -> str:
        asked = self._finding
        if asked.problem:
            return ""
        if not asked.found:
            none = texts.text("dashboard_none") if asked.text else ""
            return none if asked.complete else texts.text("dashboard_looking")
        if asked.complete:
            return texts.plural("dashboard_count", asked.found)
        if asked.text:
            return texts.plural("dashboard_newest_found", asked.found)
        return texts.plural("dashboard_newest", asked.found)

    def _show_emptiness(self) -> None:
        asked = self._finding
        none = asked.complete and not asked.found
        empty = none and not asked.problem and not asked.missing
        bridge.show("empty", empty)
        if not empty:
            return
        bridge.show("everything", bool(asked.text))
        bridge.show("bring", not asked.text)
        if asked.text:
            bridge.write("empty-title", texts.text("dashboard_none_title", asked.text))
            bridge.write("empty-text", texts.text("dashboard_none_text"))
        else:
            bridge.write("empty-title", texts.text("dashboard_empty_title"))
            said = texts.text("dashboard_empty_paused" if self._paused else "dashboard_empty_text")
            bridge.write("empty-text", said)

    def _plan_another_look(self) -> None:
        """Visits are being indexed: look again soon, once the person is not in the list."""
        if not self._looking_again:
            self._looking_again = True
            stage.after(LOOK_AGAIN_MS, self._look_again)

    def _look_again(self) -> None:
        self._looking_again = False
        if not self._finding.missing:
            return
        if self._finding.waiting or not self._is_at_start():
            self._plan_another_look()
        else:
            self.retry()

    def _clicked(self, event: "Any") -> None:
        """A visit opens its details, unless its link was meant."""
        row = stage.closest(event, "li.visit")
        if row is None:
            return
        self._set_current(row)
        if stage.closest(event, "a[href]") is None and not stage.has_selection():
            self._open(row)

    def _pressed(self, event: "Any") -> None:
        row = stage.closest(event, "li.visit")
        key = str(event.key)
        if row is None or event.altKey or event.ctrlKey or event.metaKey:
            return
        if key in STEPS:
            self._go(stage.neighbour(row, STEPS[key]))
        elif key in ("Home", "End"):
            self._go(self._first() if key == "Home" else self._last())
        elif key in OPENERS and stage.closest(event, OPENERS[key]) is not None:
            self._open(row)
        elif key == "Escape":
            bridge.find("search").focus()
        else:
            return
        event.preventDefault()
        event.stopPropagation()

    def _focused(self, event: "Any") -> None:
        row = stage.closest(event, "li.visit")
        if row is not None:
            self._set_current(row)

    def _open(self, row: "Any") -> None:
        visit = self._visits.get(str(row.getAttribute("data-id")))
        if visit is not None:
            self._tell(visit)

    def _first(self) -> "Any":
        """The first row of the list; None if it has none."""
        chunk = stage.look(self._list, ".rows")
        if chunk is None:
            return None
        stage.grow(chunk)
        return stage.look(chunk, "li")

    def _last(self) -> "Any":
        chunk = stage.look(self._list, ".day:last-child .rows:last-child")
        if chunk is None:
            return None
        stage.grow(chunk)
        return stage.look(chunk, "li:last-child")

    def _go(self, row: "Any") -> None:
        """Give a row's link the focus."""
        if row is not None:
            self._set_current(row)
            stage.focus(stage.look(row, ".name"))

    def _set_current(self, row: "Any") -> None:
        """Let Tab come to this row, and to no other."""
        for one, index in ((self._current, "-1"), (row, "0")):
            if one is not None:
                stage.look(one, ".name").setAttribute("tabindex", index)
                stage.look(one, ".more").setAttribute("tabindex", index)
        self._current = row
