"""Days as fields of a form hold them, and as a person reads them."""

import js

from heyho.pages import bridge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from heyho.pages.shapes import Json


FIRST_YEAR, LAST_YEAR = 1970, 9998


def begin(text: str, later_days: int = 0) -> float:
    """When a day of a field (2026-11-25) begins on this device, or one some days later."""
    year, month, day = (int(part) for part in text.split("-"))
    # A field takes years that no visit has, and JavaScript takes 25 for 1925.
    year = min(max(year, FIRST_YEAR - 1), LAST_YEAR)
    return max(0.0, _moment(js.Date.new(year, month - 1, day + later_days)))


def span(first: str, last: str) -> "Json":
    """The time from the first day to the end of the last, as a query; either may be empty."""
    query: "Json" = {}
    if first:
        query["from"] = begin(first)
    if last:
        query["to"] = begin(last, 1)
    return query


def day(at: float) -> str:
    """The day of an epoch millisecond, in the person's own form."""
    style = js.JSON.parse('{"dateStyle": "medium"}')
    return str(js.Date.new(float(at)).toLocaleDateString(bridge.language(), style))


def months_ago(months: int) -> float:
    """This day and time so many months earlier."""
    now = js.Date.new()
    now.setMonth(now.getMonth() - months)
    return _moment(now)


def today() -> str:
    """This day as a field holds it."""
    now = js.Date.new()
    return f"{now.getFullYear()}-{now.getMonth() + 1:02d}-{now.getDate():02d}"


def _moment(date: "Any") -> float:
    """A Date's epoch milliseconds, which cross only within JSON."""
    return float(bridge.from_js(js.Array.of(date).map(js.Number))[0])
