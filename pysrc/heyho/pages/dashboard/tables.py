"""The dashboard's figures as grids, bars and tables. Pure; for trees see `listing`."""

from heyho import texts
from heyho.pages.dashboard import days, listing, tally

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from heyho.pages.shapes import Json

    Name = Callable[[str, str], str]
    Row = tuple[str, int, float]
    Tree = list[Any]

TOP_SITES = 10
MONDAY = "2024-01-01"
HOURS = 24


def sums(figures: "Json", rows: "list[Row]") -> "list[Tree]":
    """The few numbers above all charts."""
    active_days = len([row for row in rows if row[1]])
    mean = figures["visits"] // active_days if active_days else 0
    pairs = [
        (texts.text("dashboard_visits"), texts.number(figures["visits"])),
        (texts.text("dashboard_active"), listing.duration(figures["activeMs"])),
        (texts.text("dashboard_days"), texts.number(active_days)),
        (texts.text("dashboard_mean"), texts.number(mean)),
    ]
    return [["div", {}, ["dt", {}, name], ["dd", {}, value]] for name, value in pairs]


def periods(rows: "list[Row]", name: "Name") -> "list[Tree]":
    """A table of days or months, each with a link to its visits."""
    head = [
        texts.text("dashboard_when"),
        texts.text("dashboard_visits"),
        texts.text("dashboard_active"),
    ]
    body: "Tree" = ["tbody", {}]
    for when, visits, active in rows:
        shown = name(when, "date") if len(when) == 10 else name(f"{when}-01", "month")
        body.append(
            [
                "tr",
                {},
                ["th", {"scope": "row"}, ["a", {"href": f"#q=on:{when}"}, shown]],
                ["td", {"class": "number"}, texts.number(visits)],
                ["td", {"class": "number"}, listing.duration(active)],
            ]
        )
    return [["table", {}, _head(head), body]]


def _head(names: "list[str]") -> "Tree":
    row: "Tree" = ["tr", {}]
    for at in range(len(names)):
        row.append(["th", {"scope": "col", "class": "number" if at else ""}, names[at]])
    return ["thead", {}, row]


def year(rows: "list[Row]", name: "Name") -> "list[Tree]":
    """Calendars of days, each the darker the more visits it had: one, or one for each year."""
    steps = tally.thresholds([row[1] for row in rows])
    trees: "list[Tree]" = []
    parts = tally.years(rows)
    weekdays: "Tree" = ["div", {"class": "weekdays", "aria-hidden": "true"}]
    for number in range(days.WEEK):
        day = days.from_number(days.to_number(MONDAY) + number)
        weekdays.append(["span", {}, name(day, "weekday") if number % 2 == 0 else ""])
    for part in parts:
        if len(parts) > 1:
            trees.append(["h3", {}, part[0][0][:4]])
        label = _year_in_words(part, name)
        grid: "Tree" = ["div", {"class": "weeks", "role": "img", "aria-label": label}]
        month = ""
        for column in tally.weeks(part):
            begun = [row[0] for row in column if row is not None][0][:7]  # noqa: RUF015
            head = ""
            if begun != month:
                head = name(f"{begun}-01", "short-month") if month or len(parts) > 1 else ""
                month = begun
            tree: "Tree" = ["div", {"class": "week-column"}, ["span", {"class": "month"}, head]]
            tree.extend(_cell(row, steps, name) for row in column)
            grid.append(tree)
        trees.append(["div", {"class": "calendar"}, weekdays, grid])
    return trees


def _year_in_words(rows: "list[Row]", name: "Name") -> str:
    best = tally.busiest(rows)
    if best is None:
        return texts.text("dashboard_nothing")
    active = len([row for row in rows if row[1]])
    return texts.plural(
        "dashboard_year_words", active, name(best[0], "date"), texts.number(best[1])
    )


def _cell(row: "Row | None", steps: "list[int]", name: "Name") -> "Tree":
    if row is None:
        return ["i", {"class": "gap"}]
    attributes = {"data-level": str(tally.level(row[1], steps)), "data-day": row[0]}
    return ["i", attributes]


def week(figures: "Json", name: "Name", hour: "Callable[[int], str]") -> "list[Tree]":
    """The hours of the week, each the darker the more visits it had."""
    cells = figures["week"]
    steps = tally.thresholds([cell[0] for row in cells for cell in row])
    best = tally.busiest_hour(cells)
    label = texts.text("dashboard_nothing")
    if best is not None:
        label = texts.text(
            "dashboard_week_words", name(_weekday(best[0]), "long-weekday"), hour(best[1])
        )
    grid: "Tree" = ["div", {"class": "hours", "role": "img", "aria-label": label}]
    grid.append(["span", {}])
    for at in range(HOURS):
        grid.append(["span", {"class": "hour"}, hour(at) if at % 6 == 0 else ""])
    for number in range(days.WEEK):
        weekday = name(_weekday(number), "weekday")
        grid.append(["span", {"class": "weekday"}, weekday])
        for at in range(HOURS):
            visits, active = cells[number][at]
            title = f"{weekday} {hour(at)}: {said(visits, active)}"
            grid.append(["i", {"data-level": str(tally.level(visits, steps)), "title": title}])
    return [grid, ["p", {"class": "hint"}, label]]


def week_table(figures: "Json", name: "Name", hour: "Callable[[int], str]") -> "list[Tree]":
    """The same as numbers: hours downwards, weekdays across."""
    names = [texts.text("dashboard_hour")]
    names += [name(_weekday(number), "weekday") for number in range(days.WEEK)]
    body: "Tree" = ["tbody", {}]
    for at in range(HOURS):
        row: "Tree" = ["tr", {}, ["th", {"scope": "row"}, hour(at)]]
        for number in range(days.WEEK):
            row.append(["td", {"class": "number"}, texts.number(figures["week"][number][at][0])])
        body.append(row)
    return [["table", {}, _head(names), body]]


def _weekday(number: int) -> str:
    return days.from_number(days.to_number(MONDAY) + number)


def said(visits: int, active: float) -> str:
    """Visits and active time in words."""
    return f"{texts.plural('dashboard_visits_count', visits)}, {listing.duration(active)}"


def sites(figures: "Json", count: int, encode: "Callable[[str], str]") -> "list[Tree]":
    """The sites with most visits as bars, each with the way to its visits and to its category."""
    rows = figures["sites"][:count]
    most = max([row[1] for row in rows] or [0])
    trees: "list[Tree]" = []
    for site, visits, active in rows:
        tree = _bar(f"#q=site:{encode(site)}", site, visits, active, most)
        label = texts.text("dashboard_sort_site", site)
        button = {"type": "button", "class": "more", "data-sort": site, "aria-label": label}
        tree.append(["button", button, "\u22ef"])
        trees.append(tree)
    return trees or [["li", {"class": "quiet"}, texts.text("dashboard_nothing")]]


def categories(figures: "Json", encode: "Callable[[str], str]") -> "list[Tree]":
    """Categories as bars, each with the way to its visits."""
    rows = figures["categories"]
    most = max([row[1] for row in rows] or [0])
    trees: "list[Tree]" = []
    for name, visits, active in rows:
        trees.append(_bar(f"#q=category:{encode(name)}", listing.say(name), visits, active, most))
    return trees or [["li", {"class": "quiet"}, texts.text("dashboard_nothing")]]


def _bar(link: str, name: str, visits: int, active: float, most: int) -> "Tree":
    return [
        "li",
        {"--part": tally.share(visits, most)},
        ["a", {"href": link, "class": "bar-name"}, name],
        ["span", {"class": "bar-figures"}, said(visits, active)],
        ["span", {"class": "part", "aria-hidden": "true"}],
    ]
