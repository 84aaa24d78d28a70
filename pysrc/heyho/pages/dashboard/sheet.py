"""The dashboard's two dialogs: a visit in full, and which category a site belongs to."""

from heyho import texts
from heyho.pages import bridge
from heyho.pages.dashboard import detail, listing, rules, stage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from heyho.pages.shapes import Json


class Sheet:
    """The details of one visit after the other.

    Args:
        narrow: called with a site that is to be searched for.
        sort: called with a site whose category is to be corrected.
        back: called with a visit's id when the dialog has closed, and what it was opened from, and
            would have the focus again, is gone.
    """

    def __init__(
        self,
        *,
        narrow: "Callable[[str], None]",
        sort: "Callable[[str], None]",
        back: "Callable[[str], None]",
    ) -> None:
        self._narrow = narrow
        self._sort = sort
        self._back = back
        self._opened = ""
        self._shown = ""
        self._day = ""
        self._linked: "dict[str, Json]" = {}
        self._pressed_beside = False
        self._dialog = bridge.find("sheet")

    def open(self) -> None:
        """Listen to the person."""
        bridge.on(bridge.find("sheet-close"), "click", self.close)
        bridge.on(self._dialog, "close", self._closed)
        stage.on(self._dialog, "pointerdown", self._pressed)
        stage.on(self._dialog, "click", self._clicked)

    def close(self) -> None:
        """Go back to the list."""
        self._dialog.close()

    def tell(self, visit: "Json") -> None:
        """Show a visit."""
        self._shown = visit["id"]
        self._day = stage.moments([visit["startedAt"]])[0][0]
        bridge.write("sheet-title", str(visit["title"]) or str(visit["domain"]))
        stage.fill(bridge.find("sheet-body"), detail.body(visit, stage.moment))
        waiting = [["p", {"class": "quiet"}, texts.text("dashboard_chain_looking")]]
        stage.fill(bridge.find("sheet-chain"), waiting)
        if not self._dialog.open:
            self._opened = self._shown
            self._dialog.showModal()
        bridge.find("sheet-title").focus()
        self._dialog.scrollTop = 0
        bridge.start(self._tell_more(visit))

    def _closed(self) -> None:
        if stage.has_lost_focus(self._dialog):
            self._back(self._opened)

    async def _tell_more(self, visit: "Json") -> None:
        """Add what takes a question: when nobody looked, and the visits before and after."""
        name = visit["id"]
        try:
            stored = await stage.read_visit(visit["seq"])
        except bridge.Failure:
            stored = None
        if name == self._shown and stored:
            times: "list[float]" = []
            for period in stored.get("idlePeriods") or []:
                times.extend([period["start"], period["end"]])
            trees = detail.body(visit, stage.moment) + detail.idle(stored, stage.moments(times))
            stage.fill(bridge.find("sheet-body"), trees)
        reply = await bridge.ask({"kind": "chain", "id": name})
        if name != self._shown:
            return
        if not reply["ok"]:
            problem = [["p", {"class": "problem"}, reply["error"]]]
            stage.fill(bridge.find("sheet-chain"), problem)
            return
        visits = reply["visits"] + reply["next"]
        self._linked = {linked["id"]: linked for linked in visits}
        clocks = stage.moments([visit["startedAt"] for visit in visits])
        moments = {visits[at]["id"]: self._clock(*clocks[at]) for at in range(len(visits))}
        stage.fill(bridge.find("sheet-chain"), detail.chain(reply, moments, name))

    def _clock(self, day: str, clock: str) -> str:
        """A time of day, with the day unless it is the shown visit's own."""
        return clock if day == self._day else f"{stage.day_name(day, 'date')}, {clock}"

    def _pressed(self, event: "Any") -> None:
        self._pressed_beside = stage.is_beside(event, self._dialog)

    def _is_left(self, event: "Any") -> bool:
        """Whether a click is one beside the dialog.

        Not what was begun within it, such as a selection, and not the rest of a double-click that
        opened it.
        """
        return self._pressed_beside and event.detail <= 1 and stage.is_beside(event, self._dialog)

    def _clicked(self, event: "Any") -> None:
        if event.target.id == "sheet":
            if self._is_left(event):
                self.close()
            return
        button = stage.closest(event, "button")
        if button is None:
            return
        if button.hasAttribute("data-visit"):
            linked = self._linked.get(str(button.getAttribute("data-visit")))
            if linked is not None:
                self.tell(linked)
        elif button.hasAttribute("data-site"):
            self.close()
            self._narrow(str(button.getAttribute("data-site")))
        elif button.hasAttribute("data-sort"):
            self._sort(str(button.getAttribute("data-sort")))


class Sorter:
    """The question which category a site belongs to.

    Args:
        done: called when a category was changed.
    """

    def __init__(self, done: "Callable[[], None]") -> None:
        self._done = done
        self._site = ""
        self._dialog = bridge.find("sorter")

    def open(self) -> None:
        """Listen to the person."""
        bridge.on(bridge.find("sorter-form"), "submit", self._save)
        bridge.on(bridge.find("sorter-cancel"), "click", self._dialog.close)

    def ask(self, site: str) -> None:
        """Ask about a site."""
        self._site = site
        bridge.start(self._show())

    async def _show(self) -> None:
        site = self._site
        bridge.write("sorter-title", texts.text("dashboard_sort_title", site))
        bridge.write("sorter-problem", "")
        reply = await bridge.ask({"kind": "categories"})
        if site != self._site:
            return
        if reply["ok"]:
            self._offer(reply["categories"], rules.chosen(reply["rules"], site))
        else:
            bridge.write("sorter-problem", reply["error"])
            stage.fill(bridge.find("sorter-names"), [])
        for name in ("sorter-names", "sorter-save"):
            bridge.find(name).disabled = not reply["ok"]
        self._dialog.showModal()
        bridge.find("sorter-names" if reply["ok"] else "sorter-cancel").focus()

    def _offer(self, names: "list[str]", chosen: str) -> None:
        """Let the person choose a category, from the one that the site has by their own rules."""
        options: "list[Any]" = [
            ["option", {"value": rules.NONE}, texts.text("dashboard_sort_auto")]
        ]
        for name in names:
            options.append(["option", {"value": name}, listing.say(name)])
        stage.fill(bridge.find("sorter-names"), options)
        bridge.find("sorter-names").value = chosen

    def _save(self) -> None:
        chosen = str(bridge.find("sorter-names").value)
        bridge.start(self._store(self._site, chosen))

    async def _store(self, site: str, category: str) -> None:
        reply = await bridge.ask({"kind": "categories", "pattern": site, "category": category})
        if not reply["ok"]:
            bridge.write("sorter-problem", reply["error"])
            return
        self._dialog.close()
        self._done()
