"""Times, lengths of time and numbers, in words for people."""

from __future__ import annotations

from datetime import UTC, datetime

MINUTE_S = 60
HOUR_S = 3600
DAY_S = 86_400


def ago(at_ms: int | None, now_ms: int) -> str:
    """How long ago something was, such as "5 minutes ago"; "never" where it was not."""
    if at_ms is None:
        return "never"
    seconds = (now_ms - at_ms) // 1000
    if seconds < MINUTE_S:
        return "just now"
    for unit, length_s, limit in (("minute", MINUTE_S, 60), ("hour", HOUR_S, 24)):
        if seconds // length_s < limit:
            return f"{counted(seconds // length_s, unit)} ago"
    if seconds // DAY_S < 60:
        return f"{counted(seconds // DAY_S, 'day')} ago"
    return f"on {day_of(at_ms)}"


def day_of(at_ms: int) -> str:
    """The day of a time in UTC, such as "3 May 2026"."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{at.day} {at:%B %Y}"


def counted(number: int, noun: str) -> str:
    """A number and its noun, such as "1 visit" and "12,000 visits"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration(milliseconds: int) -> str:
    """A length of time, such as "3 h 20 min"; less than a minute is "under a minute"."""
    minutes = milliseconds // 60_000
    if minutes < 1:
        return "under a minute"
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours:,} h" if not rest or hours >= 100 else f"{hours} h {rest} min"
