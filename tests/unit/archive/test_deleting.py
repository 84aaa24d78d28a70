"""Deletions, from the count to the end of their time, on this device and on the server."""

from __future__ import annotations

import asyncio
import json
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heyho.archive.deleting import UNDO_MS
from heyho.archive.orders import Orders
from heyho.archive.selection import Selection
from heyho.archive.service import Archive
from heyho.control import Control
from heyho.errors import HeyhoError
from heyho.ports.network import Reply
from heyho.profile import Profile
from heyho.runs import Boot
from heyho.service import Service
from heyho.settings import Settings
from heyho.testing.loop import jumping, run_jumping
from heyho.testing.network import MemoryServer, MemoryTransport, reply
from heyho.testing.stores import MemoryDatabase, MemoryStateStore
from unit.archive.archive_desk import DAY, NOW, Desk, bare, visit

SERVER = {"serverUrl": "http://127.0.0.1:1/api/v1", "token": "t"}
EVERYTHING = {"everything": True}


def content(database: MemoryDatabase) -> tuple[Any, ...]:
    """All that a deletion may touch, without what says how far it is."""
    state = {
        key: value
        for key, value in database.state.items()
        if key not in ("deletion", "undone", "catalog", "settings")
    }
    return deepcopy((database.visits, database.rejected, database.trash, state, database.days))


@jumping
async def test_it_is_counted_before_anything_is_deleted() -> None:
    desk = Desk(10)
    told = await desk.ask("delete", query={"site": "Site-1.example"}, dryRun=True)
    assert told == {
        "visits": 3,
        "firstAt": NOW - 8 * DAY,
        "lastAt": NOW - 2 * DAY,
        "sites": 1,
        "endsUndo": False,
    }
    assert len(desk.visits()) == 10
    assert "deletion" not in desk.database.state


@jumping
async def test_what_is_deleted_is_gone_from_search_and_figures_at_once() -> None:
    desk = Desk(600)
    while await desk.catalog.step():
        pass
    await desk.ask("delete", query={"site": "site-1.example"})
    assert len(desk.visits()) == 400
    found = await desk.catalog.handlers["search"]({"text": "site:site-1.example"})
    assert found["visits"] == []
    figures = await desk.catalog.handlers["figures"]({})
    assert "site-1.example" not in str(figures)
    await desk.ask("undo")
    found = await desk.catalog.handlers["search"]({"text": "site:site-1.example"})
    assert len(found["visits"]) == 50
    assert desk.halted == 2


queries = st.one_of(
    st.just(EVERYTHING),
    st.builds(lambda n: {"site": f"site-{n}.example"}, st.integers(0, 4)),
    st.builds(
        lambda a, b: {"from": NOW - DAY * max(a, b) - 1, "to": NOW - DAY * min(a, b)},
        st.integers(0, 12),
        st.integers(0, 12),
    ),
    st.builds(lambda n: {"patterns": [f"site-{n}.example", "*/3"]}, st.integers(0, 4)),
)


@given(queries, st.integers(0, 12), st.booleans())
def test_delete_and_undo_change_nothing(query: dict[str, Any], visits: int, index: bool) -> None:
    async def both() -> None:
        desk = Desk(visits)
        desk.database.state["ledger"] = {"a": [[1, 2], [5, 6]], "b": []}
        desk.database.rejected["visit-4"] = {"id": "visit-4", "reason": "no"}
        if index:
            await desk.catalog.index.advance(chunk=9)
        before = content(desk.database)
        told = await desk.ask("delete", query=query)
        matches = Selection.from_record(query).matcher()
        assert told["visits"] == visits - len(desk.visits())
        assert not any(matches(Thing(each)) for each in desk.visits())
        if told["visits"]:
            assert await desk.ask("undo") == {"visits": told["visits"]}
        assert content(desk.database) == before

    run_jumping(both())


class Thing:
    """A record with its fields as attributes."""

    def __init__(self, record: dict[str, Any]) -> None:
        self.__dict__ |= record


@jumping
async def test_an_undo_comes_as_late_as_ten_minutes_and_no_later() -> None:
    desk = Desk(5)
    await desk.ask("delete", query=EVERYTHING)
    pending = (await desk.ask("deletions"))["deletion"]
    assert (pending["visits"], pending["deadline"] - pending["at"]) == (5, UNDO_MS)
    assert desk.browser.alarms["forget"] == (10, None)
    desk.offset_ms = UNDO_MS - 60_000
    desk.restart()
    await desk.work()
    assert (await desk.ask("deletions"))["deletion"] == pending
    desk.offset_ms = UNDO_MS + 60_000
    desk.restart()
    await desk.work()
    assert (await desk.ask("deletions"))["deletion"] is None
    assert desk.database.trash == {}
    with pytest.raises(HeyhoError, match="nothing to undo"):
        await desk.ask("undo")


@pytest.mark.parametrize("leap_ms", [-DAY, 365 * DAY])
@jumping
async def test_a_clock_that_is_set_gives_the_time_once_more(leap_ms: int) -> None:
    desk = Desk(5)
    await desk.ask("delete", query=EVERYTHING)
    desk.browser.alarms.clear()
    for passed_ms in (0, UNDO_MS - 60_000):
        desk.offset_ms = leap_ms + passed_ms
        desk.restart()
        await desk.work()
        assert (await desk.ask("deletions"))["deletion"]["deadline"] == NOW + leap_ms + UNDO_MS
        assert desk.browser.alarms["forget"] == (10, None)
    desk.offset_ms = leap_ms + UNDO_MS
    desk.restart()
    await desk.work()
    assert desk.database.trash == {}


@jumping
async def test_a_browser_that_is_seldom_there_empties_the_trash_the_second_time() -> None:
    desk = Desk(5)
    await desk.ask("delete", query=EVERYTHING)
    for days, thrown in ((1, 5), (2, 0)):
        desk.offset_ms = days * DAY
        desk.restart()
        await desk.work()
        assert len(desk.database.trash) == thrown


@jumping
async def test_a_clock_that_was_set_keeps_no_undo_from_being_carried_out() -> None:
    desk = Desk(5)
    before = desk.visits()
    await desk.ask("delete", query=EVERYTHING)
    desk.offset_ms = 365 * DAY
    desk.restart()
    await desk.work()
    assert await desk.ask("undo", at=NOW) == {"visits": 5}
    assert desk.visits() == before


@jumping
async def test_another_deletion_makes_the_earlier_one_final() -> None:
    desk = Desk(6)
    await desk.ask("delete", query={"site": "site-1.example"})
    assert await ends_undo(desk)
    await desk.ask("delete", query={"site": "site-2.example"})
    assert (await desk.ask("undo"))["visits"] == 2
    assert [each["id"] for each in desk.visits()] == ["visit-0", "visit-2", "visit-3", "visit-5"]
    assert not await ends_undo(desk)


async def ends_undo(desk: Desk) -> bool:
    counted = await desk.ask("delete", query=EVERYTHING, dryRun=True)
    return bool(counted["endsUndo"])


@pytest.mark.parametrize(
    ("phase", "ends"),
    [("moving", True), ("kept", True), ("restoring", False), ("forgetting", False)],
)
@jumping
async def test_whoever_counts_hears_whether_an_undo_ends(phase: str, ends: bool) -> None:
    desk = Desk(6)
    await desk.ask("delete", query={"site": "site-1.example"})
    desk.database.state["deletion"]["phase"] = phase
    assert await ends_undo(desk) == ends


@jumping
async def test_a_request_that_comes_again_is_the_same_deletion() -> None:
    desk = Desk(6)
    asked = {"query": {"site": "site-1.example"}, "requestedAt": 5}
    first = await desk.ask("delete", **asked)
    desk.restart()
    assert await desk.ask("delete", **asked) == first
    assert (await desk.ask("undo"))["visits"] == 2
    assert len(desk.visits()) == 6


@jumping
async def test_an_undo_that_is_asked_for_again_has_the_same_answer() -> None:
    desk = Desk(6)
    deleted = await desk.ask("delete", query={"site": "site-1.example"})
    asked = {"at": deleted["at"], "requestedAt": 7}
    assert await desk.ask("undo", **asked) == {"visits": 2}
    desk.restart()
    assert await desk.ask("undo", **asked) == {"visits": 2}
    with pytest.raises(HeyhoError, match="nothing to undo"):
        await desk.ask("undo", at=deleted["at"], requestedAt=8)
    desk.offset_ms = 1000
    desk.restart()
    await desk.ask("delete", query={"site": "site-2.example"})
    assert await desk.ask("undo", **asked) == {"visits": 2}
    assert len(desk.visits()) == 4


@given(queries, st.sets(st.integers(0, 5)), st.integers(-6000, 6000), st.booleans())
def test_an_import_before_an_undo_comes_to_the_same_as_without_both(
    query: dict[str, Any], told: set[int], off_ms: int, index: bool
) -> None:
    entries = [{"url": visit(n)["url"], "time": visit(n)["startedAt"] + off_ms} for n in told]
    text = "".join(f"{json.dumps(entry)}\n" for entry in entries)

    async def both() -> None:
        plain, desk = Desk(6), Desk(6)
        if told:
            await plain.import_file(text)
        if index:
            await desk.catalog.index.advance(chunk=9)
        deleted = await desk.ask("delete", query=query)
        if told:
            await desk.import_file(text)
        if index:
            await desk.catalog.index.advance(chunk=9)
        if deleted["visits"]:
            await desk.ask("undo")
        assert bare(desk.visits()) == bare(plain.visits())
        for each in (plain, desk):
            await each.catalog.index.advance(chunk=99)
        figures = [await each.catalog.handlers["figures"]({}) for each in (plain, desk)]
        assert figures[0] == figures[1]

    run_jumping(both())


@jumping
async def test_a_page_that_is_open_goes_with_its_site() -> None:
    """What is open is recorded once it is left: by then it would be past the deletion."""
    desk = Desk(3)
    page = "https://www.site-1.example/open"
    event = {"kind": "navigated", "tabId": 1, "url": page, "transition": "typed"}
    desk.database.append_events([{**event, "qualifiers": [], "at": NOW, "committedAt": NOW}])
    await desk.ask("delete", query={"site": "site-2.example"})
    assert page in str(desk.database.state["fold"])
    await desk.ask("delete", query={"site": "site-1.example"})
    assert page not in str(desk.database.state["fold"])
    desk.database.append_events([{"kind": "removed", "tabId": 1, "at": NOW + 60_000}])
    assert page not in await desk.export("jsonl")


@jumping
async def test_nothing_is_deleted_by_a_query_that_says_nothing() -> None:
    desk = Desk(2)
    for query in ({}, None, {"site": ""}, {"everything": True, "site": "a.example"}):
        with pytest.raises(HeyhoError):
            await desk.ask("delete", query=query)
    assert len(desk.visits()) == 2


@pytest.mark.parametrize(
    ("query", "order"),
    [
        (EVERYTHING, {"to": NOW}),
        ({"site": "www.site-1.example"}, {"to": NOW, "domain": "site-1.example"}),
        (
            {"from": NOW - 3 * DAY, "to": NOW - DAY},
            {"to": NOW - DAY, "from": NOW - 3 * DAY},
        ),
        ({"from": NOW - 3 * DAY, "to": NOW + DAY}, {"to": NOW, "from": NOW - 3 * DAY}),
        ({"patterns": ["site-1.example"]}, None),
    ],
    ids=repr,
)
@jumping
async def test_the_server_is_asked_once_the_time_for_an_undo_is_over(
    query: dict[str, Any], order: dict[str, Any] | None
) -> None:
    desk = Desk(9)
    desk.database.state["settings"] = SERVER
    await desk.ask("delete", query=query, alsoServer=True)
    await desk.work()
    assert desk.asked == []
    desk.offset_ms = UNDO_MS + 1
    desk.restart()
    desk.status = 503
    desk.browser.published.clear()
    await desk.work()
    url = f"{SERVER['serverUrl']}/data/deletions"
    assert desk.asked == ([(url, order)] if order else [])
    assert told_of(desk) == ([None] if order else [])  # so that pages ask why it waits
    told = await desk.ask("deletions")
    assert told["orders"] == (1 if order else 0)
    assert bool(told["problem"]) is bool(order)
    desk.status = 200
    desk.restart()
    await desk.work()
    assert (await desk.ask("deletions"))["orders"] == 0
    assert desk.asked == ([(url, order)] * 2 if order else [])
    assert told_of(desk) == ([None] * 2 if order else [])


@jumping
async def test_an_undone_deletion_never_reaches_the_server() -> None:
    desk = Desk(9)
    desk.database.state["settings"] = SERVER
    await desk.ask("delete", query=EVERYTHING, alsoServer=True)
    await desk.ask("undo")
    desk.offset_ms = UNDO_MS + 1
    desk.restart()
    await desk.work()
    assert desk.asked == []
    assert desk.database.state.get("orders") is None


@jumping
async def test_without_the_wish_the_server_is_not_asked() -> None:
    desk = Desk(9)
    desk.database.state["settings"] = SERVER
    await desk.ask("delete", query=EVERYTHING)
    desk.offset_ms = UNDO_MS + 1
    desk.restart()
    await desk.work()
    assert desk.asked == []


@jumping
async def test_visits_of_a_later_day_are_none_of_its_business() -> None:
    """A visit that was dated ahead ends the order for the server behind it."""
    desk = Desk()
    desk.database.state["settings"] = SERVER
    desk.database.append_visits([visit(1, startedAt=NOW + DAY)])
    await desk.ask("delete", query=EVERYTHING, alsoServer=True)
    desk.offset_ms = UNDO_MS + 1
    desk.restart()
    await desk.work()
    assert desk.asked[0][1] == {"to": NOW + DAY + 1}


def engine_of(desk: Desk, server: MemoryServer) -> Control:
    """The whole engine on what a desk has, as engine.py connects it."""

    async def halt() -> bool:
        return await control.runs.halt()

    def let_go() -> None:
        control.runs.let_go()

    async def resume() -> None:
        await control.runs.resume()

    ports = replace(desk.ports, transport=MemoryTransport(server.answer))
    archive = Archive(ports, desk.archive_ports, halt=halt, let_go=let_go, resume=resume)
    services: list[Service] = [archive, archive.orders]
    control = Control(ports, Boot("test", 0), services, before_run=archive.before_run)
    return control


async def synced(control: Control) -> None:
    """A sync from its start to its end."""
    await control.answer({"kind": "run", "trigger": "manual"})
    await control.runs.over()


@pytest.mark.parametrize("left", ["by a kill", "under way"])
def test_what_was_read_for_the_next_sync_is_deleted_too(
    left: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The popup asks how things stand, and so has the first batches read, in mid-deletion."""
    monkeypatch.setattr("heyho.archive.deleting.AT_ONCE", 1)
    run_jumping(read_in_the_middle(left))


async def in_mid_deletion(
    desk: Desk, server: MemoryServer, left: str
) -> tuple[Control, asyncio.Task[dict[str, Any]]]:
    """An engine in the middle of a deletion, or another one after it was ended there."""
    desk.database.state["settings"] = SERVER
    desk.database.transaction_s = 0.01
    control = engine_of(desk, server)
    asked = {"kind": "delete", "query": {"site": "site-1.example"}}
    deleting = asyncio.ensure_future(control.answer(asked))
    for _ in range(1000):
        if not desk.database.state.get("deletion"):
            await asyncio.sleep(0.001)
    if left == "by a kill":
        deleting.cancel()
        await asyncio.wait([deleting])
        assert desk.database.state["deletion"]["phase"] == "moving"
        control = engine_of(desk, server)
    return control, deleting


async def read_in_the_middle(left: str) -> None:
    desk, server = Desk(6), MemoryServer("t")
    control, deleting = await in_mid_deletion(desk, server, left)
    assert (await control.answer({"kind": "status"}))["status"]["waiting"]
    await asyncio.wait([deleting])
    await synced(control)
    assert sorted(server.received) == ["visit-0", "visit-2", "visit-3", "visit-5"]


@pytest.mark.parametrize("left", ["by a kill", "under way"])
def test_what_was_read_during_an_undo_is_read_again(
    left: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The popup has the first batches read while half of what was deleted is back."""
    monkeypatch.setattr("heyho.archive.deleting.AT_ONCE", 1)
    run_jumping(read_while_half_is_back(left))


async def read_while_half_is_back(left: str) -> None:
    desk, server = Desk(60), MemoryServer("t")
    desk.database.state["settings"] = SERVER
    control = engine_of(desk, server)
    query = {"site": "site-1.example"}
    assert (await control.answer({"kind": "delete", "query": query}))["visits"] == 20
    desk.database.transaction_s = 0.01
    undoing = asyncio.ensure_future(control.answer({"kind": "undo"}))
    for _ in range(1000):
        if len(desk.database.trash) != 10:
            await asyncio.sleep(0.001)
    if left == "by a kill":
        undoing.cancel()
        await asyncio.wait([undoing])
        control = engine_of(desk, server)
    await control.answer({"kind": "status"})
    assert desk.database.state["deletion"]["phase"] == "restoring"
    await asyncio.wait([undoing])
    await synced(control)
    assert set(server.received) == {f"visit-{number}" for number in range(60)}


@pytest.mark.parametrize("left", ["by a kill", "under way"])
def test_the_lab_sends_nothing_that_is_being_deleted(
    left: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heyho.archive.deleting.AT_ONCE", 1)
    run_jumping(try_out_in_the_middle(left))


async def try_out_in_the_middle(left: str) -> None:
    desk, server = Desk(6), MemoryServer("t")
    control, _ = await in_mid_deletion(desk, server, left)
    assert (await control.answer({"kind": "lab", "strategies": ["sequential"]}))["started"]
    assert (await control.answer({"kind": "lab_results"}))["underWay"]
    await asyncio.sleep(60)
    assert set(server.tried) == {"visit-0", "visit-2", "visit-3", "visit-5"}


@jumping
async def test_a_deletion_ends_a_session_of_the_lab() -> None:
    desk, server = Desk(6), MemoryServer("t")
    desk.database.state["settings"] = SERVER
    control = engine_of(desk, server)
    assert (await control.answer({"kind": "lab"}))["started"]
    await asyncio.sleep(0.1)
    assert (await control.answer({"kind": "delete", "query": EVERYTHING}))["visits"] == 6
    told = [message["lab"] for message in desk.browser.published if message["kind"] == "lab"]
    assert told[-1]["ended"] == {"outcome": "other", "problem": None, "session": None}
    assert not (await control.answer({"kind": "lab_results"}))["underWay"]


@jumping
async def test_no_other_server_is_asked_than_the_one_that_was_meant() -> None:
    desk = Desk(9)
    desk.database.state["settings"] = SERVER
    await desk.ask("delete", query=EVERYTHING, alsoServer=True)
    desk.offset_ms = UNDO_MS + 1
    desk.database.state["settings"] = {**SERVER, "serverUrl": "http://127.0.0.1:2/api/v1"}
    desk.restart()
    await desk.work()
    assert desk.asked == []
    told = await desk.ask("deletions")
    assert (told["orders"], told["problem"]) == (0, None)
    desk.database.state["settings"] = {**SERVER, "token": "new"}
    desk.restart()
    await desk.work()
    assert desk.asked == [(f"{SERVER['serverUrl']}/data/deletions", {"to": NOW})]
    assert desk.database.state["orders"] == []


@jumping
async def test_a_sync_goes_on_though_there_is_nothing_to_undo_or_it_fails() -> None:
    desk = Desk(3)
    resumed = 0

    async def halt() -> bool:
        return True

    async def resume() -> None:
        nonlocal resumed
        resumed += 1

    archive = Archive(desk.ports, desk.archive_ports, halt=halt, let_go=lambda: None, resume=resume)
    with pytest.raises(HeyhoError, match="nothing to undo"):
        await archive.handlers["undo"]({})
    assert resumed == 0
    desk.database.state["settings"] = {"concurrency": "many"}
    with pytest.raises(HeyhoError):
        await archive._deleter.delete(Selection())
    assert resumed == 1


class SlowToPut(MemoryStateStore):
    """Takes its time before it writes."""

    async def put(self, key: str, value: Any) -> None:
        await asyncio.sleep(1)
        await super().put(key, value)


@jumping
async def test_an_order_that_is_given_while_another_is_accepted_is_kept() -> None:
    desk, turn = Desk(), asyncio.Lock()
    desk.database.state["settings"] = Settings.from_record(SERVER).to_record()
    first, second = ({"server": SERVER["serverUrl"], "body": {"to": at}} for at in (1, 2))
    desk.database.state["orders"] = [first]
    orders = Orders(
        state=SlowToPut(desk.database),
        caller=desk.archive_ports.caller,
        clock=desk.ports.clock,
        browser=desk.browser,
        profile=Profile(desk.ports.state),
        turn=turn,
    )
    asking = asyncio.ensure_future(orders.step())
    await asyncio.sleep(0.5)
    async with turn:
        await desk.archive_ports.store.turn("forgetting", [second])
    assert await asking
    assert await orders.step()
    assert [body for _, body in desk.asked] == [{"to": 1}]
    assert desk.database.state["orders"] == [second]


@pytest.mark.parametrize("status", [400, 422, 503])
@jumping
async def test_an_order_that_the_server_never_takes_keeps_no_other_waiting(status: int) -> None:
    desk = Desk()
    desk.database.state["settings"] = SERVER
    refused, other, foreign = (
        {"server": SERVER["serverUrl"], "body": {"to": NOW, "domain": "a." * 20 + "example"}},
        {"server": SERVER["serverUrl"], "body": {"to": NOW}},
        {"server": "http://127.0.0.1:2/api/v1", "body": {"to": NOW}},
    )
    desk.database.state["orders"] = [refused, other, foreign]

    async def answer(method: str, url: str, body: Any, token: Any) -> Reply:
        return reply(status, {}) if "domain" in body else reply(200, {"deletedAt": 1})

    async def work() -> dict[str, Any]:
        desk.restart()
        desk.archive.orders.caller = MemoryTransport(answer)
        await desk.work()
        return await desk.ask("deletions")

    told = await work()
    assert (told["orders"], str(status) in told["problem"]) == (2, True)
    first = [refused, other] if status == 503 else [other, foreign, refused]
    assert desk.database.state["orders"][: len(first)] == first
    told = await work()
    assert (told["orders"], str(status) in told["problem"]) == (2 if status == 503 else 1, True)


@jumping
async def test_an_import_goes_on_while_the_server_takes_its_time() -> None:
    """And the engine stays until the answer is there."""
    desk, server = Desk(), MemoryServer("t")
    answered = asyncio.Event()

    async def slow(method: str, url: str, body: Any, token: Any) -> Reply:
        if not url.endswith("/data/deletions"):
            return await server.answer(method, url, body, token)
        await asyncio.sleep(50)
        answered.set()
        return reply(200, {"deletedAt": 1})

    desk.archive_ports = replace(desk.archive_ports, caller=MemoryTransport(slow))
    desk.database.state["settings"] = SERVER
    desk.database.state["orders"] = [{"server": SERVER["serverUrl"], "body": {"to": NOW}}]
    control = engine_of(desk, server)
    await control.answer({"kind": "deletions"})
    await asyncio.sleep(5)
    desk.files.files["blob:x"] = json.dumps({"url": "https://a.example/", "time": NOW}).encode()
    await control.answer({"kind": "import", "source": "file", "url": "blob:x", "size": 1})
    await asyncio.sleep(5)
    assert [each["url"] for each in desk.visits()] == ["https://a.example/"]
    assert not answered.is_set()
    await answered.wait()
    assert not desk.browser.closed
    await asyncio.sleep(60)
    assert desk.database.state["orders"] == []
    assert desk.browser.closed


@jumping
async def test_an_undo_never_brings_back_another_deletion() -> None:
    desk = Desk(9)
    first = await desk.ask("delete", query={"site": "site-1.example"})
    desk.offset_ms += 1000
    desk.restart()
    second = await desk.ask("delete", query={"site": "site-2.example"})
    assert first["at"] < second["at"]
    with pytest.raises(HeyhoError, match="Something else was deleted"):
        await desk.ask("undo", at=first["at"])
    assert len(desk.visits()) == 3
    assert (await desk.ask("undo", at=second["at"]))["visits"] == 3
    assert len(desk.visits()) == 6


@jumping
async def test_pages_are_told_of_a_deletion_and_of_its_undo() -> None:
    desk = Desk(3)
    for kind, fields in (("delete", {"query": EVERYTHING}), ("undo", {})):
        desk.browser.published.clear()
        await desk.ask(kind, **fields)
        assert told_of(desk) == [None]
    assert (await desk.ask("deletions"))["undone"]["visits"] == 3


def told_of(desk: Desk) -> list[Any]:
    """What pages were told of deletions."""
    return [each["moving"] for each in desk.browser.published if each["kind"] == "deletions"]


@pytest.mark.parametrize("killed", [False, True])
@jumping
async def test_pages_are_told_how_a_long_deletion_goes(killed: bool) -> None:
    """Some times a second, also by the engine that carries it on."""
    desk = Desk(60)
    desk.database.transaction_s = 0.02
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("heyho.archive.deleting.AT_ONCE", 1)
        deleting = asyncio.ensure_future(desk.ask("delete", query={"site": "site-1.example"}))
        if killed:
            await asyncio.sleep(0.5)
            deleting.cancel()
            await asyncio.wait([deleting])
            pending = (await desk.ask("deletions"))["deletion"]
            assert (pending["phase"], pending["total"]) == ("moving", 20)
            desk.restart()
            await desk.work()
        else:
            await deleting
    *moving, end = told_of(desk)
    assert end is None
    done = [each["visits"] for each in moving]
    assert done == sorted(done)
    assert 2 < len(done) < 15
    assert {each["total"] for each in moving} == {20}
    deletion = (await desk.ask("deletions"))["deletion"]
    assert (deletion["phase"], deletion["visits"], deletion["total"]) == ("kept", 20, 20)
