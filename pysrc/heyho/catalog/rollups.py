"""Visits added up by local day, and what charts show of them.

A day is `{visits, activeMs, hours: 24 pairs, sites: {domain: pair}, categories: {name: pair}}`;
a pair is the number of visits and the milliseconds of attention.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from heyho.catalog.categories import Categories
from heyho.catalog.days import DAY_MS, HOUR_MS, LocalTime, day_text
from heyho.ports import Record

Pair = list[int]
TOP_SITES = 50


def counted(
    visits: Iterable[Record], local: LocalTime, categories: Categories
) -> dict[str, Record]:
    """The days of some visits."""
    days: dict[str, Record] = {}
    for visit in visits:
        at = local.local_ms(visit["startedAt"])
        name = day_text(at // DAY_MS)
        day = days.get(name)
        if day is None:
            day = days[name] = _empty()
        active = int(visit.get("activeDuration") or 0)
        domain = str(visit.get("domain") or "")
        category = categories.of(domain, str(visit.get("url") or ""))
        day["visits"] += 1
        day["activeMs"] += active
        _count(day["hours"][at % DAY_MS // HOUR_MS], active)
        _count(day["sites"].setdefault(domain, [0, 0]), active)
        _count(day["categories"].setdefault(category, [0, 0]), active)
    return days


def added(day: Record | None, more: Record, *, sign: int = 1) -> Record | None:
    """A day with the visits of another one, or without them (`sign` -1); None if none are left."""
    day = day or _empty()
    visits = day["visits"] + sign * more["visits"]
    if visits <= 0:
        return None
    return {
        "visits": visits,
        "activeMs": day["activeMs"] + sign * more["activeMs"],
        "hours": [
            [a + sign * c, b + sign * d]
            for (a, b), (c, d) in zip(day["hours"], more["hours"], strict=True)
        ],
        "sites": _merged(day["sites"], more["sites"], sign),
        "categories": _merged(day["categories"], more["categories"], sign),
    }


def figures(days: Mapping[str, Record]) -> Record:
    """What charts show of some days."""
    week = [[[0, 0] for _ in range(24)] for _ in range(7)]
    sites: dict[str, Pair] = {}
    categories: dict[str, Pair] = {}
    visits = active = 0
    for name, day in days.items():
        visits += day["visits"]
        active += day["activeMs"]
        for into, (count, active_ms) in zip(
            week[date.fromisoformat(name).weekday()], day["hours"], strict=True
        ):
            into[0] += count
            into[1] += active_ms
        _sum(sites, day["sites"])
        _sum(categories, day["categories"])
    names = sorted(days)
    return {
        "days": [[name, days[name]["visits"], days[name]["activeMs"]] for name in names],
        "week": week,
        "sites": _ranked(sites)[:TOP_SITES],
        "categories": _ranked(categories),
        "visits": visits,
        "activeMs": active,
        "firstDay": names[0] if names else None,
        "lastDay": names[-1] if names else None,
    }


def _empty() -> Record:
    return {
        "visits": 0,
        "activeMs": 0,
        "hours": [[0, 0] for _ in range(24)],
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
