"""Taking in: whole or not at all, each visit once, on both kinds of database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from harness.postgres import Postgres
from heyho_server.errors import NotSignedIn
from heyho_server.incoming.aggregates import aggregate_from_record
from heyho_server.incoming.batches import Batch, RejectedRecord
from heyho_server.incoming.rows import VisitRow
from heyho_server.settings import PARTITIONS, read_database_url
from heyho_server.storage.database import Database, open_database
from heyho_server.storage.devices import Caller, create_device, create_user
from heyho_server.storage.domains import MAX_LABELS, is_of, labels_of, lineage
from heyho_server.storage.intake.delivery import (
    Deletions,
    Delivery,
    Intake,
    Receipt,
    extent_of,
)
from heyho_server.storage.intake.opening import open_intake
from heyho_server.storage.search_sqlite import index_some
from heyho_server.storage.tables import (
    deleted_visits,
    deletions,
    devices,
    sync_log,
    tab_aggregates,
    visits,
)


class Store:
    """An open database with its intake, and two users in it."""

    def __init__(self, database: Database, intake: Intake, ada: Caller, bob: Caller) -> None:
        self.database = database
        self.intake = intake
        self.ada = ada
        self.bob = bob
        self._requests = 0

    async def take(self, *rows: VisitRow, caller: Caller | None = None, **more: Any) -> Receipt:
        self._requests += 1
        return await self.intake.store(
            Delivery(
                caller=caller or self.ada,
                batch=Batch(visits=list(rows), **more),
                request_id=f"request-{self._requests}",
                at=1000 + self._requests,
            )
        )

    async def ask(self, statement: Any) -> list[tuple[Any, ...]]:
        async with self.database.read() as connection:
            return [tuple(row) for row in await connection.execute(statement)]

    async def do(self, statement: Any) -> None:
        async with self.database.write() as connection:
            await connection.execute(statement)

    async def titles(self, caller: Caller | None = None) -> dict[str, str]:
        mine = visits.c.user_id == (caller or self.ada).user_id
        return {row[0]: row[1] for row in await self.ask(_TITLES.where(mine))}


STEPS = (-1, 0, 5, 9, 10, 99, 100, 249, 250, 499, 500, 700, 999)
_TITLES = select(visits.c.id, visits.c.title)

Check = Callable[[Callable[[Store], Awaitable[None]]], None]


@pytest.fixture(params=["sqlite", "postgres", "postgres without partitions"])
def on(request: pytest.FixtureRequest, tmp_path: Path) -> Check:
    """Runs a check on a new database."""
    partitions = 0 if "without" in request.param else PARTITIONS
    if request.param == "sqlite":
        given = f"sqlite:///{tmp_path / 'heyho.sqlite3'}"
    else:
        cluster: Postgres = request.getfixturevalue("postgres_cluster")
        given = cluster.create_database().render_as_string(hide_password=False)

    async def run(check: Callable[[Store], Awaitable[None]]) -> None:
        async with (
            open_database(read_database_url(given, Path()), partitions=partitions) as database,
            open_intake(database) as intake,
        ):
            async with database.write() as connection:
                callers = []
                for name in ("ada", "bob"):
                    user_id = await create_user(connection, now_ms=1)
                    callers.append(
                        await create_device(
                            connection, user_id=user_id, name=name, token=name, now_ms=1
                        )
                    )
            await check(Store(database, intake, *callers))

    return lambda check: asyncio.run(run(check))


def row(visit_id: str, **changes: Any) -> VisitRow:
    return VisitRow(
        id=visit_id,
        url=f"https://www.example.org/{visit_id}",
        title="A",
        domain="example.org",
        started_at=100,
        ended_at=200,
        active_duration_ms=50,
        idle_periods='[[120,150,"idle"]]',
        tab_id=1,
        window_id=None,
        transition="link",
        source_page_visit_id=None,
        anonymous_client_id="device",
        seq=7,
    )._replace(**changes)


def test_a_visit_is_stored_with_all_its_fields(on: Check) -> None:
    async def check(store: Store) -> None:
        given = row("a", category="news", details='{"metadata":{"x":"é"}}')
        assert await store.take(given) == Receipt(deleted=0)
        [stored] = await store.ask(select(visits))
        expected = given._replace(
            idle_periods=[[120, 150, "idle"]],  # type: ignore[arg-type]
            details={"metadata": {"x": "é"}},  # type: ignore[arg-type]
        )
        assert stored == (store.ada.user_id, *expected, 1001)

    on(check)


def test_the_same_again_changes_nothing_a_later_version_replaces_an_older_never_does(
    on: Check,
) -> None:
    async def check(store: Store) -> None:
        await store.take(row("a", title="first"))
        await store.take(row("a", title="same end"))
        assert await store.titles() == {"a": "first"}
        await store.take(row("a", title="later", ended_at=300))
        await store.take(row("a", title="older", ended_at=250))
        assert await store.titles() == {"a": "later"}

    on(check)


def test_of_versions_in_one_batch_the_latest_wins_whatever_their_order(on: Check) -> None:
    async def check(store: Store) -> None:
        early, late = row("a", title="early"), row("a", title="late", ended_at=300)
        await store.take(late, early, row("b"))
        assert await store.titles() == {"a": "late", "b": "A"}
        await store.take(row("c", title="first"), row("c", title="second"))
        assert (await store.titles())["c"] == "first"

    on(check)


def test_two_users_with_the_same_ids(on: Check) -> None:
    async def check(store: Store) -> None:
        await store.take(row("a", title="ada's"))
        await store.take(row("a", title="bob's", ended_at=900), caller=store.bob)
        assert await store.titles() == {"a": "ada's"}
        assert await store.titles(store.bob) == {"a": "bob's"}

    on(check)


@pytest.mark.parametrize("count", [1, 99, 100, 101, 1000])
def test_batches_of_any_size(on: Check, count: int) -> None:
    async def check(store: Store) -> None:
        await store.take(*(row(f"{n}") for n in range(count)))
        assert set(await store.titles()) == {f"{n}" for n in range(count)}

    on(check)


def test_a_batch_of_which_one_row_cannot_be_stored_is_not_stored_at_all(on: Check) -> None:
    async def check(store: Store) -> None:
        bad = row("b", url=None)
        with pytest.raises(Exception, match=r"(?i)not.null"):
            await store.take(row("a"), bad)
        assert await store.titles() == {}
        assert await store.ask(select(sync_log)) == []
        await store.take(row("c"))
        assert await store.titles() == {"c": "A"}

    on(check)


def test_what_comes_at_once_is_stored_and_a_fault_of_one_is_not_of_the_others(on: Check) -> None:
    async def check(store: Store) -> None:
        good = [store.take(row(f"{n}"), row("shared", ended_at=200 + n)) for n in range(40)]
        bad = [store.take(row(f"bad-{n}", url=None)) for n in range(5)]
        outcomes = await asyncio.gather(*good, *bad, return_exceptions=True)
        assert outcomes[:40] == [Receipt()] * 40
        assert all(isinstance(outcome, Exception) for outcome in outcomes[40:])
        assert set(await store.titles()) == {*map(str, range(40)), "shared"}
        [(latest,)] = await store.ask(select(visits.c.ended_at).where(visits.c.id == "shared"))
        assert latest == 239

    on(check)


def test_one_who_stops_waiting_stops_nobody_else(on: Check) -> None:
    async def check(store: Store) -> None:
        tasks = [asyncio.create_task(store.take(row(f"{n}"))) for n in range(20)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert outcomes[1::2] == [Receipt()] * 10
        assert {f"{n}" for n in range(1, 20, 2)} <= set(await store.titles())

    on(check)


def test_tab_aggregates_are_kept_in_their_latest_version(on: Check) -> None:
    def aggregate(active: int) -> Any:
        return aggregate_from_record({"tabId": 1, "startTime": 5, "lastActiveTime": active})

    async def check(store: Store) -> None:
        await store.take(aggregates=[aggregate(20), aggregate(30), aggregate(10)])
        await store.take(aggregates=[aggregate(25)])
        [(key, active, record)] = await store.ask(
            select(tab_aggregates.c.id, tab_aggregates.c.last_active_at, tab_aggregates.c.record)
        )
        assert (key, active, record["lastActiveTime"]) == ("agg_5_1", 30, 30)

    on(check)


def test_what_was_deleted_stays_deleted(on: Check) -> None:
    async def check(store: Store) -> None:
        mine = {"user_id": store.ada.user_id, "deleted_at": 10_000}
        await store.do(deleted_visits.insert().values(id="one", **mine))
        for key, domain, from_at, to_at in (
            ("x", "bank.example", 0, 1000),
            ("y", None, 5000, 6000),
        ):
            await store.do(
                deletions.insert().values(
                    id=key, domain=domain, from_at=from_at, to_at=to_at, visits=0, **mine
                )
            )
        batch = [
            row("one"),
            row("two"),
            row("bank", domain="bank.example"),
            row("www", domain="login.bank.example"),
            row("later", domain="bank.example", started_at=1000, ended_at=1001),
            row("other", domain="notbank.example"),
            row("first", started_at=5000, ended_at=9000),
            row("last", started_at=5999, ended_at=9000),
            row("after", started_at=6000, ended_at=9000),
        ]
        assert await store.take(*batch) == Receipt(deleted=5)
        assert set(await store.titles()) == {"two", "later", "other", "after"}
        assert await store.take(*batch, caller=store.bob) == Receipt(deleted=0)
        [(stored, deleted)] = await store.ask(
            select(sync_log.c.visits, sync_log.c.deleted).where(
                sync_log.c.user_id == store.ada.user_id
            )
        )
        assert (stored, deleted) == (4, 5)

    on(check)


def test_many_deletions_cover_what_each_of_them_does(on: Check) -> None:
    hosts = [f"{name}.example" for name in ("a", "b", "a.b", "c.a.b", "bb", "c")]
    spans = [
        (domain, 1_000 * number, 1_000 * number + length)
        for number in range(1, 1_001)
        for domain, length in (("b.example", 100), ("c.a.b.example", 250), (None, 10))
    ]
    # Also some that meet, one within another, one that ends where another begins, and no times.
    spans += [("a.example", at, at + 700) for at in range(0, 100_000, 500)]
    spans += [("c.example", 5_000, 90_000), ("c.example", 6_000, 7_000)]
    spans += [("c.example", 90_000, 91_000), ("c.example", 95_000, 95_000)]
    numbers = (0, 1, 6, 90, 95, 500, 2_000)
    starts = sorted({1_000 * number + more for number in numbers for more in STEPS})
    batch = [
        row(f"{host} {at}", domain=host, started_at=at, ended_at=at)
        for host in hosts
        for at in starts
    ]
    expected = {
        visit.id
        for visit in batch
        if not any(
            from_at <= visit.started_at < to_at and (domain is None or is_of(visit.domain, domain))
            for domain, from_at, to_at in spans
        )
    }

    async def check(store: Store) -> None:
        mine = {"user_id": store.ada.user_id, "deleted_at": 10_000_000, "visits": 0}
        async with store.database.write() as connection:
            await connection.execute(
                deletions.insert(),
                [
                    {"id": f"{n}", "domain": domain, "from_at": from_at, "to_at": to_at, **mine}
                    for n, (domain, from_at, to_at) in enumerate(spans)
                ],
            )
        receipt = await store.take(*batch)
        assert set(await store.titles()) == expected
        assert 0 < len(expected) < len(batch)
        assert receipt.deleted == len(batch) - len(expected)

    on(check)


def test_only_deletions_that_can_matter_are_looked_at(
    on: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[Any] = []
    usual = Deletions.of

    def noted(rows: Any, ids: Any) -> Deletions:
        rows = list(rows)
        looked_at.extend(tuple(row)[:3] for row in rows)
        return usual(rows, ids)

    monkeypatch.setattr(Deletions, "of", noted)

    async def check(store: Store) -> None:
        mine = {"user_id": store.ada.user_id, "deleted_at": 10_000, "visits": 0}
        for key, span in enumerate(
            [
                *((None, 0, 100), (None, 301, 400), ("other.example", 0, 1000)),
                *(("www.example.org", 0, 1000), ("org", 300, 301), ("example.org", 0, 101)),
            ]
        ):
            values = dict(zip(("domain", "from_at", "to_at"), span, strict=True))
            await store.do(deletions.insert().values(id=f"{key}", **values, **mine))
        await store.take(row("a"), row("b", started_at=300, ended_at=300))
        assert sorted(looked_at) == [("example.org", 0, 101), ("org", 300, 301)]
        assert await store.titles() == {}
        looked_at.clear()
        await store.take()
        assert looked_at == []

    on(check)


@given(st.text("a.", max_size=8), st.text("a.", max_size=4))
def test_the_lineage_of_a_host_is_all_that_it_is_of(host: str, domain: str) -> None:
    assert (domain in lineage(host)) is is_of(host, domain)


@pytest.mark.parametrize("labels", [1, 2, 6, MAX_LABELS, MAX_LABELS + 1, 40])
def test_a_host_is_of_itself_and_of_as_many_labels_as_a_deletion_may_have(labels: int) -> None:
    host = ".".join(f"l{number}" for number in range(labels))
    above = [host.split(".", number)[-1] for number in range(labels)]
    expected = {host} | {domain for domain in above if labels_of(domain) <= MAX_LABELS}
    found = list(lineage(host))
    assert (set(found), len(found)) == (expected, len(expected))


def test_no_batch_asks_for_more_domains_than_a_few_for_each_host() -> None:
    hosts = ["." * 240 + f"x{number}" for number in range(1000)]
    extent = extent_of(Batch(visits=[row(host, domain=host) for host in hosts]))
    assert extent is not None
    assert len(extent.domains) <= (MAX_LABELS + 1) * len(hosts)
    assert set(hosts) < set(extent.domains)


def test_a_host_of_many_labels_is_deleted_with_itself_and_with_those_above(on: Check) -> None:
    deep = ".".join("abcdefghijklmnopqrst")
    domains = {"b.c.d.e.f": "a.b.c.d.e.f", deep: deep, "r.s.t": f"x.{deep}"}

    async def check(store: Store) -> None:
        mine = {"user_id": store.ada.user_id, "deleted_at": 10_000, "visits": 0}
        for domain in domains:
            values = {"id": domain[:9], "domain": domain, "from_at": 0, "to_at": 1000, **mine}
            await store.do(deletions.insert().values(values))
        hosts = [*domains.values(), "a.b.c.d.g.f", "rr.s.t"]
        receipt = await store.take(*(row(host, domain=host) for host in hosts))
        assert set(await store.titles()) == {"a.b.c.d.g.f", "rr.s.t"}
        assert receipt.deleted == 3

    on(check)


def test_tabs_from_before_everything_was_deleted_stay_away(on: Check) -> None:
    async def check(store: Store) -> None:
        mine = {"user_id": store.ada.user_id, "deleted_at": 10_000, "visits": 0}
        for key, domain, from_at, to_at in (
            ("all", None, 0, 1000),
            ("site", "a.example", 0, 5000),
            ("days", None, 3000, 4000),
        ):
            span = {"domain": domain, "from_at": from_at, "to_at": to_at}
            await store.do(deletions.insert().values(id=key, **span, **mine))
        tabs = [
            aggregate_from_record({"tabId": 1, "startTime": at, "lastActiveTime": 9000})
            for at in (0, 999, 1000, 3500)
        ]
        receipt = await store.take(aggregates=tabs)
        assert receipt == Receipt(deleted_aggregates=2)
        assert await store.take(aggregates=tabs, caller=store.bob) == Receipt()
        kept = select(tab_aggregates.c.id).where(tab_aggregates.c.user_id == store.ada.user_id)
        assert set(await store.ask(kept)) == {("agg_1000_1",), ("agg_3500_1",)}
        logged = select(sync_log.c.tab_aggregates).order_by(sync_log.c.at)
        assert await store.ask(logged) == [(2,), (4,)]

    on(check)


def test_each_delivery_is_logged_with_what_was_refused(on: Check) -> None:
    refused = RejectedRecord(
        record_id="b", record_type="page_visit", index=1, field="url", reason="url is missing."
    )

    async def check(store: Store) -> None:
        await store.take(row("a"), rejected_visits=[refused])
        [logged] = await store.ask(select(sync_log))
        ada = store.ada
        assert logged[:-1] == (ada.user_id, 1001, "request-1", ada.device_id, 1, 0, 0, 1)
        assert logged[-1] == [
            {
                "recordId": "b",
                "recordType": "page_visit",
                "index": 1,
                "field": "url",
                "reason": "url is missing.",
            }
        ]

    on(check)


def test_a_device_is_marked_as_seen_within_a_minute(on: Check) -> None:
    seen = select(devices.c.last_seen_at).where(devices.c.name == "ada")

    async def check(store: Store) -> None:
        await store.take(row("a"))
        assert await store.ask(seen) == [(1001,)]
        await store.take(row("b"))
        assert await store.ask(seen) == [(1001,)]
        await store.do(devices.update().values(last_seen_at=1003 - 60_001))
        await store.take(row("c"))
        assert await store.ask(seen) == [(1003,)]

    on(check)


def test_nothing_is_stored_of_a_user_who_was_removed(on: Check) -> None:
    async def check(store: Store) -> None:
        await store.do(devices.delete())
        await store.do(text("DELETE FROM users"))
        with pytest.raises(NotSignedIn):
            await store.take(row("a"))
        assert await store.ask(select(func.count()).select_from(visits)) == [(0,)]

    on(check)


def test_sqlite_puts_a_changed_text_back_in_line_for_search(on: Check) -> None:
    async def check(store: Store) -> None:
        if store.database.is_postgres:
            found = text("SELECT id FROM visits WHERE words @@ to_tsquery('simple', 'later')")
        else:
            found = text("SELECT id FROM visits WHERE search_key IS NULL")
        await store.take(row("a"))
        if not store.database.is_postgres:
            async with store.database.write() as connection:
                assert await index_some(connection) == 1
            assert await store.ask(found) == []
        await store.take(row("a", title="later", ended_at=300))
        assert await store.ask(found) == [("a",)]

    on(check)
