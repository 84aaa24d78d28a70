"""What kind of page a visit was to, by rules.

A rule's pattern is a site, which covers its subdomains, with the beginning of a path if wanted;
`*` in the path stands for any characters. Of the rules that cover a page the most exact counts:
the longest site, then the longest path. A person's rules come before those that Heyho brings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

from heyho import texts
from heyho.catalog.defaults import default_rules
from heyho.errors import SettingsError

UNCLASSIFIED = "unclassified"
CATEGORIES = (
    *("work_coding", "work_code_review", "work_communication", "work_documentation"),
    *("learning_video", "learning_reading"),
    *("entertainment_video", "entertainment_browsing", "entertainment_short_form"),
    *("social_media", "news", "shopping", "reference", UNCLASSIFIED),
)
MOST_RULES = 1000
_PATTERN = re.compile(r"(?:[a-z]+://)?(?:www\.|\*\.)?([^\s/*?#:@]+)(?::\d+)?(/\S*)?")


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern and the category of the pages that it covers."""

    domain: str
    path: str
    category: str

    @staticmethod
    def of(pattern: str, category: str) -> Rule:
        """Raises ValueError: no pattern, or no category."""
        found = _PATTERN.fullmatch(pattern.strip().lower())
        if not found or category not in CATEGORIES:
            raise ValueError(pattern)
        return Rule(found[1].strip("."), found[2] or "", category)


class Categories:
    """Rules, ready for use.

    Attributes:
        own: the person's rules as they are stored: [{pattern, category}].
        version: the same for the same rules.
    """

    def __init__(self, own: Iterable[Mapping[str, str]] = ()) -> None:
        self.own = [{"pattern": rule["pattern"], "category": rule["category"]} for rule in own]
        self._own = _table(tuple((rule["pattern"], rule["category"]) for rule in self.own))
        self._defaults = _DEFAULTS_TABLE
        self.version = sha256(repr((_DEFAULTS_VERSION, self.own)).encode()).hexdigest()[:16]

    def changed(self, pattern: str, category: Any) -> Categories:
        """These rules, with another category for a pattern; with an empty one, without its rule.

        Raises:
            SettingsError: this is no rule, or there are too many.
        """
        rules = [rule for rule in self.own if rule["pattern"] != pattern]
        if category:
            try:
                Rule.of(pattern, category)
            except ValueError:
                raise SettingsError(
                    {"rules": texts.text("error_rules_unusable", pattern)}
                ) from None
            if len(rules) >= MOST_RULES:
                raise SettingsError({"rules": texts.text("error_rules_many", MOST_RULES)})
            rules.append({"pattern": pattern, "category": category})
        return Categories(rules)

    def of(self, domain: str, url: str) -> str:
        """The category of a page."""
        return self._own.find(domain, url) or self._defaults.find(domain, url) or UNCLASSIFIED

    def domains(self, category: str) -> set[str]:
        """The sites on which pages of a category may be."""
        return self._own.domains(category) | self._defaults.domains(category)


class _Table:
    """Rules by site, the most exact first."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._rules: dict[str, list[tuple[re.Pattern[str] | None, str]]] = {}
        self._domains: dict[str, set[str]] = {}
        rules = [Rule.of(pattern, category) for pattern, category in pairs]
        for rule in sorted(rules, key=lambda rule: -len(rule.path)):
            path = _path(rule.path) if rule.path.strip("/") else None
            self._rules.setdefault(rule.domain, []).append((path, rule.category))
            self._domains.setdefault(rule.category, set()).add(rule.domain)

    def find(self, domain: str, url: str) -> str | None:
        while domain:
            for path, category in self._rules.get(domain, ()):
                if path is None or path.match(url):
                    return category
            domain = domain.partition(".")[2]
        return None

    def domains(self, category: str) -> set[str]:
        return self._domains.get(category, set())


def _path(path: str) -> re.Pattern[str]:
    """Matches addresses with such a path, whatever their host."""
    parts = ".*".join(re.escape(part) for part in path.split("*"))
    end = "" if path.endswith(("/", "*")) else r"(?:[/?#]|$)"
    return re.compile(r"[a-z]+://[^/?#]*" + parts + end, re.IGNORECASE)


@cache
def _table(pairs: tuple[tuple[str, str], ...]) -> _Table:
    return _Table(pairs)


_DEFAULTS = tuple(default_rules())
_DEFAULTS_VERSION = sha256(repr(_DEFAULTS).encode()).hexdigest()
_DEFAULTS_TABLE = _table(_DEFAULTS)
"""Made as this is imported, and so a part of the engine's memory snapshot."""
