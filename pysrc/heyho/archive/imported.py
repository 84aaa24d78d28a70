"""Visits from elsewhere: what other browsers and files tell becomes records with lasting ids."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from heyho import texts
from heyho.details import time_of_text
from heyho.errors import RecordError
from heyho.exclusions import Exclusions
from heyho.model import Visit
from heyho.ports import Record
from heyho.recording import fields
from heyho.recording.page import clean_title, recordable_url
from heyho.recording.visit import minted_id
from heyho.wire import MAX_URL, domain_of, is_number, visit_from_record, visit_to_record

EARLIEST_MS = 631_152_000_000  # 1990: there was no web before
DAY_MS = 86_400_000
_WEBKIT_EPOCH_MS = 11_644_473_600_000  # microseconds since 1601, as Chrome's own files have them
_WEBKIT = range(11_800_000_000_000_000, 15_000_000_000_000_000)
_NUMBER = re.compile(r"\d{1,17}(?:\.\d*)?")
_HTTP = re.compile(r"https?://", re.IGNORECASE)
_SUBFRAMES = frozenset({"auto_subframe", "manual_subframe"})
_TRANSITIONS = {"start_page": "auto_toplevel"}

URL = ("url", "address", "link", "uri", "pageurl", "href", "website")
TITLE = ("title", "pagetitle", "name")
TIME = (
    *("startedat", "timeusec", "visittime", "visitedat", "visitedon", "datetime", "timestamp"),
    *("visitdate", "lastvisittime", "lastvisited", "lastvisit", "time", "date"),
)
TRANSITION = ("transition", "pagetransition")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An entry that is fine, and is not to be kept: a part of a page, or an excluded page.

    Attributes:
        why: `excluded`, or `other` for what is no visit of a page.
    """

    why: str


class Importer:
    """Makes records of entries.

    Args:
        client_id: the device to name where an entry names none.
        exclusions: pages that must leave no trace.
        now_ms: what begins after tomorrow is a mistake.
    """

    def __init__(self, *, client_id: str, exclusions: Exclusions, now_ms: float) -> None:
        self._client_id = client_id
        self._exclusions = exclusions
        self._latest_ms = now_ms + DAY_MS

    def exclude(self, exclusions: Exclusions) -> None:
        """Leave these pages out from now on."""
        self._exclusions = exclusions

    def read(self, entry: object) -> Record | LeftOut:
        """The record of an entry: a visit in the words of the wire, or an address with a time.

        Raises:
            RecordError: it is neither, with the reason.
        """
        if not isinstance(entry, Mapping):
            raise RecordError(None, "record", texts.text("error_entry_object"))
        if any(name in entry for name in ("deletion", "deletedVisit", "tabAggregate")):
            return LeftOut("other")
        if isinstance(entry.get("id"), str) and is_number(entry.get("startedAt")):
            return self._own(entry)
        return self._foreign(entry)

    def page(
        self,
        *,
        url: object,
        title: object,
        started_at: int,
        transition: object = None,
        source_id: str | None = None,
    ) -> Record | LeftOut:
        """The record of a page at a time. When it was left is not known: it ends as it starts.

        Raises:
            RecordError: the address cannot be one, or the time cannot be right.
        """
        if not isinstance(url, str) or not url.strip():
            raise RecordError(None, "url", texts.text("error_entry_no_address"))
        url = url.strip()
        if not _HTTP.match(url):
            return LeftOut("other")
        if url in self._exclusions:
            return LeftOut("excluded")
        kept = recordable_url(url, self._exclusions)
        if kept is None:
            raise _address(url)
        if not EARLIEST_MS <= started_at <= self._latest_ms:
            raise RecordError(None, "startedAt", texts.text("error_entry_time"))
        word = transition_of(transition)
        if word in _SUBFRAMES:
            return LeftOut("other")
        return visit_to_record(
            Visit(
                id=imported_id(kept, started_at),
                url=kept,
                title=clean_title(title, kept),
                domain=domain_of(kept),
                started_at=started_at,
                ended_at=started_at,
                transition=word,
                source_page_visit_id=source_id,
                anonymous_client_id=self._client_id,
            )
        )

    def _own(self, entry: Mapping[str, Any]) -> Record | LeftOut:
        details = entry.get("details")
        told = {**details, **entry} if isinstance(details, dict) else dict(entry)
        try:
            visit = visit_from_record(told, client_id=self._client_id)
        except RecordError as error:
            said = texts.text("error_entry_field", error.field)
            raise RecordError(error.record_id, error.field, said) from None
        if visit.url in self._exclusions:
            return LeftOut("excluded")
        url = recordable_url(visit.url, self._exclusions)
        if url is None:
            raise _address(visit.url)
        # A file may say anything: whoever deletes or excludes a site has to meet its visits.
        visit = replace(visit, url=url, domain=domain_of(url))
        if visit.started_at > self._latest_ms:
            raise RecordError(visit.id, "startedAt", texts.text("error_entry_time"))
        record = visit_to_record(visit)
        record.pop("seq", None)
        if visit.category is not None:
            record["category"] = visit.category
        if visit.details is not None:
            record = {**json.loads(visit.details), **record}
        return record

    def _foreign(self, entry: Mapping[str, Any]) -> Record | LeftOut:
        named = {_plain(name): value for name, value in entry.items()}
        started_at = self._time(named)
        if started_at is None:
            raise RecordError(None, "startedAt", texts.text("error_entry_no_time"))
        return self.page(
            url=_first(named, URL),
            title=_first(named, TITLE),
            started_at=started_at,
            transition=_first(named, TRANSITION),
        )

    def _time(self, named: Mapping[str, Any]) -> int | None:
        date, time = named.get("date"), named.get("time")
        if isinstance(date, str) and isinstance(time, str) and date.strip() and time.strip():
            at = read_time(f"{date.strip()}T{time.strip()}")
            if at is not None:
                return at
        for name in TIME:
            at = read_time(named.get(name))
            if at is not None:
                return at
        return None


def _address(url: str) -> RecordError:
    if len(url) > MAX_URL:
        return RecordError(None, "url", texts.text("error_entry_address_long"))
    return RecordError(None, "url", texts.text("error_entry_address"))


def imported_id(url: str, started_at: int) -> str:
    """The id of a visit from elsewhere: the same for the same page at the same time, always."""
    return minted_id(f"imported\n{url}\n{started_at}", started_at)


def read_time(value: object) -> int | None:
    """Epoch milliseconds of a time in ISO 8601, or in seconds, milliseconds or microseconds.

    Which of these a number is, its size tells: each has years of its own from 1973 on.
    """
    if isinstance(value, str):
        text = value.strip()
        if not _NUMBER.fullmatch(text):
            return time_of_text(text)
        whole, _, _ = text.partition(".")
        value = float(text) if len(whole) < 15 else int(whole)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e17:
        return None
    if value < 1e11:
        return round(value * 1000)
    if value < 1e14:
        return int(value)
    if int(value) in _WEBKIT:
        return int(value) // 1000 - _WEBKIT_EPOCH_MS
    return int(value) // 1000


def transition_of(value: object) -> str | None:
    """The browser's word for how a page was reached, as extensions write it."""
    if not isinstance(value, str):
        return None
    word = value.strip().lower().replace(" ", "_")
    return fields.word(_TRANSITIONS.get(word, word))


@lru_cache(maxsize=256)  # a file has few names, again and again
def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())


def _first(named: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((named[name] for name in names if named.get(name) not in (None, "")), None)
