"""Taking batches of visits."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

import msgspec
import structlog
from litestar import post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from msgspec import UNSET, UnsetType

from heyho_server.api.asgi import Scope
from heyho_server.api.documented import TOKEN, Refusal, answers, refusals, takes
from heyho_server.api.limiting import count
from heyho_server.api.services import AnyRequest, Services
from heyho_server.api.trials import Trial, read_trial
from heyho_server.errors import NothingStored
from heyho_server.incoming.batches import Batch, read_batch
from heyho_server.incoming.bodies import pieces_of, read_json
from heyho_server.incoming.usual import Body
from heyho_server.storage.database import DRIVER_ERRORS
from heyho_server.storage.devices import Caller
from heyho_server.storage.intake.delivery import Delivery, Receipt

log = structlog.get_logger()


class Fault(msgspec.Struct):
    """Why a record is not stored: `record_id` is its id, or "#" and its index where it has none."""

    record_id: str
    record_type: str
    index: int
    field: str
    message: str
    timestamp: str


class Outcome(msgspec.Struct):
    """What became of a batch.

    `page_visits_synced` and `rejected_records_count` add up to the visits of the request. `trial`
    is there where it is true: then it is what would have become of the batch.
    """

    page_visits_synced: int
    page_visits_deleted: int
    tab_aggregates_synced: int
    rejected_records_count: int
    data_quality_score: float
    validation_errors: list[Fault]
    trial: bool | UnsetType = UNSET


class Synced(msgspec.Struct):
    """The answer to a batch of which some record was good, or that had none."""

    success: bool
    message: str
    data: Outcome


class Unsynced(Refusal):
    """The answer to what is no batch, or to one without any good record, which has `data`."""

    errors: list[str] | UnsetType = UNSET
    data: Outcome | UnsetType = UNSET


FAULT = Fault(
    record_id="0199c1d2-7a30-7c44-9b3c-0d5e8f6a1b02",
    record_type="page_visit",
    index=1,
    field="url",
    message="url is missing.",
    timestamp="2026-01-01T12:00:00+00:00",
)
SYNCED = Synced(
    success=True, message="Data synced successfully", data=Outcome(1, 0, 0, 1, 50.0, [FAULT])
)
VISIT = {
    "id": "0199c1d2-7a30-7c44-9b3c-0d5e8f6a1b01",
    "url": "https://example.org/read?page=2",
    "title": "An example",
    "domain": "example.org",
    "startedAt": 1_767_261_600_000,
    "endedAt": 1_767_261_660_000,
    "durationSeconds": 60,
    "activeDuration": 45_000,
    "engagementRate": 0.75,
    "idlePeriods": [{"start": 1_767_261_600_000, "end": 1_767_261_615_000, "reason": "idle"}],
    "tabId": 7,
    "windowId": 1,
    "transition": "link",
    "sourcePageVisitId": None,
    "anonymousClientId": "0199c1d2-0000-7000-8000-000000000001",
    "seq": 1,
}
BATCH = {"anonymousClientId": VISIT["anonymousClientId"], "pageVisits": [VISIT]}
UNSYNCED = ResponseSpec(
    Unsynced,
    generate_examples=False,
    description="No batch, or no good record in it",
    examples=[
        Example(
            value={
                "success": False,
                "message": "The body is not valid JSON (at character 1).",
                "error_code": "BAD_BODY",
            }
        ),
        Example(
            value={
                "success": False,
                "message": "Validation failed for one or more records",
                "error_code": "VALIDATION_FAILED",
                "errors": [],
                "data": msgspec.to_builtins(Outcome(0, 0, 0, 1, 0.0, [FAULT])),
            }
        ),
    ],
)


@post(
    "/data/sync",
    request_max_body_size=None,
    status_code=200,
    tags=["Data"],
    summary="Store a batch of visits",
    security=TOKEN,
    opt=takes(Body, visits=BATCH, nothing={"pageVisits": []}),
    responses=answers(Synced, SYNCED) | {400: UNSYNCED} | refusals(401, 408, 413, 415),
)
async def sync(
    request: AnyRequest,
    services: NamedDependency[Services],
    caller: NamedDependency[Caller],
    marked: Trial = None,
) -> Synced:
    """Store a batch: its good records all together or not at all, its bad ones named.

    The body may be compressed, with Content-Encoding: gzip. A record that is not as described is
    refused by itself, and the others are stored. Of a trial nothing is kept.
    """
    limiter = services.limiter
    await count(cast(Scope, request.scope), limiter, limiter.rates.sync_user, str(caller.user_id))
    trial = read_trial(marked)
    body = await read_json(request.headers, pieces_of(request.receive), services.limits)
    batch = read_batch(body, max_records=services.limits.max_records)
    now_ms = services.now_ms()
    receipt = Receipt()
    if batch.accepted or batch.rejected:
        request_id = structlog.contextvars.get_contextvars()["request_id"]
        delivery = Delivery(
            caller=caller, batch=batch, request_id=request_id, at=now_ms, trial=trial
        )
        with services.metrics.database_errors.count_exceptions(DRIVER_ERRORS):
            receipt = await services.intake.store(delivery)
    if trial:
        services.metrics.trials.inc()
        services.metrics.trial_visits.inc(len(batch.visits) - receipt.deleted)
    else:
        services.metrics.visits.inc(len(batch.visits) - receipt.deleted)
        services.metrics.rejected.inc(len(batch.rejected))
    log.info(
        "synced",
        user_id=caller.user_id,
        device_id=caller.device_id,
        visits=len(batch.visits),
        tab_aggregates=len(batch.aggregates),
        rejected=len(batch.rejected),
        deleted=receipt.deleted,
        **({"trial": True} if trial else {}),
    )
    return answer(batch, receipt, now_ms=now_ms, trial=trial)


def answer(batch: Batch, receipt: Receipt, *, now_ms: int, trial: bool) -> Synced:
    """The reply to a batch whose good records are stored, or were for the time of a trial.

    Raises:
        NothingStored: it has records, and none of them is good.
    """
    timestamp = datetime.fromtimestamp(now_ms / 1000, UTC).isoformat()
    outcome = Outcome(
        page_visits_synced=len(batch.visits),
        page_visits_deleted=receipt.deleted,
        tab_aggregates_synced=len(batch.aggregates),
        rejected_records_count=len(batch.rejected_visits),
        data_quality_score=quality(batch),
        validation_errors=[
            Fault(
                record_id=record.record_id,
                record_type=record.record_type,
                index=record.index,
                field=record.field,
                message=record.reason,
                timestamp=timestamp,
            )
            for record in batch.rejected
        ],
        trial=trial or UNSET,
    )
    if batch.rejected and not batch.accepted:
        raise NothingStored(msgspec.to_builtins(outcome))
    return Synced(success=True, message="Data synced successfully", data=outcome)


def quality(batch: Batch) -> float:
    """The share of records that could be stored, in percent."""
    total = batch.accepted + len(batch.rejected)
    return round(100 * batch.accepted / total, 1) if total else 100.0
