"""Visits as the dashboard lists them. Pure.

What is to be shown is a tree, `[tag, attributes, child...]`, in which text is text: it is made into
elements elsewhere, and nothing in it is read as HTML.
"""

from heyho import texts
from heyho.pages import days

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
# What would turn the reading direction of a page around, or cannot be seen.
HIDDEN = "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"

_said: "dict[str, str]" = {}


def say(key: str) -> str:
    """A category's name, asked for once."""
    if key not in _said:
        _said[key] = texts.text(f"dashboard_category_{key}")
    return _said[key]


def forget() -> None:
    """Forget the words that were asked for."""
    _said.clear()


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
    """An address without its scheme and host, readable and short; empty for a site's front page."""
    rest = url.partition("://")[2]
    at = min(
        [place for place in (rest.find("/"), rest.find("?"), rest.find("#")) if place >= 0]
        or [len(rest)]
    )
    shown = readable(rest[at : at + SHORT])
    return "" if shown == "/" else shown


def readable(text: str) -> str:
    """An address whose letters are not percent signs, as far as they can be read safely."""
    if "%" not in text:
        return text
    data = text.encode()
    out = b""
    at = 0
    while at < len(data):
        value = _byte(data[at : at + 3])
        if value >= 0x20 and value != 0x7F and value != 0x25:
            out += bytes([value])
            at += 3
        else:
            out += data[at : at + 1]
            at += 1
    try:
        shown = out.decode()
    except UnicodeError:
        return text
    return text if any(mark in shown for mark in HIDDEN) else shown


def _byte(code: bytes) -> int:
    """The byte that “%41” stands for; 0 if it stands for none."""
    if len(code) < 3 or code[0] != 0x25:
        return 0
    try:
        return int(code[1:].decode(), 16)
    except ValueError:
        return 0


def marked(text: str, words: "list[str]", fold: "Fold") -> "list[Any]":
    """A text in pieces: each beginning of a word that is one of `words` stands in a `mark`.

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
    return _pieces(text, sorted(spans))


def _is_letter(char: str) -> bool:
    return "a" <= char <= "z" or "0" <= char <= "9" or char > "\x7f"


def _pieces(text: str, spans: "list[tuple[int, int]]") -> "list[Any]":
    pieces: "list[Any]" = []
    done = 0
    for start, end in spans:
        if end <= done:
            continue
        start = max(start, done)
        if start > done:
            pieces.append(text[done:start])
        if pieces and isinstance(pieces[-1], list):
            pieces[-1].append(text[start:end])
        else:
            pieces.append(["mark", {}, text[start:end]])
        done = end
    if done < len(text):
        pieces.append(text[done:])
    return pieces


def row(visit: "Json", clock: str, words: "list[str]", fold: "Fold", details: str) -> "Tree":
    """One visit of the list.

    Args:
        visit: as the engine tells of it.
        clock: when it began, as the person's clock shows it.
        words: what to mark.
        fold: see `marked`.
        details: what the button to its details is called.
    """
    url, domain = str(visit["url"]), str(visit["domain"])
    title = str(visit["title"]) or domain
    where: "Tree" = ["span", {"class": "where"}]
    where.append(["span", {"class": "site-name"}] + marked(domain, words, fold))
    short = path(url)
    if short:
        where.append(["span", {"class": "path"}] + marked(short, words, fold))
    name: "Json" = {"class": "name", "dir": "auto", "tabindex": "-1", "title": title}
    if link(url):
        name.update({"href": link(url), "target": "_blank", "rel": "noopener noreferrer"})
    tree: "Tree" = [
        "li",
        {"class": "visit", "data-id": str(visit["id"])},
        ["span", {"class": "clock"}, clock],
        ["span", {"class": "what"}, ["a", name] + marked(title, words, fold), where],
        ["span", {"class": "span"}, duration(visit["activeDuration"])],
        ["span", {"class": "kind"}],
        [
            "button",
            {"class": "more", "type": "button", "tabindex": "-1", "aria-label": details},
            "\u22ef",
        ],
    ]
    category = visit.get("category")
    if category and category != "unclassified":
        tree[5].append(["span", {"class": "chip"}, say(category)])
    return tree


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
