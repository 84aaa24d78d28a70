"""A bar for each day, as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from heyho_server.page.words import counted, duration

WIDTH, HEIGHT, GAP = 720, 140, 3


@dataclass(frozen=True, slots=True)
class Day:
    """What was visited on one day, and for how long somebody looked."""

    day: date
    visits: int
    active_ms: int


def bars(days: Sequence[Day]) -> Markup:
    """Visits by day, the first on the left; each bar tells its figures when pointed at."""
    most = max((day.visits for day in days), default=0) or 1
    step = WIDTH / max(len(days), 1)
    drawn = Markup("").join(
        Markup(
            '<g><title>{label}</title><rect class="room" x="{x:.1f}" y="0" width="{width:.1f}" '
            'height="{full}"/><rect class="bar" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
            'height="{height:.1f}" rx="2"/></g>'
        ).format(
            label=_label(day),
            x=number * step + GAP / 2,
            width=step - GAP,
            full=HEIGHT,
            y=HEIGHT - _height(day.visits, most),
            height=_height(day.visits, most),
        )
        for number, day in enumerate(days)
    )
    total = counted(sum(day.visits for day in days), "visit")
    return Markup(
        '<svg class="chart" viewBox="0 0 {width} {height}" role="img" '
        'aria-label="{total} in {days}, at most {most} on one day">{drawn}</svg>'
    ).format(
        width=WIDTH,
        height=HEIGHT,
        total=total,
        days=counted(len(days), "day"),
        most=f"{most:,}" if days else "0",
        drawn=drawn,
    )


def _height(visits: int, most: int) -> float:
    """A day with any visit can be seen."""
    return max(HEIGHT * visits / most, 2.0) if visits else 0.0


def _label(day: Day) -> str:
    shown = f"{day.day:%A}, {day.day.day} {day.day:%B}: {counted(day.visits, 'visit')}"
    return f"{shown}, {duration(day.active_ms)} active" if day.visits else shown
