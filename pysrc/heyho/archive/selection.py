"""Which visits a person means: of a site, of some days, of pages by pattern, or all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from heyho import texts
from heyho.errors import HeyhoError
from heyho.exclusions import Exclusions
from heyho.ports import Record
from heyho.presets import NAMES
from heyho.recording import fields
from heyho.wire import bare_host, domain_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Visits that meet all that is given.

    Attributes:
        site: a host with its subdomains; empty for any.
        from_at, to_at: the visit started in [from_at, to_at); None for no limit.
        patterns: the address matches one of these (see `heyho.exclusions`).
        presets: or one of these presets, and none of `recorded`. Neither: any address.
    """

    site: str = ""
    from_at: int | None = None
    to_at: int | None = None
    patterns: tuple[str, ...] = ()
    presets: tuple[str, ...] = ()
    recorded: tuple[str, ...] = ()

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return self == _EVERYTHING

    def matcher(self) -> Matcher:
        """What tells of one visit after the other whether it is meant."""
        return Matcher(self)

    def to_record(self) -> Record:
        """The form in which requests and the state have it."""
        record: Record = {"everything": True} if self.is_everything else {}
        if self.site:
            record["site"] = self.site
        if self.from_at is not None:
            record["from"] = self.from_at
        if self.to_at is not None:
            record["to"] = self.to_at
        for name in ("patterns", "presets", "recorded"):
            if getattr(self, name):
                record[name] = list(getattr(self, name))
        return record

    @classmethod
    def from_record(cls, record: object) -> Selection:
        """Read a query. One that says nothing means nothing: all is `everything: true`.

        Raises:
            HeyhoError: it cannot be understood.
        """
        if not isinstance(record, Mapping):
            raise HeyhoError(texts.text("error_selection"))
        site = _site(record.get("site"))
        from_at, to_at = _time(record, "from"), _time(record, "to")
        presets = tuple(name for name in NAMES if name in _texts(record, "presets"))
        patterns = _texts(record, "patterns")
        recorded = _texts(record, "recorded") if presets else ()
        selection = cls(
            site=site,
            from_at=from_at,
            to_at=to_at,
            patterns=patterns,
            presets=presets,
            recorded=recorded,
        )
        if from_at is not None and to_at is not None and from_at >= to_at:
            raise HeyhoError(texts.text("error_selection_days"))
        if selection.is_everything is not (record.get("everything") is True):
            raise HeyhoError(texts.text("error_selection"))
        try:
            Exclusions(patterns, presets, recorded)
        except ValueError as problem:
            raise HeyhoError(str(problem)) from None
        return selection


_EVERYTHING = Selection()


class Matcher:
    """A selection, ready to be asked often."""

    def __init__(self, selection: Selection) -> None:
        self._site = selection.site
        self._below = f".{selection.site}"
        self._from = selection.from_at
        self._to = selection.to_at
        self._pages: Exclusions | None = None
        if selection.patterns or selection.presets:
            self._pages = Exclusions(selection.patterns, selection.presets, selection.recorded)

    def __call__(self, visit: Any) -> bool:
        """Whether a visit is meant; `visit` has the fields of a record as attributes."""
        if self._from is not None and visit.startedAt < self._from:
            return False
        if self._to is not None and visit.startedAt >= self._to:
            return False
        if self._site:
            domain = visit.domain
            if domain != self._site and not domain.endswith(self._below):
                return False
        return self._pages is None or visit.url in self._pages


def drop_open(fold: Record, selection: Selection) -> None:
    """Take the open visits that are meant out of what the fold remembers.

    A tab that one of them has opened forgets where it came from; so do all, if all are meant.
    """
    matches = selection.matcher()
    tabs: list[Record] = fold.get("tabs") or []
    gone = set()
    for tab in tabs:
        visit = tab.get("visit")
        if visit and matches(SimpleNamespace(**visit, domain=domain_of(visit["url"]))):
            gone.add(visit.get("id"))
            tab["visit"] = None
    for tab in tabs:
        if selection.is_everything or tab.get("openerId") in gone:
            tab["openerId"] = None


def _site(value: object) -> str:
    if value is None or value == "":
        return ""
    text = value.strip().lower() if isinstance(value, str) else ""
    host = domain_of(text) if "://" in text else bare_host(text.partition("/")[0].strip("."))
    host = domain_of(f"http://{host}") if host else ""
    if not host or any(mark in host for mark in " *?#@"):
        raise HeyhoError(texts.text("error_site", value))
    return host


def _texts(record: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = record.get(name) or ()
    if not isinstance(values, (list, tuple)) or not all(isinstance(text, str) for text in values):
        raise HeyhoError(texts.text("error_list_excluded"))
    return tuple(text.strip() for text in values if text.strip())


def _time(record: Mapping[str, Any], name: str) -> int | None:
    value = record.get(name)
    if value is None:
        return None
    at = fields.time(value)
    if at is None:
        raise HeyhoError(texts.text("error_selection_time"))
    return at
