"""Taking batches of visits."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import structlog
from litestar import Response, post
from litestar.di import NamedDependency

from heyho_server.api.asgi import Scope
from heyho_server.api.limiting import count
from heyho_server.api.services import AnyRequest, Services
from heyho_server.batches import Batch, read_batch
from heyho_server.bodies import pieces_of, read_json
from heyho_server.storage.devices import Caller
from heyho_server.storage.intake.delivery import Delivery, Receipt

log = structlog.get_logger()


@post("/data/sync", request_max_body_size=None)
async def sync(
    request: AnyRequest, services: NamedDependency[Services], caller: NamedDependency[Caller]
) -> Response[dict[str, Any]]:
    """Store a batch: its good records all together or not at all, its bad ones named."""
    limiter = services.limiter
    await count(cast(Scope, request.scope), limiter, limiter.rates.sync_user, str(caller.user_id))
    body = await read_json(request.headers, pieces_of(request.receive), services.limits)
    batch = read_batch(body, max_records=services.limits.max_records)
    now_ms = services.now_ms()
    receipt = Receipt()
    if batch.accepted or batch.rejected:
        request_id = structlog.contextvars.get_contextvars()["request_id"]
        receipt = await services.intake.store(
            Delivery(caller=caller, batch=batch, request_id=request_id, at=now_ms)
        )
    log.info(
        "synced",
        user_id=caller.user_id,
        device_id=caller.device_id,
        visits=len(batch.visits),
        tab_aggregates=len(batch.aggregates),
        rejected=len(batch.rejected),
        deleted=receipt.deleted,
    )
    return answer(batch, receipt, now_ms=now_ms)


def answer(batch: Batch, receipt: Receipt, *, now_ms: int) -> Response[dict[str, Any]]:
    """The reply to a batch whose good records are stored.

    `page_visits_synced` and `rejected_records_count` add up to the visits of the request.
    """
    data = {
        "page_visits_synced": len(batch.visits),
        "page_visits_deleted": receipt.deleted,
        "tab_aggregates_synced": len(batch.aggregates),
        "rejected_records_count": len(batch.rejected_visits),
        "data_quality_score": quality(batch),
        "validation_errors": [
            {
                "record_id": record.record_id,
                "record_type": record.record_type,
                "index": record.index,
                "field": record.field,
                "message": record.reason,
                "timestamp": datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(),
            }
            for record in batch.rejected
        ],
    }
    if batch.rejected and not batch.accepted:
        return Response(
            {
                "success": False,
                "message": "Validation failed for one or more records",
                "error_code": "VALIDATION_FAILED",
                "errors": [],
                "data": data,
            },
            status_code=400,
        )
    return Response(
        {"success": True, "message": "Data synced successfully", "data": data}, status_code=200
    )


def quality(batch: Batch) -> float:
    """The share of records that could be stored, in percent."""
    total = batch.accepted + len(batch.rejected)
    return round(100 * batch.accepted / total, 1) if total else 100.0
