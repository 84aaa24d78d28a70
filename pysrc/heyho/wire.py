"""The wire: visits as they travel, camelCase, times in epoch milliseconds.

The format is the original HeyHo's. Both ends use this module: the browser writes records, the
server reads them. A record is a dictionary as `json.loads` gives it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, TypeGuard
from urllib.parse import urlsplit

from heyho.details import category_of, details_of, pick, time_of_text
from heyho.errors import RecordError
from heyho.model import IdlePeriod, Visit

TRIAL_HEADER = "X-Heyho-Trial"
"""With the value 1: check and answer this sync like any other, and keep nothing of it."""

MAX_ID = 128
MAX_URL = 2048
MAX_TITLE = 500
MAX_DOMAIN = 253
MAX_IDLE_PERIODS = 1000
MAX_REASON = 32
MAX_DURATION_MS = 86_400_000  # of a visit of which only that is told
MAX_AT_MS = 253_402_300_800_000  # the year 10000, where calendars stop

_ID = re.compile(rf"[\x21-\x7e]{{1,{MAX_ID}}}")
# Nearly every host there is, at a tenth of what urlsplit costs.
PLAIN_HOST = re.compile(r"https?://([a-z0-9.-]+)(?::[0-9]*)?(?:[/?#]|$)", re.IGNORECASE | re.ASCII)
# No database keeps these. Lone surrogates come of titles cut in the middle of an emoji.
_UNKEEPABLE = re.compile(r"[\x00\ud800-\udfff]")


def domain_of(url: str) -> str:
    """The host of a URL in lower case, without port and leading "www."; "" if it has none."""
    if plain := PLAIN_HOST.match(url):
        return bare_host(plain[1])
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return bare_host(host)


def bare_host(host: str) -> str:
    """A host as `domain_of` gives it."""
    return host.lower().removeprefix("www.")[:MAX_DOMAIN]


def title_of(url: str) -> str:
    """What a page without a title is called: its address, without scheme and query."""
    return re.split("[?#]", url.partition("://")[2], maxsplit=1)[0].rstrip("/")[:MAX_TITLE]


def visit_to_record(visit: Visit) -> dict[str, Any]:
    """The record of a visit, as stored in IndexedDB and sent; `seq` only once it has one."""
    record = {
        "id": visit.id,
        "url": visit.url,
        "title": visit.title,
        "domain": visit.domain,
        "startedAt": visit.started_at,
        "endedAt": visit.ended_at,
        "durationSeconds": visit.duration_ms / 1000,
        "activeDuration": visit.active_duration_ms,
        "engagementRate": visit.engagement_rate,
        "idlePeriods": [
            {"start": idle.start, "end": idle.end, "reason": idle.reason}
            for idle in visit.idle_periods
        ],
        "tabId": visit.tab_id,
        "windowId": visit.window_id,
        "transition": visit.transition,
        "sourcePageVisitId": visit.source_page_visit_id,
        "anonymousClientId": visit.anonymous_client_id,
    }
    if visit.seq is not None:
        record["seq"] = visit.seq
    return record


def visit_from_record(record: object, *, client_id: str = "") -> Visit:
    """Read a record from any Heyho client.

    Titles and domains are cut to their limits, characters that cannot be kept are replaced in a
    title, an end before the start is moved to it, and the active time to the duration at most;
    what cannot be a visit is refused. The original HeyHo's records go by further names, and a
    visit of its that goes on still has no end: it ends where it was last known to.

    Args:
        record: a decoded JSON value.
        client_id: the device to assume where the record names none.

    Raises:
        RecordError: the field at fault and the reason.
    """
    if not isinstance(record, dict):
        raise RecordError(None, "record", "A record must be a JSON object.")
    visit_id = pick(record, "id", "visitId")
    if not isinstance(visit_id, str) or not _ID.fullmatch(visit_id):
        raise RecordError(
            None, "id", f"id must be 1 to {MAX_ID} printable ASCII characters without spaces."
        )
    read = _Reader(record, visit_id)
    url = read.url()
    started_at = read.at("startedAt", "visited_at", "opened_at", "timestamp")
    ended_at = max(started_at, read.end(started_at))
    rate = pick(record, "engagementRate", "engagement_rate")
    if rate is not None and not (is_number(rate) and 0 <= rate <= 1):
        raise read.error("engagementRate", "engagementRate must be a number from 0 to 1.")
    active_ms = read.milliseconds("activeDuration")
    if active_ms is None:
        active_ms = round((rate or 0) * (ended_at - started_at))
    return Visit(
        id=visit_id,
        url=url,
        title=read.title() or ("" if record.get("title") is not None else title_of(url)),
        domain=bare_host(read.text("domain") or domain_of(url)),
        started_at=started_at,
        ended_at=ended_at,
        active_duration_ms=min(active_ms, ended_at - started_at),
        idle_periods=read.idle_periods(),
        tab_id=read.integer("tabId"),
        window_id=read.integer("windowId"),
        transition=read.word("transition"),
        source_page_visit_id=read.word("sourcePageVisitId", "source_page_visit_id"),
        anonymous_client_id=read.word("anonymousClientId", "anonymous_client_id") or client_id,
        seq=read.integer("seq"),
        category=category_of(record, read.error),
        details=details_of(record, read.error),
    )


class _Reader:
    """Reads typed fields of one record; every refusal names the record and the field."""

    def __init__(self, record: Mapping[str, Any], record_id: str) -> None:
        self._record = record
        self._id = record_id

    def error(self, field: str, reason: str) -> RecordError:
        return RecordError(self._id, field, reason)

    def url(self) -> str:
        url = self._record.get("url")
        if not isinstance(url, str) or not url:
            raise self.error("url", "url is missing.")
        if len(url) > MAX_URL:
            raise self.error("url", f"url is longer than {MAX_URL} characters.")
        if not url.lower().startswith(("http://", "https://")) or not domain_of(url):
            raise self.error("url", "url must be an http or https address.")
        self._check_text("url", url)
        return url

    def at(self, field: str, *others: str) -> int:
        value = pick(self._record, field, *others)
        if value is None:
            raise self.error(field, f"{field} is missing.")
        at = read_time(value)
        if at is None:
            raise self.error(field, f"{field} must be a time in epoch milliseconds, or ISO 8601.")
        return at

    def end(self, started_at: int) -> int:
        """When the visit ended or, where that is not told, was last known to go on."""
        if pick(self._record, "endedAt", "ended_at") is not None:
            return self.at("endedAt", "ended_at")
        for names in (("closedAt", "closed_at"), ("lastHeartbeat", "last_heartbeat")):
            at = read_time(pick(self._record, *names))
            if at is not None:
                return at
        seconds = pick(self._record, "durationSeconds", "duration_seconds")
        for length, unit_ms in ((self._record.get("duration"), 1), (seconds, 1000)):
            if is_number(length):
                length_ms = min(max(length, 0), MAX_DURATION_MS) * unit_ms
                return min(started_at + int(min(length_ms, MAX_DURATION_MS)), MAX_AT_MS - 1)
        return started_at

    def milliseconds(self, field: str) -> int | None:
        value = self._record.get(field)
        if value is None:
            return None
        if not is_number(value) or value < 0:
            raise self.error(field, f"{field} must be a number of milliseconds, 0 or more.")
        return int(value)

    def text(self, field: str, *others: str) -> str | None:
        value = pick(self._record, field, *others)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.error(field, f"{field} must be text.")
        self._check_text(field, value)
        return value

    def word(self, field: str, *others: str) -> str | None:
        """A text that is kept whole, and so cannot be of any length."""
        value = self.text(field, *others)
        if value is not None and len(value) > MAX_ID:
            raise self.error(field, f"{field} is longer than {MAX_ID} characters.")
        return value

    def title(self) -> str:
        value = self._record.get("title")
        if value is not None and not isinstance(value, str):
            raise self.error("title", "title must be text.")
        return _UNKEEPABLE.sub("\ufffd", value or "")[:MAX_TITLE]

    def integer(self, field: str) -> int | None:
        value = self._record.get(field)
        if value is None:
            return None
        if not is_number(value) or value != int(value) or abs(value) >= 2**53:
            raise self.error(field, f"{field} must be a whole number.")
        return int(value)

    def idle_periods(self) -> tuple[IdlePeriod, ...]:
        value = pick(self._record, "idlePeriods", "idle_periods")
        if value is None:
            return ()
        if not isinstance(value, list) or len(value) > MAX_IDLE_PERIODS:
            raise self.error(
                "idlePeriods", f"idlePeriods must be a list of at most {MAX_IDLE_PERIODS}."
            )
        return tuple(self._idle_period(item) for item in value)

    def _idle_period(self, value: object) -> IdlePeriod:
        if isinstance(value, dict):
            start, end = value.get("start"), value.get("end")
            reason = value.get("reason")
            if end is None:
                length = value.get("durationMs")
                end = start
                if is_number(start) and is_number(length) and 0 <= length < MAX_AT_MS:
                    end = start + length
            if (
                is_number(start)
                and is_number(end)
                and 0 <= start <= end < MAX_AT_MS
                and (reason is None or isinstance(reason, str))
            ):
                self._check_text("idlePeriods", reason or "")
                return IdlePeriod(int(start), int(end), (reason or "idle")[:MAX_REASON])
        raise self.error(
            "idlePeriods", "Each of idlePeriods must be {start, end, reason}, times in order."
        )

    def _check_text(self, field: str, text: str) -> None:
        if _UNKEEPABLE.search(text):
            raise self.error(field, f"{field} holds characters that no database can keep.")


def read_time(value: object) -> int | None:
    """A time as epoch milliseconds, from those or from text in ISO 8601; None where it is none."""
    if isinstance(value, str):
        value = time_of_text(value)
    return int(value) if is_number(value) and 0 <= value < MAX_AT_MS else None


def is_number(value: object) -> TypeGuard[float]:
    """Whether a decoded JSON value is a number that can be reckoned with."""
    if type(value) is int:  # never a bool, and by far the most frequent
        return True
    return isinstance(value, float) and math.isfinite(value)
