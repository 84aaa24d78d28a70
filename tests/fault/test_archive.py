"""The archive is killed at any await: nothing is lost, nothing is doubled, nothing is leaked."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from copy import deepcopy
from itertools import count
from typing import Any

import pytest

from fault.life import Killed, MortalLoop
from heyho.testing.archive import MemoryHistory
from heyho.testing.loop import run_jumping
from unit.archive.archive_desk import NOW, Desk, bare, visit

VISITS = 7
SITE = {"site": "site-1.example"}


def dies() -> None:
    raise Killed


def live(desk: Desk, life: Callable[[Desk], Coroutine[Any, Any, Any]], steps: int) -> bool:
    """Let an engine live for so many steps at most; returns whether it was killed before the end.

    The next one has only what was committed.
    """
    loop = MortalLoop()
    loop.befall(steps, dies)
    killed = False
    try:
        loop.run_until_complete(life(desk))
    except Killed:
        killed = True
    committed = deepcopy(desk.database)
    loop.bury()
    for name in ("visits", "rejected", "trash", "state", "words", "days", "next_visit"):
        setattr(desk.database, name, getattr(committed, name))
    desk.restart()
    return killed


def desk_of(visits: int, **options: Any) -> Desk:
    desk = Desk(visits, **options)
    desk.database.transaction_s = 0.01
    desk.database.state["ledger"] = {"a": [[1, 3]]}
    desk.database.rejected["visit-1"] = {"id": "visit-1", "reason": "no"}
    return desk


def everything(desk: Desk) -> Any:
    state = {key: desk.database.state.get(key) for key in ("ledger", "fold", "orders")}
    database = desk.database
    return deepcopy((database.visits, database.rejected, database.trash, state, database.days))


async def delete(desk: Desk) -> None:
    await desk.ask("delete", query=SITE)


async def undo(desk: Desk) -> None:
    await desk.ask("undo")


async def carry_on(desk: Desk) -> None:
    await desk.archive.before_run()


async def index(desk: Desk) -> None:
    await desk.catalog.index.advance(chunk=99)


@pytest.mark.parametrize("indexed", [False, True])
def test_a_deletion_happens_as_a_whole_or_not_at_all(
    indexed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heyho.archive.deleting.AT_ONCE", 2)

    outcomes = set()
    for steps in count(1):
        desk = desk_of(VISITS)
        if indexed:
            run_jumping(index(desk))
        before = everything(desk)
        killed = live(desk, delete, steps)
        run_jumping(carry_on(desk))
        left = len(desk.visits())
        assert left in (VISITS, VISITS - 2)
        assert len(desk.database.trash) == VISITS - left
        outcomes.add(left)
        if left < VISITS:
            for undo_steps in (1, 5, 9, 13, 17, 1000):
                assert everything(undone(desk, undo_steps)) == before
        if not killed:
            break
    assert outcomes == {VISITS, VISITS - 2}


def undone(desk: Desk, steps: int) -> Desk:
    """A copy in which an undo was killed after some steps, and carried on or begun again."""
    copy = Desk()
    copy.database = deepcopy(desk.database)
    copy.restart()
    live(copy, undo, steps)
    run_jumping(carry_on(copy))
    if copy.database.state.get("deletion"):
        run_jumping(undo(copy))
    return copy


def test_an_undo_that_is_killed_and_asked_for_again_is_one_undo(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("heyho.archive.deleting.AT_ONCE", 1)

    async def asked(desk: Desk) -> None:
        assert await desk.ask("undo", requestedAt=7) == {"visits": 2}

    for steps in count(1):
        desk = desk_of(VISITS)
        before = everything(desk)
        run_jumping(delete(desk))
        killed = live(desk, asked, steps)
        run_jumping(asked(desk))
        assert everything(desk) == before
        if not killed:
            break


def test_the_server_hears_of_a_deletion_whatever_happens() -> None:
    async def forget(desk: Desk) -> None:
        await desk.work()

    async def order(desk: Desk) -> None:
        await desk.ask("delete", query=SITE, alsoServer=True)

    for steps in count(1):
        desk = desk_of(VISITS)
        desk.database.state["settings"] = {"serverUrl": "http://127.0.0.1:1/api/v1", "token": "t"}
        run_jumping(order(desk))
        desk.offset_ms = 3_600_000
        desk.restart()
        killed = live(desk, forget, steps)
        run_jumping(forget(desk))
        assert desk.database.trash == {}
        assert not desk.database.state.get("orders")
        assert 1 <= len(desk.asked) <= 2
        at = (desk.asked[0][1] or {})["to"]
        assert 0 <= at - NOW < 1000
        assert all(body == {"to": at, "domain": "site-1.example"} for _, body in desk.asked)
        if not killed:
            break


def test_an_import_that_is_killed_and_repeated_is_the_import() -> None:
    entries = [{"url": f"https://a.example/{n}", "time": NOW - n * 1000} for n in range(1, 30)]
    text = "".join(f"{json.dumps(entry)}\n" for entry in entries)

    async def whole(desk: Desk) -> None:
        assert (await desk.import_file(text))["state"] == "done"

    for steps in count(1):
        desk = desk_of(2)
        killed = live(desk, whole, steps)
        run_jumping(whole(desk))
        found = bare(desk.visits())
        assert len(found) == 31
        assert len({each["id"] for each in found}) == 31
        if not killed:
            break


def test_the_browsers_history_is_imported_though_the_engine_is_killed() -> None:
    visits = [
        {
            "url": f"https://old.example/{n}",
            "title": "",
            "visits": [{"visitId": str(n), "visitTime": NOW - n * 1000, "transition": "link"}],
        }
        for n in range(1, 20)
    ]

    async def begin(desk: Desk) -> None:
        await desk.import_history()

    async def work(desk: Desk) -> None:
        await desk.work()

    for steps in count(1):
        desk = desk_of(2, history=MemoryHistory(visits))
        killed = live(desk, begin, steps)
        begun = desk.database.state.get("import") is not None
        run_jumping(work(desk))
        imported = [each for each in desk.visits() if each["tabId"] is None]
        assert len(imported) == (19 if begun or not killed else len(imported))
        assert len(imported) in (0, 19)
        assert [each for each in desk.visits() if each["id"] == "visit-0"] == [
            {**visit(0), "seq": 1}
        ]
        if not killed:
            break
