"""Days and hours as the person lives them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from heyho.ports.catalog import Calendar

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
_QUARTER_MS = 900_000
_EPOCH = date(1970, 1, 1).toordinal()
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")


class LocalTime:
    """Local days of moments. Offsets change with a quarter of an hour, if at all."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._offsets: dict[int, int] = {}
        self._known = ""

    @property
    def zone(self) -> str:
        """The time zone's name, as it is now."""
        zone = self._calendar.zone()
        if zone != self._known:
            self._known = zone
            self._offsets.clear()
        return zone

    def local_ms(self, at_ms: float) -> int:
        """What epoch milliseconds would be if the local clock showed UTC."""
        quarter = int(at_ms // _QUARTER_MS)
        offset = self._offsets.get(quarter)
        if offset is None:
            offset = 60_000 * self._calendar.offset_min(quarter * _QUARTER_MS)
            self._offsets[quarter] = offset
        return int(at_ms) + offset

    def begin_ms(self, day: date) -> int:
        """When a local day begins, in epoch milliseconds."""
        wanted = (day.toordinal() - _EPOCH) * DAY_MS
        guess = wanted - (self.local_ms(wanted) - wanted)
        return wanted - (self.local_ms(guess) - guess)


@lru_cache(maxsize=4096)
def day_text(number: int) -> str:
    """A day since 1970 as `2026-11-25`; days that no calendar has become its first or last."""
    ordinal = min(max(number + _EPOCH, 1), date.max.toordinal())
    return date.fromordinal(ordinal).isoformat()


def span(text: str) -> tuple[date, date] | None:
    """The first day of a day, month or year, and the day after its last; None if there is none."""
    found = _DATE.fullmatch(text)
    if not found:
        return None
    year, month, day = (int(part) if part else None for part in found.groups())
    try:
        first = date(year or 0, month or 1, day or 1)
        if day:
            return first, first + timedelta(days=1)
        if month:
            return first, date(first.year + month // 12, month % 12 + 1, 1)
        return first, date(first.year + 1, 1, 1)
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=4096)
def _month_of_day(day: int) -> int:
    moment = datetime.fromtimestamp(day * 86_400, UTC)
    return moment.year * 12 + moment.month - 1


def period_of(at_ms: int) -> int:
    """The month of a moment, counted in UTC; what lies outside of 1970 to 9999 goes to its ends."""
    return _month_of_day(min(max(at_ms // DAY_MS, 0), 2_932_896))


def period_begin_ms(period: int) -> int:
    """When a month begins, in epoch milliseconds."""
    return int(datetime(period // 12, period % 12 + 1, 1, tzinfo=UTC).timestamp()) * 1000
