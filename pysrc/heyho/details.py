"""What only the original HeyHo says of a visit: its category, and details that are kept as told."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from heyho.errors import RecordError

MAX_METADATA_BYTES = 50_000
MAX_WORD = 500
MAX_TIME_TEXT = 40
CATEGORIES = frozenset(
    {
        *("work_coding", "work_code_review", "work_communication", "work_documentation"),
        *("learning_video", "learning_reading", "entertainment_video", "entertainment_browsing"),
        *("entertainment_short_form", "social_media", "news", "shopping", "reference"),
        "unclassified",
    }
)
# By the names under which they are kept. Whether the original has synced a visit is no detail.
_KEPT = {
    "visitId": ("visitId",),
    "timestamp": ("timestamp",),
    "duration": ("duration",),
    "isActive": ("isActive", "is_active"),
    "lastHeartbeat": ("lastHeartbeat", "last_heartbeat"),
    "closedAt": ("closedAt", "closed_at"),
    "categoryConfidence": ("categoryConfidence", "category_confidence"),
    "categoryMethod": ("categoryMethod", "category_method"),
    "scrollDepth": ("scrollDepth", "scroll_depth"),
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_ESCAPED_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")

Refuse = Callable[[str, str], RecordError]


def pick(record: Mapping[str, Any], *names: str) -> Any:
    """What a record has by the first of these names that it knows; None where it knows none."""
    for name in names:
        value = record.get(name)
        if value is not None:
            return value
    return None


def time_of_text(text: str) -> int | None:
    """A time in ISO 8601 as epoch milliseconds; None where it is none. UTC, if it does not say."""
    try:
        at = datetime.fromisoformat(text[: MAX_TIME_TEXT + 1])
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return (at - _EPOCH) // timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        return None


def category_of(record: Mapping[str, Any], refuse: Refuse) -> str | None:
    """The category, if the record names one."""
    category = record.get("category")
    if category is None:
        return None
    if not isinstance(category, str) or category not in CATEGORIES:
        raise refuse("category", "category is none of those that HeyHo knows.")
    return category


def details_of(record: Mapping[str, Any], refuse: Refuse) -> str | None:
    """What is kept of everything else, as the JSON of an object; None where there is nothing."""
    details: dict[str, Any] = {}
    for name, names in _KEPT.items():
        value = pick(record, *names)
        if isinstance(value, str):
            details[name] = value[:MAX_WORD]
        elif isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
            details[name] = value
    if details.get("visitId") == record.get("id"):
        details.pop("visitId", None)
    depth = details.get("scrollDepth")
    if depth is not None and (isinstance(depth, (bool, str)) or not 0 <= depth <= 100):
        raise refuse("scrollDepth", "scrollDepth must be a number from 0 to 100.")
    metadata = record.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise refuse("metadata", "metadata must be an object.")
    if metadata:
        size = len(_to_json(metadata, "metadata", refuse).encode())
        if size > MAX_METADATA_BYTES:
            raise refuse("metadata", f"metadata is larger than {MAX_METADATA_BYTES} bytes.")
        details["metadata"] = metadata
    return _to_json(details, "details", refuse) if details else None


def _to_json(value: object, field: str, refuse: Refuse) -> str:
    """JSON of what any database keeps: a cut character becomes a replacement character."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (ValueError, RecursionError) as problem:
        raise refuse(field, f"{field} holds values that no database can keep.") from problem
    return _ESCAPED_NUL.sub("\\1\ufffd", _SURROGATE.sub("\ufffd", text))
