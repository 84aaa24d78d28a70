"""What the page shows, out of the database."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from heyho_server.page.chart import Day
from heyho_server.page.status import Site, Status, Sync
from heyho_server.storage.accounts import Account, find_account
from heyho_server.storage.devices import Caller, list_devices
from heyho_server.storage.figures import Amount, Figures, reckon
from heyho_server.storage.filters import Filter
from heyho_server.storage.sync_log import recent
from heyho_server.storage.visits import summarize

DAYS = 30
SITES = 5
SYNCS = 8


async def gather_status(
    connection: AsyncConnection, visitor: Caller, *, zone: str, now_ms: int, code: str | None = None
) -> Status:
    """What a person sees, the days being those of a zone."""
    place = ZoneInfo(zone)
    today = datetime.fromtimestamp(now_ms / 1000, place).date()
    days = [today - timedelta(days=DAYS - 1 - number) for number in range(DAYS)]
    wanted = Filter(
        from_at=_midnight_ms(days[0], place), to_at=_midnight_ms(today + timedelta(days=1), place)
    )
    figures = await reckon(connection, visitor, wanted, place)
    kept = await summarize(connection, visitor, now_ms=now_ms)
    account = await find_account(connection, visitor.user_id)
    known = await list_devices(connection, user_id=visitor.user_id, now_ms=now_ms)
    return Status(
        person=_called(account),
        session=visitor.device_id,
        visits=kept.visits,
        first_visit_at=kept.first_visit_at,
        days=[_day(day, figures) for day in days],
        zone=zone,
        sites=[
            Site(domain=domain, visits=amount.visits, active_ms=amount.active_ms)
            for domain, amount in list(figures.domains.items())[:SITES]
        ],
        devices=[device for device in known if not device.revoked],
        syncs=[_sync(row) for row in await recent(connection, visitor, now_ms=now_ms, limit=SYNCS)],
        now_ms=now_ms,
        code=code,
    )


def _midnight_ms(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, time(), zone).astimezone(UTC).timestamp() * 1000)


def _called(account: Account | None) -> str:
    if account is None:  # removed meanwhile
        return ""
    return account.email or account.first_name or f"User {account.id}"


def _day(day: date, figures: Figures) -> Day:
    amount = figures.days.get(day.isoformat(), Amount())
    return Day(day, amount.visits, amount.active_ms)


def _sync(row: Any) -> Sync:
    return Sync(
        at=row.at,
        device=row.name or "a device that is gone",
        visits=row.visits,
        deleted=row.deleted,
        rejected=row.rejected,
        reasons=[(it["recordId"], it["reason"]) for it in row.rejected_records or []],
    )
