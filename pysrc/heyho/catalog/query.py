"""What a person types to search, read without ever refusing it.

- `word`: a word that begins so; all of them have to be there;
- `"some words"`: these words one after the other, in title or address;
- `-word`, `-"some words"`: not these;
- `site:example.org`: that site and its subdomains;
- `after:2026-01-31`, `before:2026-02`, `on:2026`: from a day, month or year on; until before it;
  within it. Local time;
- `device:NAME`, `category:NAME`; with `-` in front, as for sites, everything else.

An operator that makes no sense is searched as words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from heyho.catalog.categories import CATEGORIES, Categories
from heyho.catalog.days import LocalTime, span
from heyho.catalog.terms import SITE, contains, device, plain_domain, terms_of, words, words_of

Phrase = tuple[str, ...]
_TOKEN = re.compile(r'(-?)(?:([A-Za-z]+):)?(?:"([^"]*)"?|(\S+))')
_DATES = ("after", "before", "on")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a visit must have to be found.

    Attributes:
        prefixes: for each of them, a word that begins with it.
        phrases: each of these, its words one after the other.
        without: none of these.
        terms, without_terms: sites and devices: all of these, and none of those.
        category, without_categories: its category, or None for any; and none of these.
        from_ms, to_ms: began at this moment or later, and earlier than that.
        highlight: the words to show, as they were typed, in lower case.
    """

    prefixes: tuple[str, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    without: tuple[Phrase, ...] = ()
    terms: tuple[str, ...] = ()
    without_terms: tuple[str, ...] = ()
    category: str | None = None
    without_categories: tuple[str, ...] = ()
    from_ms: int | None = None
    to_ms: int | None = None
    highlight: tuple[str, ...] = ()

    @property
    def must_be_read(self) -> bool:
        """Whether only the visit itself tells if it matches, and not the index."""
        return bool(
            self.category is not None
            or self.without_categories
            or any(len(phrase) > 1 for phrase in (*self.phrases, *self.without))
        )

    def matches(self, visit: dict[str, Any], categories: Categories) -> bool:
        """Whether a visit is found."""
        at = visit["startedAt"]
        if (self.from_ms is not None and at < self.from_ms) or (
            self.to_ms is not None and at >= self.to_ms
        ):
            return False
        terms = terms_of(visit)
        found = all(any(t.startswith(prefix) for t in terms) for prefix in self.prefixes)
        if not found or not terms.issuperset(self.terms) or terms & {*self.without_terms}:
            return False
        return self.is_confirmed_by(visit, categories)

    def is_confirmed_by(self, visit: dict[str, Any], categories: Categories) -> bool:
        """Whether a visit has the phrases and the category, and not those it must not have."""
        if self.phrases or self.without:
            texts = words_of(visit)
            if not all(contains(texts, phrase) for phrase in self.phrases):
                return False
            if any(contains(texts, phrase) for phrase in self.without):
                return False
        if self.category is None and not self.without_categories:
            return True
        category = categories.of(visit["domain"], visit["url"])
        return (
            self.category is None or category == self.category
        ) and category not in self.without_categories


class _Reader:
    """Collects what the tokens of a text ask for."""

    def __init__(self, local: LocalTime) -> None:
        self._local = local
        self.prefixes: list[str] = []
        self.phrases: list[Phrase] = []
        self.without: list[Phrase] = []
        self.terms: list[str] = []
        self.without_terms: list[str] = []
        self.categories: list[str] = []
        self.without_categories: list[str] = []
        self.froms: list[int] = []
        self.tos: list[int] = []
        self.highlight: list[str] = []

    def take(self, negated: bool, operator: str, value: str) -> bool:
        """Read an operator; False for one that makes no sense."""
        if operator in _DATES:
            return not negated and self._take_date(operator, value)
        if operator == "category" and value in CATEGORIES:
            (self.without_categories if negated else self.categories).append(value)
        elif operator == "site" and (name := plain_domain(_host(value))):
            (self.without_terms if negated else self.terms).append(SITE + name)
        elif operator == "device" and value.strip():
            (self.without_terms if negated else self.terms).append(device(value))
        else:
            return False
        return True

    def _take_date(self, operator: str, value: str) -> bool:
        days = span(value)
        if days is None:
            return False
        first, after = (self._local.begin_ms(day) for day in days)
        if operator != "before":
            self.froms.append(first)
        if operator != "after":
            self.tos.append(first if operator == "before" else after)
        return True

    def search(self, text: str, *, negated: bool, quoted: bool) -> None:
        """Read words."""
        found = tuple(words(text))
        if not found:
            return
        if negated:
            self.without.append(found)
            return
        if quoted:
            self.phrases.append(found)
        else:
            self.prefixes += found
        typed = re.findall(r"\w+", text.casefold())
        self.highlight += typed if len(typed) == len(found) else found
        self.highlight += found


def parse(text: str, local: LocalTime) -> Query:
    """Read what was typed."""
    reader = _Reader(local)
    for minus, operator, quoted, plain in _TOKEN.findall(text):
        value = quoted or plain
        if operator and reader.take(bool(minus), operator.lower(), value):
            continue
        is_phrase = bool(quoted) and not operator
        written = f"{operator} {value}" if operator else value
        reader.search(written, negated=bool(minus) and not operator, quoted=is_phrase)
    wanted = set(reader.categories)
    return Query(
        prefixes=tuple(dict.fromkeys(reader.prefixes)),
        phrases=tuple(dict.fromkeys(reader.phrases)),
        without=tuple(dict.fromkeys(reader.without)),
        terms=tuple(dict.fromkeys(reader.terms)),
        without_terms=tuple(dict.fromkeys(reader.without_terms)),
        # Nothing has two categories.
        category=None if not wanted else wanted.pop() if len(wanted) == 1 else "",
        without_categories=tuple(dict.fromkeys(reader.without_categories)),
        from_ms=max(reader.froms, default=None),
        to_ms=min(reader.tos, default=None),
        highlight=tuple(dict.fromkeys(reader.highlight)),
    )


def _host(text: str) -> str:
    """The host of what may be a whole address."""
    return re.split(r"[/?#]", text.rpartition("://")[2], maxsplit=1)[0].partition(":")[0]
