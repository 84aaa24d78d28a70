"""What every implementation of the store ports must do.

Plain coroutines that assert, so that they run wherever a store does: in CPython on the in-memory
twins, in Pyodide on IndexedDB. Each gets stores of a fresh, empty database.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from heyho.errors import Unintelligible
from heyho.model import Rejection, SeqRange
from heyho.ports import Record
from heyho.ports.catalog import CATALOG_FIELDS, Calendar, CatalogChange, CatalogStore, Outdated
from heyho.ports.stores import EventLog, Folded, LedgerStore, RunStore, StateStore, VisitStore

SERVER = "https://history.example/api/v1"


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores of one database, and the recorder's way of writing events."""

    events: EventLog
    visits: VisitStore
    ledger: LedgerStore
    state: StateStore
    runs: RunStore
    catalog: CatalogStore
    calendar: Calendar
    append_events: Callable[[Sequence[Record]], Awaitable[None]]
    runs_kept: Callable[[], Awaitable[list[Record]]]
    rejected: Callable[[], Awaitable[list[Record]]]
    decode: Callable[[Any], Awaitable[Record]]


Contract = Callable[[Stores], Awaitable[None]]


def visit(number: int) -> Record:
    """A visit's record as the fold makes it, without `seq`."""
    return {
        "id": f"visit-{number}",
        "url": f"https://example.org/{number}?q=ü&r=🙂",
        "title": f"Seite {number} “🙂”",
        "domain": "example.org",
        "startedAt": 1_700_000_000_000 + number,
        "endedAt": 1_700_000_000_900 + number,
        "sourcePageVisitId": None,
        "idlePeriods": [],
    }


async def fill(stores: Stores, first: int, last: int) -> None:
    """Store the visits `first..last` by folding one event."""
    await stores.append_events([{"kind": "heartbeat", "at": 1}])
    visits = [visit(number) for number in range(first, last + 1)]
    await stores.events.fold(lambda state, events: Folded({}, visits), limit=10)


async def folds_events_in_order_once(stores: Stores) -> None:
    """Events come oldest first, `limit` at a time, with the state the last step left."""
    seen: list[tuple[Record | None, list[Any]]] = []

    def step(state: Record | None, events: Sequence[tuple[int, Record]]) -> Folded:
        seen.append((state, [event["n"] for _, event in events]))
        keys = [key for key, _ in events]
        assert keys == sorted(set(keys))
        return Folded({"steps": len(seen), "none": None}, [])

    await stores.append_events([{"kind": "x", "at": 1.5, "n": n, "url": None} for n in range(5)])
    counts = [await stores.events.fold(step, limit=2) for _ in range(4)]
    assert counts == [2, 2, 1, 0]
    assert seen == [
        (None, [0, 1]),
        ({"steps": 1, "none": None}, [2, 3]),
        ({"steps": 2, "none": None}, [4]),
    ]


async def keeps_null_in_events(stores: Stores) -> None:
    """None survives the way to Python and back: it is not an absent field."""
    found: list[Record] = []

    def step(state: Record | None, events: Sequence[tuple[int, Record]]) -> Folded:
        found.extend(event for _, event in events)
        return Folded({}, [])

    event = {"kind": "navigated", "at": 12.25, "url": None, "tabs": [{"url": None, "active": True}]}
    await stores.append_events([event])
    await stores.events.fold(step, limit=10)
    assert found == [event]


async def failed_fold_changes_nothing(stores: Stores) -> None:
    """A step that raises leaves events, visits and state as they were."""

    def fails(state: Record | None, events: Sequence[tuple[int, Record]]) -> Folded:
        raise ValueError("on purpose")

    await stores.append_events([{"kind": "x", "at": 1}])
    try:
        await stores.events.fold(fails, limit=10)
    except ValueError as error:
        assert str(error) == "on purpose"
    else:
        raise AssertionError("the step's error was swallowed")
    assert await stores.visits.bounds() is None
    again = await stores.events.fold(lambda state, events: Folded({}, [visit(1)]), limit=10)
    assert again == 1
    assert await stores.visits.bounds() == SeqRange(1, 1)


async def same_visit_is_stored_once(stores: Stores) -> None:
    """A visit whose id is known already is left out, and the others are stored."""
    await fill(stores, 1, 3)
    await fill(stores, 2, 5)
    bounds = await stores.visits.bounds()
    assert bounds is not None
    assert await stores.visits.count(bounds) == 5


async def numbers_visits_in_sequence(stores: Stores) -> None:
    """Sequence numbers grow with every visit stored."""
    assert await stores.visits.bounds() is None
    await fill(stores, 1, 3)
    assert await stores.visits.bounds() == SeqRange(1, 3)
    await fill(stores, 4, 4)
    assert await stores.visits.bounds() == SeqRange(1, 4)
    assert await stores.visits.count(SeqRange(2, 3)) == 2
    assert await stores.visits.count(SeqRange(4, 400)) == 1


async def payload_is_the_request_body(stores: Stores) -> None:
    """A payload holds the range's visits whole, in order, with their `seq`, gzipped."""
    await fill(stores, 1, 5)
    payload = await stores.visits.payload(SeqRange(2, 4), client_id="device")
    body = await stores.decode(payload.body)
    assert body["anonymousClientId"] == "device"
    assert body["tabAggregates"] == []
    assert body["pageVisits"] == [{**visit(n), "seq": n} for n in (2, 3, 4)]
    assert payload.visits == 3
    assert payload.only_id is None
    assert 0 < payload.sent_bytes < payload.json_bytes


async def payload_of_one_tells_its_id(stores: Stores) -> None:
    """A payload of exactly one visit says which, for quarantine; one of none is empty."""
    await fill(stores, 1, 2)
    one = await stores.visits.payload(SeqRange(2, 2), client_id="device")
    assert (one.visits, one.only_id) == (1, "visit-2")
    none = await stores.visits.payload(SeqRange(7, 9), client_id="device")
    assert (none.visits, none.only_id) == (0, None)


async def ledger_grows_by_server(stores: Stores) -> None:
    """Each server has a ledger of its own; neighbouring ranges become one."""
    assert (await stores.ledger.ledger(SERVER)).ranges == ()
    for seqs in (SeqRange(1, 10), SeqRange(21, 30), SeqRange(11, 20)):
        await stores.ledger.acknowledge(SERVER, [seqs], [], at_ms=1)
    await stores.ledger.acknowledge("https://other.example", [SeqRange(5, 6)], [], at_ms=1)
    assert (await stores.ledger.ledger(SERVER)).ranges == (SeqRange(1, 30),)
    assert (await stores.ledger.ledger("https://other.example")).ranges == (SeqRange(5, 6),)


async def rejections_go_to_quarantine(stores: Stores) -> None:
    """A rejected record is kept with the reason and the time; its visit stays where it is."""
    await fill(stores, 1, 3)
    rejection = Rejection("visit-2", "url is missing.")
    await stores.ledger.acknowledge(SERVER, [SeqRange(1, 3)], [rejection], at_ms=42)
    assert await stores.ledger.quarantined() == 1
    [kept] = await stores.rejected()
    assert kept["id"] == "visit-2"
    assert kept["reason"] == "url is missing."
    assert kept["when"] == 42
    assert kept["record"] == {**visit(2), "seq": 2}
    assert await stores.visits.count(SeqRange(1, 3)) == 3


async def quarantine_tells_of_the_latest(stores: Stores) -> None:
    """By the order of their ids, the last first, with all that is kept of them."""
    await fill(stores, 1, 3)
    assert await stores.ledger.quarantine(2) == []
    rejections = [Rejection(f"visit-{number}", f"why {number}") for number in (3, 1, 2)]
    await stores.ledger.acknowledge(SERVER, [SeqRange(1, 3)], rejections, at_ms=42)
    told = await stores.ledger.quarantine(2)
    assert [record["id"] for record in told] == ["visit-3", "visit-2"]
    assert (told[0]["reason"], told[0]["when"]) == ("why 3", 42)
    assert told[0]["record"] == {**visit(3), "seq": 3}


async def unknown_rejection_is_no_acknowledgement(stores: Stores) -> None:
    """A server that rejects what it was not sent cannot be believed: nothing changes."""
    await fill(stores, 1, 4)
    for stranger in ("who", "visit-4"):
        rejections = [Rejection("visit-2", "why"), Rejection(stranger, "why")]
        try:
            await stores.ledger.acknowledge(SERVER, [SeqRange(1, 3)], rejections, at_ms=1)
        except Unintelligible as error:
            assert stranger in str(error)
        else:
            raise AssertionError("the rejection was believed")
    assert (await stores.ledger.ledger(SERVER)).ranges == ()
    assert await stores.ledger.quarantined() == 0


async def state_keeps_json(stores: Stores) -> None:
    """Values come back equal; an unknown key gives None; a value is replaced whole."""
    assert await stores.state.get("nothing") is None
    values: list[Any] = [{"a": [1, 2.5, None, True, "ü"], "b": {}}, [], "text", 0, False]
    for value in values:
        await stores.state.put("key", value)
        assert await stores.state.get("key") == value


async def runs_are_bounded(stores: Stores) -> None:
    """Only the newest runs are kept, in order, and the spans of fewer."""
    for number in range(7):
        await stores.runs.add(
            {"startedAt": number, "error": None, "spans": [1]}, keep=3, keep_spans=2
        )
    kept = [(run["startedAt"], run["spans"]) for run in await stores.runs_kept()]
    assert kept == [(4, []), (5, [1]), (6, [1])]


async def catalog_is_changed_as_a_whole(stores: Stores) -> None:
    """Rows, days and state are written together, on the revision that was expected."""
    catalog, state = stores.catalog, stores.state
    await catalog.write(
        CatalogChange(
            expects=0,
            catalog={"revision": 1},
            rows={(1, "w0"): b"a\x00\xff", (1, "d0"): b"b", (2, "x"): b"", (10, "w0"): b"c"},
            days={"2026-11-25": {"visits": 1, "sites": {"ü": [1, 2]}}, "2026-12-01": {"visits": 2}},
            state={"other": [1]},
        )
    )
    assert await state.get("catalog") == {"revision": 1}
    assert await state.get("other") == [1]
    keys = [(10, "w0"), (1, "w0"), (3, "w0"), (2, "x"), (1, "w0")]
    assert await catalog.rows(keys) == [b"c", b"a\x00\xff", None, b"", b"a\x00\xff"]
    assert await catalog.rows([]) == []
    assert await catalog.block(1) == {"w0": b"a\x00\xff", "d0": b"b"}
    assert await catalog.block(3) == {}
    for stale in (0, 2):
        change = CatalogChange(
            expects=stale,
            catalog={"revision": 7},
            drop=[1],
            rows={(3, "w0"): b"d"},
            clear_days=True,
            state={"other": None},
        )
        try:
            await catalog.write(change)
        except Outdated:
            continue
        raise AssertionError("an outdated change was written")
    assert await state.get("catalog") == {"revision": 1}
    assert await state.get("other") == [1]
    assert await catalog.rows([(1, "d0"), (3, "w0")]) == [b"b", None]
    assert list(await catalog.days_between("2026-01-01", "2026-12-31")) == [
        "2026-11-25",
        "2026-12-01",
    ]
    await catalog.write(
        CatalogChange(
            expects=1,
            catalog={"revision": 2},
            drop=[1],
            rows={(3, "w0"): b"d"},
            days={"2026-11-25": None, "2026-11-26": {"visits": 3}},
        )
    )
    assert await catalog.rows([(1, "w0"), (1, "d0"), (2, "x"), (10, "w0")]) == [
        *(None, None, b"", b"c"),
    ]
    found = await catalog.days(["2026-11-26", "2026-11-25"])
    assert found == [{"visits": 3}, None]
    assert await catalog.days_between("2026-11-25", "2026-11-30") == {"2026-11-26": {"visits": 3}}
    await catalog.write(
        CatalogChange(
            expects=2, catalog={"revision": 3}, clear_days=True, days={"2027-01-01": {"visits": 4}}
        )
    )
    assert await catalog.days_between("", "z") == {"2027-01-01": {"visits": 4}}


async def catalog_reads_visits(stores: Stores) -> None:
    """By number, by id and by time; with the fields that the catalog needs, and no others."""
    catalog = stores.catalog
    await fill(stores, 1, 30)
    [first, gone, last] = await catalog.visits([1, 99, 30])
    names = visit(1).keys() & {*CATALOG_FIELDS}
    assert first == {"seq": 1, **{name: visit(1)[name] for name in names}}
    assert gone is None
    assert last
    assert last["title"] == "Seite 30 “🙂”"
    near = await catalog.visits([3, 2, 4, 3])
    assert [found["seq"] for found in near if found] == [3, 2, 4, 3]
    assert await catalog.visits([]) == []
    assert [found["seq"] for found in await catalog.after(27, limit=10)] == [28, 29, 30]
    assert [found["seq"] for found in await catalog.after(0, limit=2)] == [1, 2]
    assert await catalog.after(30, limit=2) == []
    assert [await catalog.count_after(seq, most=31) for seq in (0, 28, 30)] == [30, 2, 0]
    assert await catalog.count_after(10, most=5) == 20
    found = await catalog.by_id("visit-7")
    assert found
    assert found["seq"] == 7
    assert await catalog.by_id("visit-99") is None
    begun = await catalog.begun_between(1_700_000_000_005, 1_700_000_000_007, limit=9)
    assert [found["seq"] for found in begun] == [5, 6, 7]
    assert len(await catalog.begun_between(0, 2e12, limit=4)) == 4
    assert await catalog.begun_between(2, 1, limit=4) == []


async def calendar_tells_the_local_time(stores: Stores) -> None:
    """A zone has a name, and is at most a day from UTC."""
    assert stores.calendar.zone()
    offset = stores.calendar.offset_min(1_700_000_000_000)
    assert isinstance(offset, int)
    assert abs(offset) <= 24 * 60


async def runs_are_read_newest_first(stores: Stores) -> None:
    """As many as wished, with the keys to go on from."""
    assert await stores.runs.latest(3) == []
    for number in range(5):
        await stores.runs.add({"startedAt": number, "spans": []}, keep=9, keep_spans=9)
    newest = await stores.runs.latest(2)
    assert [run["startedAt"] for _, run in newest] == [4, 3]
    older = await stores.runs.latest(9, before=newest[-1][0])
    assert [run["startedAt"] for _, run in older] == [2, 1, 0]
    assert await stores.runs.latest(9, before=older[-1][0]) == []


async def visits_are_counted_by_domain(stores: Stores) -> None:
    """Those of exactly this domain."""
    await fill(stores, 1, 3)
    assert await stores.visits.count_of("one.example") == 0
    assert await stores.visits.count_of("example.org") == 3


CONTRACTS: tuple[Contract, ...] = (
    folds_events_in_order_once,
    keeps_null_in_events,
    failed_fold_changes_nothing,
    same_visit_is_stored_once,
    numbers_visits_in_sequence,
    payload_is_the_request_body,
    payload_of_one_tells_its_id,
    ledger_grows_by_server,
    rejections_go_to_quarantine,
    quarantine_tells_of_the_latest,
    unknown_rejection_is_no_acknowledgement,
    state_keeps_json,
    runs_are_bounded,
    catalog_is_changed_as_a_whole,
    catalog_reads_visits,
    calendar_tells_the_local_time,
    runs_are_read_newest_first,
    visits_are_counted_by_domain,
)
