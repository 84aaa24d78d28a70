"""Visits added up by local day and by month, and what charts show of them.

A day is `{visits, activeMs, hours: 24 pairs, sites: {domain: pair}, categories: {name: pair}}`;
a pair is the number of visits and the milliseconds of attention. A month has the hours of the week
in their place, 168 of them from Monday on, and a pair for each of its `days`: a history of ten
years is added up from some hundred rows. Its name is that of the month behind `MONTH`.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from heyho.catalog.categories import Categories
from heyho.catalog.days import DAY_MS, HOUR_MS, LocalTime, day_text
from heyho.ports import Record

Pair = list[int]
TOP_SITES = 50
MONTH = "m"
"""What the name of a month begins with; it comes after those of all days."""
WEEK_HOURS = 7 * 24

Span = tuple[str, str]
"""The first and the last name of some rows."""


def counted(
    visits: Iterable[Record], local: LocalTime, categories: Categories
) -> dict[str, Record]:
    """The days and months of some visits, by their names."""
    rows: dict[str, Record] = {}
    for visit in visits:
        at = local.local_ms(visit["startedAt"])
        name = day_text(at // DAY_MS)
        active = int(visit.get("activeDuration") or 0)
        domain = str(visit.get("domain") or "")
        category = categories.of(domain, str(visit.get("url") or ""))
        hour = at % DAY_MS // HOUR_MS
        day = rows.get(name)
        if day is None:
            day = rows[name] = _empty(24)
        month = rows.get(MONTH + name[:7])
        if month is None:
            month = rows[MONTH + name[:7]] = {**_empty(WEEK_HOURS), "days": {}}
        _count(day["hours"][hour], active)
        # 1 January 1970, from which days are counted, was a Thursday.
        _count(month["hours"][(at // DAY_MS + 3) % 7 * 24 + hour], active)
        _count(month["days"].setdefault(name, [0, 0]), active)
        for row in (day, month):
            row["visits"] += 1
            row["activeMs"] += active
            _count(row["sites"].setdefault(domain, [0, 0]), active)
            _count(row["categories"].setdefault(category, [0, 0]), active)
    return rows


def added(row: Record | None, more: Record, *, sign: int = 1) -> Record | None:
    """A day or month with the visits of another one, or without them (`sign` -1).

    None if no visits are left.
    """
    visits = (row["visits"] if row else 0) + sign * more["visits"]
    if visits <= 0:
        return None
    row = row or _empty(len(more["hours"]))
    sums: Record = {
        "visits": visits,
        "activeMs": row["activeMs"] + sign * more["activeMs"],
        "hours": [
            [a + sign * c, b + sign * d]
            for (a, b), (c, d) in zip(row["hours"], more["hours"], strict=True)
        ],
        "sites": _merged(row["sites"], more["sites"], sign),
        "categories": _merged(row["categories"], more["categories"], sign),
    }
    if "days" in more:
        sums["days"] = _merged(row.get("days", {}), more["days"], sign)
    return sums


def spans(first: str, last: str) -> list[Span]:
    """Which rows tell of the days from the first to the last: whole months, and days beside them.

    Args:
        first, last: days, such as "2026-11-25".
    """
    if first > last:
        return []
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    months_from, months_to = first[:7], last[:7]
    found: list[Span] = []
    if begin.day > 1:
        end_of_month = _end_of_month(begin)
        found.append((first, min(end_of_month.isoformat(), last)))
        if end_of_month >= end:
            return found
        months_from = (end_of_month + timedelta(days=1)).isoformat()[:7]
    if end < _end_of_month(end):
        found.append((f"{last[:7]}-01", last))
        if end.toordinal() == end.day:  # nothing is before the first of all months
            return found
        months_to = (end - timedelta(days=end.day)).isoformat()[:7]
    if months_from <= months_to:
        found.append((MONTH + months_from, MONTH + months_to))
    return found


def figures(rows: Mapping[str, Record]) -> Record:
    """What charts show of some days and of other whole months."""
    week = [[[0, 0] for _ in range(24)] for _ in range(7)]
    sites: dict[str, Pair] = {}
    categories: dict[str, Pair] = {}
    days: dict[str, Pair] = {}
    visits = active = 0
    for name, row in rows.items():
        visits += row["visits"]
        active += row["activeMs"]
        if name.startswith(MONTH):
            first_hour = 0
            days.update(row["days"])
        else:
            first_hour = date.fromisoformat(name).weekday() * 24
            days[name] = [row["visits"], row["activeMs"]]
        for hour, (count, active_ms) in enumerate(row["hours"], first_hour):
            into = week[hour // 24][hour % 24]
            into[0] += count
            into[1] += active_ms
        _sum(sites, row["sites"])
        _sum(categories, row["categories"])
    names = sorted(days)
    return {
        "days": [[name, *days[name]] for name in names],
        "week": week,
        "sites": _ranked(sites)[:TOP_SITES],
        "categories": _ranked(categories),
        "visits": visits,
        "activeMs": active,
        "firstDay": names[0] if names else None,
        "lastDay": names[-1] if names else None,
    }


def _end_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _empty(hours: int) -> Record:
    return {
        "visits": 0,
        "activeMs": 0,
        "hours": [[0, 0] for _ in range(hours)],
        "sites": {},
        "categories": {},
    }


def _count(pair: Pair, active_ms: int) -> None:
    pair[0] += 1
    pair[1] += active_ms


def _merged(pairs: Mapping[str, Pair], more: Mapping[str, Pair], sign: int) -> dict[str, Pair]:
    merged = dict(pairs)
    for name, (count, active_ms) in more.items():
        before = merged.get(name, (0, 0))
        merged[name] = [before[0] + sign * count, before[1] + sign * active_ms]
        if merged[name][0] <= 0:
            del merged[name]
    return merged


def _sum(into: dict[str, Pair], pairs: Mapping[str, Pair]) -> None:
    for name, pair in pairs.items():
        known = into.get(name)
        if known is None:
            into[name] = [pair[0], pair[1]]
        else:
            known[0] += pair[0]
            known[1] += pair[1]


def _ranked(pairs: Mapping[str, Pair]) -> list[list[Any]]:
    ranked = sorted(pairs.items(), key=lambda item: (-item[1][0], -item[1][1], item[0]))
    return [[name, *pair] for name, pair in ranked]
