"""What a server's answers mean, as the original HeyHo's server gives them, and ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeGuard

from heyho import texts
from heyho.errors import (
    NotSignedIn,
    RateLimited,
    Refused,
    ServerFailed,
    TooLarge,
    Unintelligible,
)
from heyho.model import Rejection, ServerLimits
from heyho.shallow import loads
from heyho.wire import is_number


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A reply that accounts for every visit of a batch.

    Attributes:
        stored: how many are on the server, or have been until they were deleted there.
        rejections: what it refused by name.
        deleted: how many of `stored` were left out, since a person has deleted them there.
    """

    stored: int
    rejections: tuple[Rejection, ...] = ()
    deleted: int = 0


def decode(text: str) -> Any:
    """The JSON of an answer, or None where it is none."""
    try:
        return loads(text)
    except (ValueError, RecursionError):
        return None


def read_sync_reply(
    status: int, answer: Any, *, sent: int, retry_after_s: float | None = None
) -> Acknowledgement:
    """Read the answer to `POST /data/sync` of a batch of `sent` visits.

    Only an answer that accounts for every visit, as stored or as rejected by name, is an
    acknowledgement.

    Args:
        status: the HTTP status.
        answer: the decoded body.
        sent: how many visits there were.
        retry_after_s: for how long the server wants to be left alone, which errors pass on.

    Raises:
        SyncError: what the answer means otherwise.
    """
    said = _message(answer)
    if status == 401 or (status == 403 and isinstance(answer, dict)):  # or a guard on the way
        raise NotSignedIn(
            texts.text("error_not_signed_in"),
            status=status,
        )
    if status == 413 or (status == 400 and said.startswith("Batch size exceeded")):
        raise TooLarge(
            texts.text("error_too_large", said).strip(),
            status=status,
            final=_refuses(answer),
        )
    if status == 429:
        raise RateLimited(
            texts.text("error_slow_down"),
            status=status,
            retry_after_s=retry_after_s,
        )
    if status >= 500 or status in (408, 425):
        raise ServerFailed(
            texts.text("error_server", status, said).strip(),
            status=status,
            retry_after_s=retry_after_s,
        )
    data = answer.get("data") if isinstance(answer, dict) else None
    if status in (400, 422) and _refuses(answer) and not isinstance(data, dict):
        if answer.get("error_code") not in (None, "VALIDATION_FAILED"):
            # Such as BAD_BODY: something on the way has broken the request, no visit is at fault.
            raise Unintelligible(texts.text("error_unread", status, said), status=status)
        message = texts.text("error_refused", status, said)
        # Else it may be said of anything, such as by a gateway.
        is_of_visits = "error_code" in answer or isinstance(answer.get("errors"), list)
        raise Refused(message, status=status, final=is_of_visits)
    if not (200 <= status < 300 or status in (400, 422)) or not isinstance(data, dict):
        raise Unintelligible(
            texts.text("error_no_heyho", status),
            status=status,
        )
    rejections = _rejections(data.get("validation_errors"))
    stored = data.get("page_visits_synced")
    accounted = len(rejections) + int(stored) if _is_count(stored) else 0
    if accounted != sent:
        raise Unintelligible(
            texts.text("error_unaccounted", accounted, sent),
            status=status,
        )
    kept, left_out = accounted - len(rejections), data.get("page_visits_deleted")
    deleted = min(int(left_out), kept) if _is_count(left_out) else 0
    return Acknowledgement(kept, rejections, deleted)


def read_limits(text: str) -> ServerLimits | None:
    """Read the body of `GET /config`; None where it is not a Heyho server's.

    A single value that makes no sense takes its default.
    """
    answer = decode(text)
    if not isinstance(answer, dict) or "maxRecords" not in answer:
        return None
    default = ServerLimits()

    def limit(name: str, fallback: int) -> int:
        value = answer.get(name)
        return int(value) if _is_count(value) and value >= 1 else fallback

    return ServerLimits(
        max_records=min(limit("maxRecords", default.max_records), default.max_records),
        max_body_bytes=limit("maxBodyBytes", default.max_body_bytes),
        rate_limits=answer.get("rateLimits"),
        trials=answer.get("trials") is True,
    )


def _refuses(answer: Any) -> bool:
    """Whether an answer is a Heyho server's own refusal, and not that of something before it."""
    return isinstance(answer, dict) and answer.get("success") is False and bool(_message(answer))


def _message(answer: Any) -> str:
    """What the server says of itself, as a sentence: others follow it."""
    message = answer.get("message") or answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(message, str) or not (said := message[:300].strip()):
        return ""
    return said if said[-1] in ".!?…" else f"{said}."


def _is_count(value: object) -> TypeGuard[float]:
    return is_number(value) and value >= 0 and value == int(value)


def _rejections(errors: Any) -> tuple[Rejection, ...]:
    by_id: dict[str, str] = {}
    for error in errors if isinstance(errors, list) else []:
        named = isinstance(error, dict) and isinstance(error.get("record_id"), str)
        if named and error.get("record_type", "page_visit") == "page_visit":
            by_id.setdefault(error["record_id"], str(error.get("message") or "refused"))
    return tuple(Rejection(record_id, reason) for record_id, reason in by_id.items())
