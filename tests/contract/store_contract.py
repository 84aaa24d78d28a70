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
from heyho.ports import (
    EventLog,
    Folded,
    LedgerStore,
    Record,
    RunStore,
    StateStore,
    VisitStore,
)

SERVER = "https://history.example/api/v1"


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores of one database, and the recorder's way of writing events."""

    events: EventLog
    visits: VisitStore
    ledger: LedgerStore
    state: StateStore
    runs: RunStore
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
    runs_are_read_newest_first,
    visits_are_counted_by_domain,
)
