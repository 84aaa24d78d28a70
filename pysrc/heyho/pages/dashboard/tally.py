"""What the dashboard's figures show, reckoned from the engine's. Pure."""

from heyho.pages.dashboard import days

TYPE_CHECKING = False
if TYPE_CHECKING:
    from heyho.pages.shapes import Json

    Row = tuple[str, int, float]

LEVELS = 4
SPANS = {"month": 30, "year": 365}
HEAT_DAYS = 365
EVERY_DAY = 62


def bounds(span: str, today: str) -> "tuple[str | None, str | None]":
    """The first and the last day of a range; None and None for everything."""
    if span == "all":
        return None, None
    return days.before(today, SPANS[span] - 1), today


def extent(figures: "Json", span: str, today: str) -> "tuple[str, str]":
    """The first and the last day that the figures are about."""
    first, last = bounds(span, today)
    if first is not None and last is not None:
        return first, last
    begun = figures["firstDay"] or today
    return min(begun, days.before(today, SPANS["month"] - 1)), max(
        figures["lastDay"] or today, today
    )


def by_day(figures: "Json", first: str, last: str) -> "list[Row]":
    """Visits and active time of every day, also of those on which nothing was."""
    known = {row[0]: row for row in figures["days"]}
    rows: "list[Row]" = []
    for day in days.between(first, last):
        row = known.get(day)
        rows.append((day, row[1], row[2]) if row else (day, 0, 0))
    return rows


def by_period(rows: "list[Row]") -> "list[Row]":
    """Days, newest first, for a table to read; months where there are too many days."""
    if len(rows) <= EVERY_DAY:
        return [row for row in reversed(rows) if row[1]]
    return by_month(rows)


def by_month(rows: "list[Row]") -> "list[Row]":
    """Sums by month, “2026-11”, newest first, of those in which something was."""
    months: "list[Row]" = []
    for day, visits, active in reversed(rows):
        if months and months[-1][0] == day[:7]:
            months[-1] = (day[:7], months[-1][1] + visits, months[-1][2] + active)
        else:
            months.append((day[:7], visits, active))
    return [month for month in months if month[1]]


def thresholds(values: "list[int]") -> "list[int]":
    """The least values of the second to the last level, such that each level has as many."""
    some = sorted(value for value in values if value)
    if not some:
        return []
    return [some[len(some) * part // LEVELS] for part in range(1, LEVELS)]


def level(value: int, steps: "list[int]") -> int:
    """How strong a value's colour is: 0 for nothing, up to `LEVELS`."""
    if not value:
        return 0
    return 1 + len([step for step in steps if value >= step and value > 0]) if steps else LEVELS


def weeks(rows: "list[Row]") -> "list[list[Row | None]]":
    """Days as columns of a calendar: each a week from Monday, None where the rows do not reach."""
    columns: "list[list[Row | None]]" = []
    for row in rows:
        weekday = days.weekday(row[0])
        if not columns or weekday == 0:
            columns.append([None] * days.WEEK)
        columns[-1][weekday] = row
    return columns


def years(rows: "list[Row]") -> "list[list[Row]]":
    """Days of more than a year by calendar year, newest first; the last 365 days as one."""
    if len(rows) <= HEAT_DAYS + 1:
        return [rows]
    parts: "list[list[Row]]" = []
    for row in rows:
        if not parts or parts[-1][0][0][:4] != row[0][:4]:
            parts.append([])
        parts[-1].append(row)
    parts.reverse()
    return parts


def busiest(rows: "list[Row]") -> "Row | None":
    """The day or month with most visits; None if there were none."""
    best: "Row | None" = None
    for row in rows:
        if row[1] and (best is None or row[1] > best[1]):
            best = row
    return best


def busiest_hour(week: "list[list[list[float]]]") -> "tuple[int, int] | None":
    """The weekday and hour with most visits; None if there were none."""
    best, most = None, 0.0
    for weekday in range(len(week)):
        for hour in range(len(week[weekday])):
            if week[weekday][hour][0] > most:
                best, most = (weekday, hour), week[weekday][hour][0]
    return best


def share(value: float, most: float) -> str:
    """A part of the most, from 0 to 1, as a style sheet takes it."""
    return f"{value / most:.3f}" if most else "0"
