"""Tab aggregates: what the original HeyHo sends about a tab's whole life."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from heyho.errors import RecordError
from heyho.wire import MAX_AT_MS

MAX_RECORD_CHARACTERS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TabAggregate:
    """One tab, from its first page to its last. Times are epoch milliseconds.

    Attributes:
        id: `agg_<startTime>_<tabId>`; such records come without an id.
        record: as it came.
    """

    id: str
    started_at: int
    last_active_at: int
    record: dict[str, Any]


def aggregate_from_record(record: object, *, client_id: str = "") -> TabAggregate:
    """Read a tab aggregate.

    Args:
        record: a decoded JSON value.
        client_id: the device to note where the record names none.

    Raises:
        RecordError: the field at fault and the reason.
    """
    if not isinstance(record, Mapping):
        raise RecordError(None, "record", "A record must be a JSON object.")
    started_at = _whole(record, "startTime", None)
    tab_id = _whole(record, "tabId", None)
    aggregate_id = f"agg_{started_at}_{tab_id}"
    if not 0 <= started_at < MAX_AT_MS:
        raise RecordError(aggregate_id[:128], "startTime", "startTime must be epoch milliseconds.")
    last_active_at = _whole(record, "lastActiveTime", started_at)
    if not 0 <= last_active_at < MAX_AT_MS:
        raise RecordError(
            aggregate_id, "lastActiveTime", "lastActiveTime must be epoch milliseconds."
        )
    kept = dict(record)
    kept.setdefault("anonymousClientId", client_id)
    return TabAggregate(
        id=aggregate_id,
        started_at=started_at,
        last_active_at=max(started_at, last_active_at),
        record=_checked(kept, aggregate_id),
    )


def _whole(record: Mapping[str, Any], field: str, default: int | None) -> int:
    value = record.get(field)
    if value is None and default is not None:
        return default
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or not -(2**53) < value < 2**53
        or math.isnan(value)
    ):
        raise RecordError(None, field, f"{field} must be a whole number.")
    return int(value)


def _checked(record: dict[str, Any], aggregate_id: str) -> dict[str, Any]:
    """The record, if any database can keep it: values, or objects of values, of clean text."""
    for value in record.values():
        inner = value.values() if isinstance(value, dict) else (value,)
        if any(isinstance(item, (dict, list)) for item in inner):
            raise RecordError(
                aggregate_id, "record", "The record is nested more deeply than a tab aggregate is."
            )
    try:
        text = json.dumps(record, ensure_ascii=False, allow_nan=False)
        text.encode()
    except ValueError as problem:
        raise RecordError(
            aggregate_id, "record", "The record holds values that no database can keep."
        ) from problem
    if len(text) > MAX_RECORD_CHARACTERS:
        raise RecordError(
            aggregate_id, "record", f"The record is longer than {MAX_RECORD_CHARACTERS} characters."
        )
    if "\\u0000" in text:
        raise RecordError(
            aggregate_id, "record", "The record holds characters that no database can keep."
        )
    return record
