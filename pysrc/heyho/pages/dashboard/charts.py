"""The dashboard's figures: what was recorded, in charts and in tables beside them."""

from heyho import texts
from heyho.pages import bridge
from heyho.pages.dashboard import listing, stage, tables, tally

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from heyho.pages.shapes import Json

PLOT_PX = 160
HOUR_MS = 3_600_000
LOOK_AGAIN_MS = 2_000


class Charts:
    """The figures of one range.

    Args:
        search: called with a text to search for.
        sort: called with a site whose category is to be corrected.
    """

    def __init__(self, search: "Callable[[str], None]", sort: "Callable[[str], None]") -> None:
        self._search = search
        self._sort = sort
        self._span = ""
        # What the charts were drawn from.
        self._drawn: "tuple[Json, Json, str, str] | None" = None
        self._all_sites = False
        self._looking_again = False
        self._figures: "Json | None" = None
        self._rows: "dict[str, tuple[str, int, float]]" = {}

    def open(self) -> None:
        """Listen to the person."""
        stage.on(bridge.find("year"), "click", self._click_day)
        stage.on(bridge.find("year"), "mouseover", self._name_day)
        stage.on(bridge.find("sites"), "click", self._click_site)
        bridge.on(bridge.find("all-sites"), "click", self._show_all_sites)
        bridge.on(bridge.find("figures-retry"), "click", self._ask_again)

    def is_of_another_day(self) -> bool:
        """Whether what is drawn ends with a day that is over."""
        return self._drawn is not None and self._drawn[3] != stage.today()

    def show(self, span: str) -> None:
        """Show the figures of a range, as they are now."""
        if span != self._span:
            self._all_sites = False
        self._span = span
        bridge.show("figures-problem", False)
        if self._drawn is None:
            bridge.write("figures-state", texts.text("dashboard_counting"))
        bridge.start(self._ask(span))

    def _ask_again(self) -> None:
        self.show(self._span)

    async def _ask(self, span: str) -> None:
        today = stage.today()
        first, last = tally.bounds(span, today)
        reply = await bridge.ask({"kind": "figures", "from": first, "to": last})
        year = reply
        if span == "month" and reply["ok"]:
            first, last = tally.bounds("year", today)
            year = await bridge.ask({"kind": "figures", "from": first, "to": last})
        if not self._is_looked_at(span):
            return
        for answer in (reply, year):
            if not answer["ok"]:
                bridge.show("figures-problem", True)
                bridge.write("figures-problem-text", answer["error"])
                bridge.write("figures-state", "")
                return
        if not (year["days"] or year["missing"]):
            ever = await bridge.ask({"kind": "figures"})
            if not self._is_looked_at(span):
                return
            if ever["ok"] and not (ever["days"] or ever["missing"]):
                self._show_none()
                return
        missing = max(reply["missing"], year["missing"])
        said = texts.plural("dashboard_figures_missing", missing) if missing else ""
        bridge.write("figures-state", said)
        if missing:
            self._plan_another_look()
            if self._had_more(reply, year, span):
                return
        self._draw(reply, year, span, today)

    def _had_more(self, figures: "Json", year: "Json", span: str) -> bool:
        """Whether what is drawn tells of visits that are only being counted anew."""
        if self._drawn is None or self._drawn[2] != span:
            return False
        before = self._drawn[0]["visits"], self._drawn[1]["visits"]
        return figures["visits"] < before[0] or year["visits"] < before[1]

    def _show_none(self) -> None:
        """Say that nothing was recorded yet, in place of empty charts."""
        self._figures = None
        self._drawn = None
        bridge.write("figures-state", "")
        bridge.show("charts", False)
        bridge.show("figures-none", True)

    def _plan_another_look(self) -> None:
        """Visits are being counted: look again soon."""
        if not self._looking_again:
            self._looking_again = True
            stage.after(LOOK_AGAIN_MS, self._look_again)

    def _look_again(self) -> None:
        self._looking_again = False
        if self._is_looked_at(self._span):
            self._ask_again()

    def _is_looked_at(self, span: str) -> bool:
        """Whether the person is still at these figures: nothing can be drawn where nobody looks."""
        return span == self._span and not bridge.find("figures").hidden

    def _draw(self, figures: "Json", year: "Json", span: str, today: str) -> None:
        """Draw all charts, unless they show this already."""
        drawn, self._drawn = self._drawn, (figures, year, span, today)
        if drawn == self._drawn:
            return
        self._figures = figures
        bridge.show("figures-none", False)
        bridge.show("charts", True)
        rows = tally.by_day(figures, *tally.extent(figures, span, today))
        named = stage.day_name
        stage.fill(bridge.find("sums"), tables.sums(figures, rows))
        self._plot("plot-visits", rows, [row[1] for row in rows], "dashboard_visits", "")
        hours = [row[2] / HOUR_MS for row in rows]
        self._plot("plot-active", rows, hours, "dashboard_active", texts.text("dashboard_h"))
        periods = tables.periods(tally.by_period(rows), named)
        stage.fill(bridge.find("days-table"), periods)
        over = span if span == "all" else "year"
        in_year = tally.by_day(year, *tally.extent(year, over, today))
        self._rows = {row[0]: row for row in in_year}
        stage.fill(bridge.find("year"), tables.year(in_year, named))
        months = tables.periods(tally.by_month(in_year), named)
        stage.fill(bridge.find("year-table"), months)
        if drawn is None or drawn[2] != span:
            stage.scroll_to_end(bridge.find("year"))
        stage.fill(bridge.find("week"), tables.week(figures, named, stage.hour))
        stage.fill(bridge.find("week-table"), tables.week_table(figures, named, stage.hour))
        self._fill_sites()
        stage.fill(bridge.find("categories"), tables.categories(figures, stage.encode))

    def _plot(
        self, name: str, rows: "list[Any]", values: "list[float]", label: str, unit: str
    ) -> None:
        by_time = name == "plot-active"
        stage.plot(
            name,
            {
                "days": [row[0] for row in rows],
                "values": values,
                "said": [
                    listing.duration(row[2]) if by_time else texts.number(row[1]) for row in rows
                ],
                "label": label,
                "unit": unit,
                "height": PLOT_PX,
            },
        )

    def _fill_sites(self) -> None:
        if self._figures is not None:
            count = len(self._figures["sites"]) if self._all_sites else tables.TOP_SITES
            stage.refill(bridge.find("sites"), tables.sites(self._figures, count, stage.encode))
            bridge.show("all-sites", len(self._figures["sites"]) > count)

    def _show_all_sites(self) -> None:
        self._all_sites = True
        self._fill_sites()

    def _click_day(self, event: "Any") -> None:
        cell = stage.closest(event, "[data-day]")
        if cell is not None:
            self._search(f"on:{cell.getAttribute('data-day')}")

    def _name_day(self, event: "Any") -> None:
        """Say what a day had, once somebody points at it: a title for each would take long."""
        cell = stage.closest(event, "[data-day]:not([title])")
        if cell is not None:
            day, visits, active = self._rows[str(cell.getAttribute("data-day"))]
            cell.title = f"{stage.day_name(day, 'date')}: {tables.said(visits, active)}"

    def _click_site(self, event: "Any") -> None:
        button = stage.closest(event, "[data-sort]")
        if button is not None:
            self._sort(str(button.getAttribute("data-sort")))
