"""Visits as the dashboard lists them. Pure.

What is to be shown is a tree, `[tag, attributes, child...]`, in which text is text: it is made into
elements elsewhere, and nothing in it is read as HTML.
"""

from heyho import texts
from heyho.pages.dashboard import days

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from heyho.pages.shapes import Json

    Tree = list[Any]
    Fold = Callable[[str], str]

MINUTE_S = 60
HOUR_S = 3600
SHORT = 120
# The bytes of “%” and of DEL: what they stand for as “%25” and “%7f” stays so.
KEPT = (0x25, 0x7F)
# What would turn the reading direction of a page around, or cannot be seen.
HIDDEN = "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"

_said: "dict[str, str]" = {}


def say(key: str) -> str:
    """A category's name, asked for once."""
    if key not in _said:
        _said[key] = texts.text(f"dashboard_category_{key}")
    return _said[key]


def duration(active_ms: float) -> str:
    """How long something lasted, in two units at most: 8 s, 3 min, 1 h 5 min."""
    seconds = int(active_ms / 1000 + 0.5)
    key = f"{seconds if seconds < MINUTE_S else -(seconds // MINUTE_S)}"
    if key not in _said:
        _said[key] = _duration(seconds)
    return _said[key]


def _duration(seconds: int) -> str:
    if seconds < MINUTE_S:
        return texts.text("dashboard_seconds", seconds)
    if seconds < HOUR_S:
        return texts.text("dashboard_minutes", seconds // MINUTE_S)
    hours, minutes = seconds // HOUR_S, seconds % HOUR_S // MINUTE_S
    if minutes == 0 or hours >= 100:
        return texts.text("dashboard_hours", texts.number(hours))
    return texts.text("dashboard_hours_minutes", hours, minutes)


def day_name(day: str, today: str, name: "Callable[[str], str]") -> str:
    """A day as its head says it: Today, Yesterday, or as `name` says it in full."""
    if day == today:
        return texts.text("dashboard_today")
    if day == days.before(today, 1):
        return texts.text("dashboard_yesterday")
    return name(day)


def link(url: str) -> str:
    """An address that may be followed; empty if it is not one of the web."""
    start = url[:8].lower()
    return url if start.startswith(("http://", "https://")) else ""


def path(url: str) -> str:
    """An address without its scheme and host, readable and short; empty for a site's front page.

    The browser writes a slash behind each host.
    """
    rest = url.partition("://")[2]
    at = rest.find("/")
    if at < 0:
        return ""
    shown = readable(rest[at : at + SHORT])
    return "" if shown == "/" else shown


def readable(text: str) -> str:
    """An address whose letters are not percent signs, as far as they can be read safely."""
    if "%" not in text:
        return text
    parts = text.split("%")
    out = parts[0].encode()
    for part in parts[1:]:
        value = _byte(part)
        if value >= 0x20 and value not in KEPT:
            out += bytes([value]) + part[2:].encode()
        else:
            out += b"%" + part.encode()
    try:
        shown = out.decode()
    except UnicodeError:
        return text
    for mark in HIDDEN if len(shown) != len(out) else "":
        if mark in shown:
            return text
    return shown


def _byte(code: str) -> int:
    """The byte that “41…” stands for after a percent sign; 0 if it stands for none."""
    try:
        return int(code[:2], 16) if len(code) > 1 else 0
    except ValueError:
        return 0


def marked(text: str, words: "list[str]", fold: "Fold") -> "list[str]":
    """A text in pieces, of which every second is to be marked: the beginnings of its words that
    are among `words`.

    Args:
        text: as it is shown.
        words: folded.
        fold: gives a text of the same length, in small letters without accents.
    """
    if not words or not text:
        return [text]
    plain = text.lower() if len(text) == len(text.encode()) else fold(text)
    spans: "list[tuple[int, int]]" = []
    for word in words:
        at = plain.find(word)
        while at >= 0:
            if at == 0 or not _is_letter(plain[at - 1]):
                spans.append((at, at + len(word)))
            at = plain.find(word, at + 1)
    if not spans or len(plain) != len(text):
        return [text]
    pieces: "list[str]" = []
    done = 0
    for start, end in _merged(sorted(spans)):
        pieces.append(text[done:start])
        pieces.append(text[start:end])
        done = end
    pieces.append(text[done:])
    return pieces


def _merged(spans: "list[tuple[int, int]]") -> "list[tuple[int, int]]":
    """Spans in order, without overlaps."""
    merged: "list[tuple[int, int]]" = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _is_letter(char: str) -> bool:
    return "a" <= char <= "z" or "0" <= char <= "9" or char > "\x7f"


def row(visit: "Json", clock: str, words: "list[str]", fold: "Fold") -> "Json":
    """What one visit of the list shows, by the places of its template; for pieces see `marked`.

    Args:
        visit: as the engine tells of it.
        clock: when it began, as the person's clock shows it.
        words: what to mark.
        fold: see `marked`.
    """
    domain = str(visit["domain"])
    category = visit.get("category")
    return {
        "id": visit["id"],
        "link": link(visit["url"]),
        "clock": clock,
        "name": marked(visit["title"] or domain, words, fold),
        "site": marked(domain, words, fold),
        "path": marked(path(visit["url"]), words, fold),
        "span": duration(visit["activeDuration"]),
        "kind": say(category) if category and category != "unclassified" else "",
    }


def by_day(visits: "list[Json]", moments: "list[list[str]]") -> "list[tuple[str, list[int]]]":
    """Which visits, by their place in the list, belong to which day, in the order they have.

    Args:
        visits: as the engine gives them.
        moments: for each, its day and its time of day.
    """
    groups: "list[tuple[str, list[int]]]" = []
    for index in range(len(visits)):
        day = moments[index][0]
        if not groups or groups[-1][0] != day:
            groups.append((day, []))
        groups[-1][1].append(index)
    return groups
