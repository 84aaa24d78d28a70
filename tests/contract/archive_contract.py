"""What every implementation of ArchiveStore must do; run as `store_contract` is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from contract.store_contract import SERVER, Stores, visit
from heyho.archive.selection import Selection
from heyho.model import Rejection, SeqRange
from heyho.ports import Record
from heyho.ports.archive import Added, ArchiveStore
from heyho.ports.catalog import CatalogChange, Outdated
from heyho.ports.stores import Folded

EVERYTHING = Selection()
START = 1_700_000_000_000
NEAR_MS = 5000


@dataclass(frozen=True, slots=True)
class Archived:
    """The stores of one database, with an archive on it."""

    stores: Stores
    archive: ArchiveStore


ArchiveContract = Callable[[Archived], Awaitable[None]]


def recorded(number: int, **changes: Any) -> Record:
    """A visit that the recorder has made."""
    return {**visit(number), "tabId": 1, **changes}


def imported(number: int, **changes: Any) -> Record:
    """A visit from elsewhere."""
    return {**visit(number), "id": f"imported-{number}", "tabId": None, **changes}


def deletion(**changes: Any) -> Record:
    """A deletion that begins."""
    return {"phase": "moving", "after": 0, "visits": 0, **changes}


async def record(world: Archived, visits: Sequence[Record], state: Record | None = None) -> None:
    """Store visits as the fold does."""
    await world.stores.append_events([{"kind": "heartbeat", "at": 1}])
    await world.stores.events.fold(lambda _, events: Folded(state or {}, visits), limit=10)


async def rows(world: Archived, selection: Selection = EVERYTHING) -> list[Record]:
    """What a selection means."""
    found, after = await world.archive.read(selection, after=0, limit=1000)
    assert after is None
    return found


async def move_all(world: Archived, selection: Selection, limit: int = 1000) -> Record:
    """Delete what a selection means."""
    await world.archive.delete(deletion(), meant=selection)
    after: int | None = 0
    while after is not None:
        found, after = await world.archive.read(selection, after=after, limit=limit)
        await world.archive.move([each["seq"] for each in found], after=after)
    told: Record = await world.stores.state.get("deletion")
    assert told["phase"] == "kept"
    return told


async def restore_all(world: Archived, limit: int = 1000) -> None:
    """Undo a deletion."""
    await world.archive.turn("restoring")
    while True:
        seqs = [each.visit["seq"] for each in await world.archive.thrown(limit=limit)]
        await world.archive.restore(seqs)
        if not seqs:
            return


async def adds_what_is_new(world: Archived) -> None:
    """Visits get numbers in their order; the same once more adds nothing."""
    batch = [imported(n, tabId=None) for n in range(1, 4)]
    assert await world.archive.add(batch, near_ms=NEAR_MS) == Added(3, 0, 0)
    assert await world.archive.add([imported(4), *batch], near_ms=NEAR_MS) == Added(1, 3, 0)
    found = await rows(world)
    assert [(each["id"], each["seq"]) for each in found] == [
        ("imported-1", 1),
        ("imported-2", 2),
        ("imported-3", 3),
        ("imported-4", found[-1]["seq"]),
    ]
    assert found[0] == {**imported(1), "seq": 1}


async def a_known_id_at_another_time_is_known(world: Archived) -> None:
    """An id is one visit, whatever else is said of it."""
    await record(world, [recorded(1)])
    other = recorded(1, startedAt=START + 90_000_000)
    assert await world.archive.add([other, imported(2)], near_ms=0) == Added(1, 1, 0)


async def leaves_out_what_the_recorder_has(world: Archived) -> None:
    """The same address at about the same time, ended or still open, is the same visit."""
    open_visit = {"url": "https://open.example/", "startedAt": START}
    await record(world, [recorded(1)], {"tabs": [{"visit": None}, {"visit": open_visit}]})
    at = recorded(1)["startedAt"]
    batch = [
        imported(1, id="a", startedAt=at + NEAR_MS),
        imported(1, id="b", startedAt=at + NEAR_MS + 1),
        imported(2, id="c", startedAt=at),
        imported(3, id="d", url="https://open.example/", startedAt=START - NEAR_MS),
        recorded(1, id="e", startedAt=at + 1),
    ]
    assert await world.archive.add(batch, near_ms=NEAR_MS) == Added(3, 0, 2)
    assert [each["id"] for each in await rows(world)] == ["visit-1", "b", "c", "e"]


async def reads_and_counts_in_steps(world: Archived) -> None:
    """A step looks at `limit` visits, and says where to go on."""
    await record(world, [recorded(n, domain=f"s{n % 2}.example") for n in range(1, 6)])
    selection = Selection(site="s1.example")
    found, after = await world.archive.read(selection, after=0, limit=4)
    assert [each["seq"] for each in found] == [1, 3]
    assert after == 4
    found, after = await world.archive.read(selection, after=4, limit=4)
    assert ([each["seq"] for each in found], after) == ([5], None)
    some = await world.archive.find(selection, after=0, limit=4)
    assert (some.visits, some.first_at, some.last_at) == (2, START + 1, START + 3)
    assert (some.sites, some.after) == (frozenset({"s1.example"}), 4)
    none = await world.archive.find(Selection(site="x.example"), after=0, limit=100)
    assert (none.visits, none.first_at, none.after) == (0, None, None)


async def selects_by_site_days_and_pattern(world: Archived) -> None:
    """A site has its subdomains; days end before their end; patterns are those of exclusions."""
    hosts = ("a.example", "sub.a.example", "nota.example", "b.example")
    await record(
        world,
        [
            recorded(n, domain=host, url=f"https://{host}/{n}", startedAt=START + n)
            for n, host in enumerate(hosts)
        ],
    )

    async def numbers(**wish: Any) -> list[int]:
        return [each["startedAt"] - START for each in await rows(world, Selection(**wish))]

    assert await numbers(site="a.example") == [0, 1]
    assert await numbers(from_at=START + 1, to_at=START + 3) == [1, 2]
    assert await numbers(patterns=("a.example", "*.example/3")) == [0, 1, 3]
    assert await numbers(site="a.example", from_at=START + 1) == [1]


async def moves_into_the_trash_and_back(world: Archived) -> None:
    """What is deleted is gone at once; undone, all is as it was, with the same numbers."""
    await record(world, [recorded(n, domain=f"s{n % 2}.example") for n in range(1, 8)])
    before = await rows(world)
    told = await move_all(world, Selection(site="s1.example"), limit=2)
    assert told["visits"] == 4
    assert [each["seq"] for each in await rows(world)] == [2, 4, 6]
    assert (await world.archive.figures())["trash"] == 4
    thrown = await world.archive.thrown(limit=3)
    assert [(each.visit, each.known) for each in thrown] == [(before[n], False) for n in (0, 2, 4)]
    assert (await world.archive.turn("restoring")) == {**told, "phase": "restoring"}
    await restore_all(world, limit=3)
    assert await rows(world) == before
    assert await world.stores.state.get("deletion") is None
    assert (await world.archive.figures())["trash"] == 0


async def moves_only_while_it_is_time(world: Archived) -> None:
    """In any other phase nothing moves; the count goes on, and so does the place."""
    await record(world, [recorded(1), recorded(2), recorded(3)])
    await world.archive.move([1], after=None)
    assert len(await rows(world)) == 3
    await world.archive.delete(deletion(), meant=EVERYTHING)
    await world.archive.move([2], after=2)
    told = await world.stores.state.get("deletion")
    assert told == deletion(after=2, visits=1, last=3)
    await world.archive.move([], after=None)
    assert await world.stores.state.get("deletion") == {**told, "phase": "kept"}
    await world.archive.move([3], after=None)
    assert [each["seq"] for each in await rows(world)] == [1, 3]


async def the_catalog_changes_along_or_nothing_does(world: Archived) -> None:
    """A change that comes too late undoes all of it."""
    await record(world, [recorded(1), recorded(2)])
    await world.archive.delete(deletion(), meant=EVERYTHING)

    def change(revision: int) -> CatalogChange:
        return CatalogChange(expects=revision, catalog={"revision": revision + 1})

    async def fails(attempt: Awaitable[None]) -> None:
        try:
            await attempt
        except Outdated:
            return
        raise AssertionError("it was not outdated")

    await fails(world.archive.move([1], after=None, change=change(7)))
    assert len(await rows(world)) == 2
    await world.archive.move([1], after=None, change=change(0))
    assert (await world.stores.state.get("catalog"))["revision"] == 1
    await fails(world.archive.restore([1], change=change(0)))
    assert len(await rows(world)) == 1
    await world.archive.restore([1], change=change(1))
    await fails(world.archive.drop([1], change=change(1)))
    assert len(await rows(world)) == 2
    await world.archive.drop([1], change=change(2))
    assert len(await rows(world)) == 1


async def forgets_for_good(world: Archived) -> None:
    """The trash is emptied in pieces, and the deletion is over."""
    await record(world, [recorded(n) for n in range(1, 6)])
    await move_all(world, EVERYTHING)
    order = {"to": 5}
    await world.archive.turn("forgetting", [order])
    await world.archive.turn("forgetting", [order])
    assert await world.stores.state.get("orders") == [order, order]
    assert [await world.archive.forget(limit=3) for _ in range(3)] == [3, 2, 0]
    assert await world.stores.state.get("deletion") is None
    assert await world.archive.thrown(limit=10) == []
    assert await rows(world) == []
    await record(world, [recorded(9)])
    [one] = await rows(world)
    assert one["seq"] > 5


async def a_ledger_that_passed_over_a_visit_gives_it_back(world: Archived) -> None:
    """What was not sent when it was deleted waits after an undo; what was sent does not."""
    await record(world, [recorded(n) for n in range(1, 1001)])
    await world.stores.ledger.acknowledge(SERVER, [SeqRange(1, 500)], [], at_ms=1)
    await move_all(world, Selection(from_at=START + 400))
    await world.stores.ledger.acknowledge(SERVER, [SeqRange(501, 1000)], [], at_ms=1)
    await restore_all(world, limit=250)
    ledger = await world.stores.ledger.ledger(SERVER)
    assert list(ledger.waiting(SeqRange(1, 1000))) == [SeqRange(501, 1000)]


async def quarantine_goes_along(world: Archived) -> None:
    """A refused record leaves no copy behind, and comes back with its reason."""
    await record(world, [recorded(1), recorded(2)])
    await world.stores.ledger.acknowledge(
        SERVER, [SeqRange(1, 2)], [Rejection("visit-1", "no")], at_ms=7
    )
    before = await world.stores.rejected()
    await move_all(world, EVERYTHING)
    assert await world.stores.rejected() == []
    await restore_all(world, limit=10)
    assert await world.stores.rejected() == before


async def open_visits_go_along(world: Archived) -> None:
    """An open visit is dropped where it is meant, by site, pattern or time; another stays."""
    hosts = ("www.a.example", "sub.a.example", "b.example", "c.example")
    tabs = [
        {
            "tabId": n,
            "openerId": f"open-{n - 1}",
            "visit": {"id": f"open-{n}", "url": f"https://{host}/{n}", "startedAt": START + n},
        }
        for n, host in enumerate(hosts)
    ]
    tabs.append({"tabId": 9, "openerId": "visit-1", "visit": None})
    await record(world, [recorded(1)], {"lastAt": 5, "tabs": tabs})

    async def left(**wish: Any) -> tuple[list[int], list[int]]:
        """The tabs with an open visit, and those with an opener."""
        await world.archive.delete(deletion(), meant=Selection(**wish))
        fold = await world.stores.state.get("fold")
        assert fold["lastAt"] == 5
        return (
            [tab["tabId"] for tab in fold["tabs"] if tab["visit"]],
            [tab["tabId"] for tab in fold["tabs"] if tab["openerId"]],
        )

    assert await left(site="d.example") == ([0, 1, 2, 3], [0, 1, 2, 3, 9])
    assert await left(site="a.example") == ([2, 3], [0, 3, 9])
    assert await left(from_at=START, to_at=START + 3) == ([3], [0, 9])
    assert await left(site="c.example", to_at=START + 3) == ([3], [0, 9])
    assert await left(patterns=("c.example/3",)) == ([], [0, 9])
    assert await left() == ([], [])


async def an_undone_visit_that_was_imported_again_is_there_once(world: Archived) -> None:
    """Ids stay unique."""
    await world.archive.add([imported(1), imported(2)], near_ms=NEAR_MS)
    await move_all(world, EVERYTHING)
    assert (await world.archive.add([imported(1)], near_ms=NEAR_MS)).added == 1
    assert [each.known for each in await world.archive.thrown(limit=9)] == [True, False]
    await restore_all(world, limit=10)
    found = sorted(each["id"] for each in await rows(world))
    assert found == ["imported-1", "imported-2"]


async def tells_copies_of_what_was_recorded(world: Archived) -> None:
    """Copies are those that would have been left out, among what came since."""
    seen = [recorded(1), recorded(2), imported(3)]
    near, far = START + 1 + NEAR_MS, START + 2 - NEAR_MS - 1
    older = imported(1, id="older", startedAt=START + 1)
    await world.archive.add([older], near_ms=NEAR_MS)
    batch = [
        imported(1, id="a", startedAt=near),
        imported(1, id="b", startedAt=near + 1),
        imported(2, id="c", startedAt=far),
        imported(2, id="d", startedAt=far + 1),
        imported(3, id="e"),
        recorded(2, id="f"),
        imported(4, id="g", startedAt=START + 1),
    ]
    await world.archive.add(batch, near_ms=NEAR_MS)
    [since, *_] = [each["seq"] for each in await rows(world)]
    found = await world.archive.copies(seen, since=since, near_ms=NEAR_MS)
    assert sorted(each["id"] for each in found) == ["a", "d"]
    assert found[0] in await rows(world)
    assert await world.archive.copies([imported(1)], since=0, near_ms=NEAR_MS) == []


async def tells_and_drops_what_is_old(world: Archived) -> None:
    """Visits by their start, with a word on those in quarantine; dropping is for good."""
    await record(world, [recorded(n) for n in range(1, 6)])
    await world.stores.ledger.acknowledge(
        SERVER, [SeqRange(1, 5)], [Rejection("visit-2", "no")], at_ms=7
    )
    old = await world.archive.old(after_ms=0, before_ms=START + 4, limit=10)
    visits = await rows(world)
    assert [(each.visit, each.refused) for each in old] == [
        (visits[0], False),
        (visits[1], True),
        (visits[2], False),
    ]
    assert await world.archive.old(after_ms=9, before_ms=9, limit=10) == []
    await world.archive.drop([1, 2, 77])
    assert [each["seq"] for each in await rows(world)] == [3, 4, 5]
    assert await world.stores.rejected() == []


async def tells_when_the_latest_visit_started(world: Archived) -> None:
    """Of all, or of those before a time; None where there is none."""
    assert await world.archive.latest() is None
    await record(world, [recorded(1), recorded(2), recorded(3, startedAt=START - 10)])
    assert await world.archive.latest() == START + 2
    assert await world.archive.latest(before_ms=START + 2) == START + 1
    assert await world.archive.latest(before_ms=START + 1.5) == START + 1
    assert await world.archive.latest(before_ms=START - 10) is None


async def figures_count_everything(world: Archived) -> None:
    """Each store is counted."""
    await record(world, [recorded(1), recorded(2)])
    await world.stores.append_events([{"kind": "heartbeat", "at": 1}])
    figures = await world.archive.figures()
    counts = {name: figures[name] for name in ("visits", "events", "rejected", "runs", "trash")}
    assert counts == {"visits": 2, "events": 1, "rejected": 0, "runs": 0, "trash": 0}
    assert {"usage", "quota"} <= figures.keys()


CONTRACTS: tuple[ArchiveContract, ...] = (
    adds_what_is_new,
    a_known_id_at_another_time_is_known,
    leaves_out_what_the_recorder_has,
    reads_and_counts_in_steps,
    selects_by_site_days_and_pattern,
    moves_into_the_trash_and_back,
    moves_only_while_it_is_time,
    the_catalog_changes_along_or_nothing_does,
    forgets_for_good,
    a_ledger_that_passed_over_a_visit_gives_it_back,
    quarantine_goes_along,
    open_visits_go_along,
    an_undone_visit_that_was_imported_again_is_there_once,
    tells_copies_of_what_was_recorded,
    tells_and_drops_what_is_old,
    tells_when_the_latest_visit_started,
    figures_count_everything,
)
