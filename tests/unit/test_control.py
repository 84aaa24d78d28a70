"""The engine's answers, its runs, and when it goes to sleep."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Any
from unittest.mock import patch

import pytest

from heyho.control import Control
from heyho.errors import HeyhoError, StorageFull
from heyho.folding import EVENTS_PER_FOLD
from heyho.model import SeqRange
from heyho.ports import Record
from heyho.ports.stores import FoldStep, Payload
from heyho.quiet import LINGER_S
from heyho.runs import RUN_LOCK, Boot, Runs
from heyho.service import Handler, Ports, Service
from heyho.settings import Settings
from heyho.sync.synchronizer import Synchronizer
from heyho.testing.browser import MemoryBrowser
from heyho.testing.loop import LoopClock, jumping
from heyho.testing.network import MemoryTransport, MemoryWorkers
from heyho.testing.stores import (
    MemoryDatabase,
    MemoryEventLog,
    MemoryLedgerStore,
    MemoryRunStore,
    MemoryStateStore,
    MemoryVisitStore,
)
from unit.recording.story import Story
from unit.sync.device import SERVER, T0
from unit.sync.servers import TOKEN, Fault, ScriptedServer, healthy, says, silent

DAY_MS = 86_400_000
FULL = "This device has no room left for Heyho."
UNKNOWN = "This page and Heyho's engine are not of the same version. Load the page again. ({})"
SIGNED_IN = {"serverUrl": SERVER, "token": TOKEN, "periodMinutes": 60}


class Disk:
    """What the stores of an extension have to go through.

    Attributes:
        refuses: operations that raise StorageFull, such as "put lastRun" or "fold".
        fold_s: how long the fold takes.
    """

    def __init__(self) -> None:
        self.refuses: set[str] = set()
        self.fold_s = 0.0

    def allow(self, operation: str) -> None:
        if operation in self.refuses:
            raise StorageFull(FULL)


class EventLog(MemoryEventLog):
    def __init__(self, database: MemoryDatabase, disk: Disk) -> None:
        super().__init__(database)
        self._disk = disk

    async def fold(self, step: FoldStep, *, limit: int) -> int:
        await asyncio.sleep(self._disk.fold_s)
        self._disk.allow("fold")
        return await super().fold(step, limit=limit)


class VisitStore(MemoryVisitStore):
    def __init__(self, database: MemoryDatabase, disk: Disk) -> None:
        super().__init__(database)
        self._disk = disk

    async def payload(self, seqs: SeqRange, *, client_id: str) -> Payload:
        self._disk.allow("payload")
        return await super().payload(seqs, client_id=client_id)


class LedgerStore(MemoryLedgerStore):
    def __init__(self, database: MemoryDatabase, disk: Disk) -> None:
        super().__init__(database)
        self._disk = disk

    async def acknowledge(self, *args: Any, **kwargs: Any) -> None:
        self._disk.allow("acknowledge")
        await super().acknowledge(*args, **kwargs)


class StateStore(MemoryStateStore):
    def __init__(self, database: MemoryDatabase, disk: Disk) -> None:
        super().__init__(database)
        self._disk = disk

    async def get(self, key: str) -> Any:
        self._disk.allow(f"get {key}")
        return await super().get(key)

    async def put(self, key: str, value: Any) -> None:
        self._disk.allow(f"put {key}")
        await super().put(key, value)


class RunStore(MemoryRunStore):
    def __init__(self, database: MemoryDatabase, disk: Disk) -> None:
        super().__init__(database)
        self._disk = disk

    async def add(self, *args: Any, **kwargs: Any) -> None:
        self._disk.allow("add run")
        await super().add(*args, **kwargs)


class Browser(MemoryBrowser):
    """Knows the title of its button too, and when a status was published."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.status_told = asyncio.Event()

    def publish(self, message: Record) -> None:
        super().publish(message)
        if message["kind"] == "status":
            self.status_told.set()

    async def show_badge(self, text: str, title: str) -> None:
        await super().show_badge(text, title)
        self.title = title


def slowed(call: Callable[..., Any]) -> Callable[..., Any]:
    """A method that begins a second later."""

    async def later(*arguments: Any) -> Any:
        await asyncio.sleep(1)
        return await call(*arguments)

    return later


class Extension:
    """A browser in which Heyho is installed, and the person's server."""

    def __init__(
        self,
        *script: Fault,
        settings: Record | None = None,
        latency_s: float = 0.3,
        services: Sequence[Service] = (),
    ) -> None:
        self.server = ScriptedServer(*script, latency_s=latency_s)
        self.database = MemoryDatabase()
        self.disk = Disk()
        self.browser = Browser()
        self._story = Story()
        self._told = 0
        self._pages = 0
        self.clock = LoopClock()
        self.state["settings"] = SIGNED_IN if settings is None else settings
        self.control = Control(
            Ports(
                clock=self.clock,
                events=EventLog(self.database, self.disk),
                visits=VisitStore(self.database, self.disk),
                ledger=LedgerStore(self.database, self.disk),
                state=StateStore(self.database, self.disk),
                runs=RunStore(self.database, self.disk),
                transport=MemoryTransport(self.server.answer),
                workers=MemoryWorkers(self.database, self.server.answer),
                browser=self.browser,
            ),
            Boot("snapshot", ready_at=T0 + 400.0),
            services,
        )

    @property
    def state(self) -> dict[str, Any]:
        return self.database.state

    @property
    def last_run(self) -> Any:
        return self.state["lastRun"]

    @property
    def retry_min(self) -> float | None:
        """Minutes to the next try, where one is planned."""
        alarm = self.browser.alarms.get("retry")
        return alarm[0] if alarm else None

    def browse(self, pages: int = 1, *, host: str = "site.example") -> None:
        """Visit so many pages and leave them."""
        for _ in range(pages):
            self._pages += 1
            self._story.go(f"https://{host}/{self._pages}", by="typed").wait(9)
        self._story.go(None)
        new = self._story.events[self._told :]
        self.database.append_events(event for _, event in new)
        self._told += len(new)

    def said(self, kind: str) -> list[Record]:
        """What was published of a kind."""
        return [message for message in self.browser.published if message["kind"] == kind]

    async def ask(self, kind: str, **more: Any) -> Record:
        return await self.control.answer({"kind": kind, **more})

    async def run(self, trigger: str = "manual") -> None:
        """Ask for a run, and wait for its end."""
        self.browser.status_told.clear()
        assert await self.ask("run", trigger=trigger) == {"ok": True, "joined": False}
        await self.browser.status_told.wait()
        await asyncio.sleep(0.1)


class TestRun:
    @jumping
    async def test_what_was_browsed_is_on_the_server(self) -> None:
        extension = Extension()
        extension.browse(5)
        await extension.run()
        assert sorted(visit["url"] for visit in extension.server.visits.values()) == [
            f"https://site.example/{n}" for n in range(1, 6)
        ]
        device = extension.state["device"]
        assert {v["anonymousClientId"] for v in extension.server.visits.values()} == {device}
        assert extension.last_run == {
            "startedAt": T0,
            "endedAt": T0 + 300,
            "trigger": "manual",
            "strategy": "concurrent",
            "outcome": "complete",
            "visits": 5,
            "rejected": 0,
            "deleted": 0,
            "cancelled": False,
            "error": None,
        }

    @jumping
    async def test_more_events_than_go_into_one_fold(self) -> None:
        extension = Extension()
        extension.browse(EVENTS_PER_FOLD + 7)
        await extension.run()
        assert len(extension.server.visits) == EVENTS_PER_FOLD + 7
        assert extension.database.events == {}

    @jumping
    async def test_the_reply_comes_at_once(self) -> None:
        extension = Extension(latency_s=20)
        extension.browse()
        assert await extension.ask("run", trigger="manual") == {"ok": True, "joined": False}
        assert asyncio.get_running_loop().time() == 0

    @jumping
    async def test_who_comes_too_late_to_join_gets_a_run_of_its_own(self) -> None:
        extension = Extension()
        extension.browse(2)
        show_badge = extension.browser.show_badge

        async def click_meanwhile(text: str, title: str) -> None:
            extension.browser.show_badge = show_badge  # type: ignore[method-assign]
            extension.browse(3)
            reply = await extension.ask("run", trigger="manual")
            assert reply == {"ok": True, "joined": True}
            await show_badge(text, title)

        extension.browser.show_badge = click_meanwhile  # type: ignore[method-assign]
        await extension.run()
        await asyncio.sleep(1)
        assert [run["visits"] for run in extension.database.runs.values()] == [2, 3]
        assert len(extension.server.visits) == 5

    @jumping
    async def test_another_server_ends_the_run_to_this_one(self) -> None:
        extension = Extension(settings={**SIGNED_IN, "batchSize": 1, "concurrency": 1})
        extension.browse(10)
        assert (await extension.ask("run", trigger="manual"))["joined"] is False
        await asyncio.sleep(1)
        sent = len(extension.server.batches)
        assert 0 < sent < 10
        await extension.ask("settings", settings={"serverUrl": "", "token": ""})
        await asyncio.sleep(60)
        assert len(extension.server.batches) == sent
        assert extension.last_run is None
        assert extension.browser.locked == set()
        await extension.ask("settings", settings=SIGNED_IN)
        await extension.run()
        assert len(extension.server.visits) == 10

    @jumping
    async def test_another_token_is_offered_everything(self) -> None:
        extension = Extension()
        extension.browse(3)
        await extension.run()
        assert (await extension.ask("status"))["status"]["waiting"] == 0
        await extension.ask("settings", settings={"token": "of-another-database"})
        assert (await extension.ask("status"))["status"]["waiting"] == 3

    @jumping
    async def test_only_the_person_knocks_before_the_server_allows_it(self) -> None:
        extension = Extension(says(429, retry_after="3000"))
        extension.browse(3)
        await extension.run()
        knocks = len(extension.server.batches)
        await extension.run("periodic")
        assert len(extension.server.batches) == knocks
        await asyncio.sleep(3000)
        await extension.run("periodic")
        assert len(extension.server.visits) == 3

    @jumping
    async def test_a_clock_set_back_makes_the_wait_no_longer_than_a_server_may_ask(self) -> None:
        extension = Extension(says(429, retry_after="3000"))
        extension.browse(3)
        await extension.run()
        extension.clock.set_by(-DAY_MS)
        await asyncio.sleep(3000)
        await extension.run("periodic")
        assert len(extension.server.visits) == 3

    @jumping
    async def test_a_second_request_joins(self) -> None:
        extension = Extension(latency_s=5)
        extension.browse(3)
        assert (await extension.ask("run", trigger="manual"))["joined"] is False
        await asyncio.sleep(2)
        assert await extension.ask("run", trigger="periodic") == {"ok": True, "joined": True}
        await asyncio.sleep(5)
        assert [run["trigger"] for run in extension.database.runs.values()] == ["manual"]
        assert (await extension.ask("run", trigger="startup"))["joined"] is False

    @jumping
    async def test_another_context_holds_the_lock(self) -> None:
        extension = Extension()
        extension.browse(3)
        extension.browser.locked.add(RUN_LOCK)
        await extension.run()
        assert (extension.server.batches, extension.database.runs) == ([], {})
        assert extension.browser.locked == {RUN_LOCK}
        assert extension.retry_min is None
        extension.browser.locked.clear()
        await extension.run()
        assert len(extension.server.visits) == 3
        assert extension.browser.locked == set()

    @jumping
    async def test_without_a_server_visits_are_recorded_and_wait(self) -> None:
        extension = Extension(settings={})
        extension.browse(3)
        await extension.run()
        assert extension.said("status")[-1]["status"]["waiting"] == 3
        assert (extension.server.batches, extension.database.runs) == ([], {})

    @jumping
    async def test_the_record_says_how_the_engine_came_up(self) -> None:
        extension = Extension()
        extension.browse()
        await extension.ask("status", requestedAt=T0)
        await extension.ask("status", requestedAt=T0 + 399)
        await extension.run()
        [run] = extension.database.runs.values()
        assert (run["boot"], run["bootMs"]) == ("snapshot", 400)

    @jumping
    async def test_pages_are_told_of_every_step(self) -> None:
        extension = Extension()
        extension.browse(20)
        extension.state["settings"] = {**SIGNED_IN, "batchSize": 10}
        await extension.run()
        steps = [message["progress"] for message in extension.said("progress")]
        assert {message["target"] for message in extension.browser.published} == {"page"}
        assert [step["visitsDone"] for step in steps] == sorted(s["visitsDone"] for s in steps)
        assert (steps[0]["inFlight"], steps[0]["visits"], steps[0]["batches"]) == (2, 20, 2)
        assert (steps[-1]["inFlight"], steps[-1]["visitsDone"]) == (0, 20)
        assert extension.browser.published[-1]["kind"] == "status"


class TestRequests:
    @jumping
    async def test_the_status_folds_first(self) -> None:
        extension = Extension()
        extension.browse(3)
        reply = await extension.ask("status")
        assert reply == {
            "ok": True,
            "progress": None,
            "status": {
                "waiting": 3,
                "quarantined": 0,
                "paused": False,
                "canSync": True,
                "server": "heyho.example",
                "lastRun": None,
                "nextAt": None,
                "problem": None,
            },
            "running": False,
            "engine": {"boot": "snapshot", "bootMs": None},
        }
        assert extension.database.events == {}
        assert extension.state["status"] == reply["status"]
        assert extension.said("status")[-1]["status"] == reply["status"]

    @jumping
    async def test_the_status_during_a_run_knows_its_progress(self) -> None:
        extension = Extension(latency_s=5)
        extension.browse(3)
        await extension.ask("run", trigger="manual")
        await asyncio.sleep(1)
        extension.browse(2)
        reply = await extension.ask("status")
        assert (reply["progress"]["visits"], reply["progress"]["inFlight"]) == (3, 1)
        assert (reply["status"]["waiting"], reply["running"]) == (5, True)
        await asyncio.sleep(5)
        reply = await extension.ask("status")
        assert (reply["progress"], reply["status"]["waiting"]) == (None, 2)
        assert not reply["running"]

    @jumping
    async def test_the_next_sync_is_the_first_of_the_alarms(self) -> None:
        extension = Extension(says(404))
        extension.browse()
        await extension.browser.set_alarm("sync", delay_minutes=5, period_minutes=5)
        assert (await extension.ask("status"))["status"]["nextAt"] == 5 * 60_000
        await extension.run()
        assert (await extension.ask("status"))["status"]["nextAt"] == 30_000

    @jumping
    async def test_alarms_that_come_while_the_server_wants_quiet_send_nothing(self) -> None:
        extension = Extension(says(429, retry_after="1800"))
        extension.browse()
        await extension.ask("settings", settings={"periodMinutes": 5})
        await extension.run()
        next_at = (await extension.ask("status"))["status"]["nextAt"]
        assert 0 <= next_at - extension.state["notBefore"] < 300_000
        assert next_at % 300_000 == 0, "it is one of the periodic alarm's"

    @jumping
    async def test_a_person_who_joins_a_run_that_would_send_nothing_makes_it_send(self) -> None:
        extension = Extension(says(429, retry_after="1800"))
        extension.browse()
        await extension.run()
        assert len(extension.server.batches) == 1
        extension.browser.status_told.clear()
        periodic, manual = await asyncio.gather(
            extension.ask("run", trigger="periodic"), extension.ask("run", trigger="manual")
        )
        assert (periodic["joined"], manual["joined"]) == (False, True)
        await asyncio.sleep(10)
        assert (await extension.ask("status"))["status"]["waiting"] == 0
        assert extension.last_run["trigger"] == "manual"

    @jumping
    async def test_a_person_who_joins_a_run_that_is_asked_to_wait_makes_it_go_on(self) -> None:
        extension = Extension(says(429, retry_after="50"))
        extension.browse()
        await extension.ask("run", trigger="periodic")
        await asyncio.sleep(5)
        await extension.ask("cancel")
        await asyncio.sleep(1)
        await extension.ask("run", trigger="periodic")
        await asyncio.sleep(5)
        assert len(extension.server.batches) == 1
        assert (await extension.ask("run", trigger="manual"))["joined"]
        await asyncio.sleep(5)
        assert (await extension.ask("status"))["status"]["waiting"] == 0

    @jumping
    async def test_a_person_may_join_before_it_is_known_what_waits(self) -> None:
        extension = Extension()
        with patch.object(Synchronizer, "_gaps", slowed(Synchronizer._gaps)):
            await extension.ask("run", trigger="periodic")
            await asyncio.sleep(0.5)
            assert (await extension.ask("run", trigger="manual"))["joined"]
            await asyncio.sleep(5)
        assert extension.last_run["trigger"] == "manual"

    @jumping
    async def test_who_comes_too_late_to_join_a_run_starts_the_next(self) -> None:
        extension = Extension()
        extension.browse()
        with patch.object(Runs, "_plan_retry", slowed(Runs._plan_retry)):
            await extension.ask("run", trigger="periodic")
            await asyncio.sleep(1)
            assert extension.last_run["trigger"] == "periodic"
            for trigger in ("manual", "periodic"):
                assert (await extension.ask("run", trigger=trigger))["joined"]
            await asyncio.sleep(5)
        assert extension.last_run["trigger"] == "manual"

    @jumping
    async def test_a_run_that_a_person_stops_leaves_the_wish_for_quiet_as_it_is(self) -> None:
        extension = Extension(says(429, retry_after="1800"), silent)
        extension.browse()
        await extension.run()
        kept = {name: extension.state[name] for name in ("notBefore", "failures")}
        retry = dict(extension.browser.alarms)
        extension.browser.status_told.clear()
        await extension.ask("run", trigger="manual")
        await asyncio.sleep(5)
        await extension.ask("cancel")
        await extension.browser.status_told.wait()
        assert extension.last_run["cancelled"]
        assert {name: extension.state[name] for name in kept} == kept
        assert extension.browser.alarms == retry

    @jumping
    async def test_the_rejected_are_counted(self) -> None:
        extension = Extension()
        extension.browse(2)
        await extension.ask("status")
        extension.server.rejects = {extension.database.visits[1]["id"]: "odd"}
        await extension.run()
        status = (await extension.ask("status"))["status"]
        assert (status["quarantined"], status["waiting"], status["problem"]) == (1, 0, None)

    @jumping
    async def test_at_once_they_fold_one_after_the_other(self) -> None:
        extension = Extension()
        extension.disk.fold_s = 1
        extension.browse(5)
        replies = await asyncio.gather(*(extension.ask("status") for _ in range(3)))
        assert [reply["status"]["waiting"] for reply in replies] == [5, 5, 5]
        assert asyncio.get_running_loop().time() == 3

    @pytest.mark.parametrize(
        ("request_", "error"),
        [
            ({"kind": "dance"}, UNKNOWN.format("dance")),
            ({}, UNKNOWN.format("None")),
            ({"kind": "run"}, "A run has no trigger “None”."),
            ({"kind": "run", "trigger": "boredom"}, "A run has no trigger “boredom”."),
        ],
        ids=["kind", "no kind", "no trigger", "trigger"],
    )
    @jumping
    async def test_what_it_does_not_know(self, request_: Record, error: str) -> None:
        extension = Extension()
        assert await extension.control.answer(request_) == {"ok": False, "error": error}
        assert extension.browser.published == []

    @jumping
    async def test_a_cancelled_request_does_no_harm(self) -> None:
        extension = Extension()
        extension.disk.fold_s = 3
        extension.browse(4)
        request = asyncio.create_task(extension.ask("status"))
        await asyncio.sleep(1)
        request.cancel()
        await asyncio.wait([request])
        assert request.cancelled()
        assert (await extension.ask("status"))["status"]["waiting"] == 4
        await asyncio.sleep(LINGER_S + 1)
        assert extension.browser.closed

    @jumping
    async def test_a_run_survives_who_asked_for_it(self) -> None:
        extension = Extension(latency_s=5)
        extension.browse(4)
        await extension.ask("run", trigger="manual")
        joined = asyncio.create_task(extension.ask("status"))
        joined.cancel()
        await asyncio.sleep(6)
        assert len(extension.server.visits) == 4


class TestSettings:
    @jumping
    async def test_what_is_not_named_stays(self) -> None:
        extension = Extension(settings={})
        await extension.ask("settings", settings={"serverUrl": SERVER, "token": "old"})
        reply = await extension.ask("settings", settings={"token": "new"})
        assert reply["ok"] is True
        assert reply["settings"] == extension.state["settings"]
        assert reply["settings"] == Settings(server_url=SERVER, token="new").to_record()

    @jumping
    async def test_those_of_another_version_are_compiled_for_the_recorder(self) -> None:
        extension = Extension()
        extension.state["settings"] = {**SIGNED_IN, "excluded": ["bank.example"]}
        await extension.ask("status")
        stored = extension.state["settings"]
        assert stored == Settings.from_record(stored).to_record()
        assert re.match(stored["excludedRegExp"], "https://bank.example/")

    @jumping
    async def test_asked_without_changes_they_are_only_told(self) -> None:
        extension = Extension()
        reply = await extension.ask("settings")
        assert reply["settings"] == Settings.from_record(SIGNED_IN).to_record()

    @jumping
    async def test_problems_by_field_and_nothing_changes(self) -> None:
        extension = Extension()
        wrong = {"concurrency": 99, "serverUrl": "ftp://a", "periodMinutes": 7}
        reply = await extension.ask("settings", settings=wrong)
        assert reply["ok"] is False
        assert set(reply["problems"]) == {"concurrency", "serverUrl"}
        assert reply["error"] == " ".join(reply["problems"].values())
        assert extension.state["settings"] == SIGNED_IN
        assert extension.browser.alarms == {}

    @jumping
    async def test_the_alarm_follows_the_period(self) -> None:
        extension = Extension(settings={})
        await extension.ask("settings", settings={"periodMinutes": 15})
        assert extension.browser.alarms == {"sync": (15, 15)}
        extension.browser.alarms.clear()
        await extension.ask("settings", settings={"concurrency": 2})
        assert extension.browser.alarms == {}

    @jumping
    async def test_the_recorder_hears_of_each_pause_and_of_nothing_else(self) -> None:
        extension = Extension()
        for paused in (True, True, False):
            # Once more, too: the recorder may not have heard of it the first time.
            await extension.ask("settings", settings={"paused": paused})
        await extension.ask("settings", settings={"concurrency": 3})
        assert extension.browser.paused == [True, True, False]
        told = [message["status"]["paused"] for message in extension.said("status")]
        assert told == [True, True, False, False]

    @jumping
    async def test_what_is_excluded_is_not_recorded_from_then_on(self) -> None:
        extension = Extension()
        extension.browse(2, host="bank.example")
        await extension.ask("settings", settings={"excluded": ["bank.example"]})
        extension.browse(3, host="bank.example")
        extension.browse(1)
        assert (await extension.ask("status"))["status"]["waiting"] == 2 + 1

    @pytest.mark.parametrize("change", [{"token": "other"}, {"serverUrl": "https://other.example"}])
    @jumping
    async def test_another_server_begins_without_failures(self, change: Record) -> None:
        extension = Extension(says(404))
        extension.browse()
        await extension.run()
        assert (extension.browser.badge, extension.retry_min) == ("!", 0.5)
        await extension.ask("settings", settings=change)
        assert (extension.browser.badge, extension.retry_min) == ("", None)
        assert (extension.last_run, extension.state["failures"]) == (None, 0)

    @jumping
    async def test_other_changes_keep_the_problem_in_sight(self) -> None:
        extension = Extension(says(404))
        extension.browse()
        await extension.run()
        await extension.ask("settings", settings={"concurrency": 2})
        assert (extension.browser.badge, extension.retry_min) == ("!", 0.5)

    @jumping
    async def test_stored_ones_that_make_no_sense_any_more_can_be_put_right(self) -> None:
        extension = Extension(settings={**SIGNED_IN, "strategy": "carrier pigeon"})
        extension.browse(2)
        assert "strategy" in (await extension.ask("status"))["problems"]
        reply = await extension.ask("settings", settings={"strategy": "sequential"})
        assert reply["ok"] is True
        await extension.run()
        assert len(extension.server.visits) == 2


class TestExclude:
    @jumping
    async def test_a_site_and_back(self) -> None:
        extension = Extension(settings={**SIGNED_IN, "excluded": ["*.internal"]})
        reply = await extension.ask("exclude", site="bank.example", excluded=True)
        assert reply["settings"] == extension.state["settings"]
        assert reply["settings"]["excluded"] == ["*.internal", "bank.example"]
        extension.browse(3, host="bank.example")
        assert (await extension.ask("status"))["status"]["waiting"] == 0
        await extension.ask("exclude", site="bank.example", excluded=True)
        assert extension.state["settings"]["excluded"] == ["*.internal", "bank.example"]
        await extension.ask("exclude", site="bank.example", excluded=False)
        assert extension.state["settings"]["excluded"] == ["*.internal"]

    @jumping
    async def test_a_preset_and_back(self) -> None:
        extension = Extension()
        reply = await extension.ask("exclude", preset="health", excluded=False)
        assert reply["settings"]["presets"] == ["banks", "intimate", "official", "accounts"]
        reply = await extension.ask("exclude", preset="health", excluded=True)
        assert reply["settings"]["presets"] == list(Settings().presets)

    @jumping
    async def test_what_others_exclude_in_the_same_moment_stays(self) -> None:
        extension = Extension()
        extension.disk.fold_s = 1
        await asyncio.gather(
            extension.ask("exclude", site="a.example", excluded=True),
            extension.ask("settings", settings={"excluded": ["b.example"], "concurrency": 2}),
            extension.ask("exclude", site="c.example", excluded=True),
            extension.ask("exclude", preset="banks", excluded=False),
            extension.ask("exclude", preset="health", excluded=False),
        )
        settings = extension.state["settings"]
        assert settings["excluded"] == ["b.example", "c.example"]
        assert settings["presets"] == ["intimate", "official", "accounts"]
        assert settings["concurrency"] == 2

    @pytest.mark.parametrize(
        "wrong",
        [
            {"site": "bank.example"},
            {"site": " ", "excluded": True},
            {"site": ["bank.example"], "excluded": True},
            {"site": "two words", "excluded": True},
            {"preset": "cakes", "excluded": True},
            {"preset": ["banks"], "excluded": False},
            {"excluded": True},
        ],
    )
    @jumping
    async def test_what_is_none_changes_nothing(self, wrong: Record) -> None:
        extension = Extension()
        assert not (await extension.ask("exclude", **wrong))["ok"]
        assert extension.state["settings"] == SIGNED_IN


class TestPause:
    @jumping
    async def test_for_an_hour(self) -> None:
        extension = Extension()
        settings = (await extension.ask("pause", until="hour"))["settings"]
        assert (settings["paused"], settings["pausedUntil"]) == (True, T0 + 3_600_000)
        assert extension.browser.alarms["resume"] == (60, None)
        assert (extension.browser.paused, extension.browser.paused_until) == (
            [True],
            T0 + 3_600_000,
        )
        await asyncio.sleep(3_599.5)
        assert await extension.ask("resume") == {"ok": True, "resumed": False}
        assert extension.state["settings"]["paused"]
        assert extension.browser.alarms["resume"] == (0.5, None), "the shortest there is"
        await asyncio.sleep(0.5)
        assert await extension.ask("resume") == {"ok": True, "resumed": True}
        assert extension.browser.paused == [True, False]
        assert "resume" not in extension.browser.alarms
        stored = extension.state["settings"]
        assert (stored["paused"], stored["pausedUntil"]) == (False, None)

    @jumping
    async def test_whoever_looks_how_things_stand_ends_a_pause_that_is_over(self) -> None:
        extension = Extension()
        await extension.ask("pause", until="hour")
        assert (await extension.ask("status"))["status"]["paused"]
        await asyncio.sleep(3_600)
        assert not (await extension.ask("status"))["status"]["paused"]

    @jumping
    async def test_a_clock_set_back_makes_the_hour_no_longer_than_an_hour(self) -> None:
        extension = Extension()
        await extension.ask("pause", until="hour")
        await asyncio.sleep(3_000)
        extension.clock.set_by(-DAY_MS)
        assert (await extension.ask("status"))["status"]["paused"]
        assert extension.browser.paused_until == extension.clock.now_ms() + 3_600_000
        assert extension.browser.alarms["resume"] == (60, None)
        await asyncio.sleep(3_600)
        assert await extension.ask("resume") == {"ok": True, "resumed": True}

    @jumping
    async def test_a_clock_set_ahead_ends_it(self) -> None:
        extension = Extension()
        await extension.ask("pause", until="hour")
        extension.clock.set_by(365 * DAY_MS)
        assert await extension.ask("resume") == {"ok": True, "resumed": True}

    @jumping
    async def test_until_the_browser_starts_again(self) -> None:
        extension = Extension()
        settings = (await extension.ask("pause", until="restart"))["settings"]
        assert settings["pausedUntil"] == "restart"
        assert "resume" not in extension.browser.alarms
        await asyncio.sleep(90_000)
        assert await extension.ask("resume") == {"ok": True, "resumed": False}
        assert await extension.ask("resume", started=True) == {"ok": True, "resumed": True}
        assert extension.browser.paused == [True, False]

    @jumping
    async def test_until_the_person_ends_it(self) -> None:
        extension = Extension()
        await extension.ask("pause", until="hour")
        await extension.ask("pause", until=None)
        assert "resume" not in extension.browser.alarms
        await asyncio.sleep(90_000)
        assert await extension.ask("resume", started=True) == {"ok": True, "resumed": False}

    @pytest.mark.parametrize("until", ["hour", "restart"])
    @jumping
    async def test_a_plain_pause_or_resumption_forgets_the_end(self, until: str) -> None:
        extension = Extension()
        for paused in (True, False):
            await extension.ask("pause", until=until)
            await extension.ask("settings", settings={"paused": paused})
            assert extension.state["settings"]["pausedUntil"] is None
            assert "resume" not in extension.browser.alarms

    @jumping
    async def test_a_restart_that_comes_before_the_hour_is_over_changes_nothing(self) -> None:
        extension = Extension()
        await extension.ask("pause", until="hour")
        await asyncio.sleep(1_800)
        extension.browser.alarms.clear()  # as browsers may do
        assert await extension.ask("resume", started=True) == {"ok": True, "resumed": False}
        assert extension.browser.alarms["resume"] == (30, None)

    @pytest.mark.parametrize("until", ["tomorrow", 7, []])
    @jumping
    async def test_no_other_end(self, until: object) -> None:
        extension = Extension()
        reply = await extension.ask("pause", until=until)
        assert not reply["ok"]
        assert "settings" in extension.state
        assert extension.browser.paused == []


class TestDryRun:
    @jumping
    async def test_nothing_is_changed(self) -> None:
        extension = Extension()
        before = dict(extension.state)
        reply = await extension.ask(
            "settings", settings={"serverUrl": "https://x.example/"}, dryRun=True
        )
        assert reply["settings"]["serverUrl"] == "https://x.example/api/v1"
        assert extension.state == before
        reply = await extension.ask("settings", settings={"serverUrl": "x"}, dryRun=True)
        assert list(reply["problems"]) == ["serverUrl"]


class TestRetry:
    @jumping
    async def test_the_pause_grows_and_success_ends_it(self) -> None:
        extension = Extension(*[says(404)] * 4)
        extension.browse()
        pauses = []
        for _ in range(5):
            await extension.run("periodic")
            pauses.append(extension.retry_min)
        assert pauses == [0.5, 1, 2, 4, None]
        assert extension.state["failures"] == 0
        extension.server.script.append(says(404))
        extension.browse()
        await extension.run()
        assert extension.retry_min == 0.5

    @jumping
    async def test_the_periodic_sync_comes_first(self) -> None:
        settings = {**SIGNED_IN, "periodMinutes": 2}
        extension = Extension(*[says(404)] * 3, settings=settings)
        extension.browse()
        pauses = []
        for _ in range(3):
            await extension.run()
            pauses.append(extension.retry_min)
        assert pauses == [0.5, 1, None]

    @jumping
    async def test_the_server_asks_for_patience(self) -> None:
        extension = Extension(says(429, retry_after="600"))
        extension.browse()
        await extension.run()
        assert extension.retry_min == 10

    @jumping
    async def test_a_run_that_half_succeeded_is_tried_again(self) -> None:
        extension = Extension(healthy, says(404), settings={**SIGNED_IN, "batchSize": 1})
        extension.browse(4)
        await extension.run()
        assert (extension.last_run["outcome"], extension.last_run["visits"]) == ("partial", 3)
        assert extension.retry_min == 0.5
        assert extension.browser.badge == "!"
        await extension.run()
        assert (len(extension.server.visits), extension.browser.badge) == (4, "")

    @jumping
    async def test_a_wrong_token_is_not_tried_again(self) -> None:
        extension = Extension(says(404), says(401))
        extension.browse()
        await extension.run()
        assert extension.retry_min is not None
        await extension.run()
        assert extension.retry_min is None
        problem = extension.said("status")[-1]["status"]["problem"]
        assert problem.startswith("Your server does not know this token.")
        assert (extension.browser.badge, extension.browser.title) == ("!", f"Heyho: {problem}")

    @jumping
    async def test_nothing_to_send_is_no_failure(self) -> None:
        extension = Extension()
        await extension.run()
        assert extension.last_run["outcome"] == "nothing"
        assert (extension.retry_min, extension.browser.badge) == (None, "")
        assert extension.browser.title == "Heyho: all well"


class TestLinger:
    @jumping
    async def test_it_closes_after_a_while_without_work(self) -> None:
        extension = Extension()
        await extension.ask("status")
        await asyncio.sleep(LINGER_S - 0.1)
        assert not extension.browser.closed
        await asyncio.sleep(0.2)
        assert extension.browser.closed

    @jumping
    async def test_every_request_begins_the_wait_anew(self) -> None:
        extension = Extension()
        for _ in range(5):
            await extension.ask("status")
            await asyncio.sleep(LINGER_S - 1)
        assert not extension.browser.closed

    @jumping
    async def test_never_during_a_run(self) -> None:
        extension = Extension(says(404), latency_s=29.99)
        extension.browse()
        await extension.ask("run", trigger="manual")
        await asyncio.sleep(LINGER_S + 15)
        await extension.ask("status")
        await asyncio.sleep(4)
        assert not extension.browser.closed
        await asyncio.sleep(1 + LINGER_S - 0.1)
        assert extension.last_run["outcome"] == "failed"
        assert not extension.browser.closed
        await asyncio.sleep(0.2)
        assert extension.browser.closed

    @jumping
    async def test_never_during_an_answer(self) -> None:
        extension = Extension()
        extension.disk.fold_s = LINGER_S * 3
        slow = asyncio.create_task(extension.ask("status"))
        await asyncio.sleep(1)
        await extension.ask("dance")
        await asyncio.sleep(LINGER_S + 1)
        assert not extension.browser.closed
        await slow
        await asyncio.sleep(LINGER_S + 1)
        assert extension.browser.closed

    @jumping
    async def test_even_after_a_failure(self) -> None:
        extension = Extension()
        extension.disk.refuses = {"fold"}
        await extension.ask("status")
        await asyncio.sleep(LINGER_S + 1)
        assert extension.browser.closed


class Chores:
    """A service with some pieces of work, each of which takes a while."""

    def __init__(self, pieces: int, piece_s: float = 0.4) -> None:
        self.handlers: dict[str, Handler] = {"greet": self._greet}
        self.done: list[float] = []
        self._left = pieces
        self._piece_s = piece_s

    async def step(self) -> bool:
        if not self._left:
            return False
        self._left -= 1
        await asyncio.sleep(self._piece_s)
        self.done.append(asyncio.get_running_loop().time())
        return True

    async def _greet(self, request: Record) -> Record:
        if "name" not in request:
            raise HeyhoError("Say whom to greet.")
        return {"said": f"Hello {request['name']}"}


class TestServices:
    @jumping
    async def test_their_requests_are_answered(self) -> None:
        extension = Extension(services=[Chores(0)])
        assert await extension.ask("greet", name="Ada") == {"ok": True, "said": "Hello Ada"}
        assert await extension.ask("greet") == {"ok": False, "error": "Say whom to greet."}
        assert "not of the same version" in (await extension.ask("dance"))["error"]

    @jumping
    async def test_what_can_wait_is_done_in_a_quiet_moment(self) -> None:
        chores = Chores(3)
        extension = Extension(services=[chores])
        await extension.ask("status")
        assert chores.done == []
        await asyncio.sleep(3)
        assert len(chores.done) == 3

    @jumping
    async def test_it_waits_for_the_end_of_a_run(self) -> None:
        chores = Chores(2)
        extension = Extension(latency_s=20, services=[chores])
        extension.browse()
        began = asyncio.get_running_loop().time()
        await extension.run()
        assert chores.done == []
        await asyncio.sleep(3)
        assert len(chores.done) == 2
        assert chores.done[0] - began > 20

    @jumping
    async def test_nothing_closes_in_the_middle_of_it(self) -> None:
        chores = Chores(10, piece_s=LINGER_S / 3)
        extension = Extension(services=[chores])
        await extension.ask("status")
        await asyncio.sleep(10 * LINGER_S / 3)
        assert not extension.browser.closed
        await asyncio.sleep(2 * LINGER_S)
        assert len(chores.done) == 10
        assert extension.browser.closed

    @jumping
    async def test_a_request_that_ends_with_a_piece_does_not_end_the_work(self) -> None:
        class Waits(Chores):
            async def step(self) -> bool:
                await both.wait()
                self.done.append(0)
                return len(self.done) < 3

            async def _greet(self, request: Record) -> Record:
                await both.wait()
                return {}

        both = asyncio.Event()
        chores = Waits(0)
        extension = Extension(services=[chores])
        await extension.ask("status")
        await asyncio.sleep(2)
        greeting = asyncio.ensure_future(extension.ask("greet"))
        await asyncio.sleep(1)
        both.set()
        await greeting
        await asyncio.sleep(2 * LINGER_S)
        assert len(chores.done) == 3
        assert extension.browser.closed

    @jumping
    async def test_what_stands_first_comes_first_after_each_piece(self) -> None:
        class Gives(Chores):
            async def _greet(self, request: Record) -> Record:
                self._left = 1
                return {}

        first, last = Gives(0), Chores(5, piece_s=1)
        last.handlers = {}
        extension = Extension(services=[first, last])
        await extension.ask("status")
        await asyncio.sleep(2)
        await extension.ask("greet")
        await asyncio.sleep(10)
        assert len(last.done) == 5
        assert first.done[0] < last.done[2]

    @jumping
    async def test_a_request_during_the_last_piece_is_not_forgotten(self) -> None:
        class Gives(Chores):
            async def _greet(self, request: Record) -> Record:
                self._left = 1
                return {}

        class Looks(Chores):
            async def step(self) -> bool:
                await asyncio.sleep(1)
                return False

        first, last = Gives(0), Looks(0)
        last.handlers = {}
        extension = Extension(services=[first, last])
        await extension.ask("status")
        await asyncio.sleep(1)
        await extension.ask("greet")
        await asyncio.sleep(3 * LINGER_S)
        assert len(first.done) == 1
        assert extension.browser.closed

    @jumping
    async def test_what_fails_is_tried_again_after_the_next_request(self) -> None:
        class Fails(Chores):
            async def step(self) -> bool:
                if not self.done:
                    self.done.append(0)
                    raise StorageFull(FULL)
                return await super().step()

        chores = Fails(1)
        extension = Extension(services=[chores])
        await extension.ask("status")
        await asyncio.sleep(3)
        assert chores.done == [0]
        await extension.ask("status")
        await asyncio.sleep(3)
        assert len(chores.done) == 2


class TestStorage:
    @pytest.mark.parametrize(
        "refused",
        [
            "fold",
            "get settings",
            "get device",
            "put device",
            "get failures",
            "put failures",
            "get server",
            "put server",
            "put lastRun",
            "put status",
            "payload",
            "acknowledge",
            "add run",
        ],
    )
    @jumping
    async def test_a_refusal_in_the_middle_is_reported_and_loses_nothing(
        self, refused: str
    ) -> None:
        unhandled: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, what: unhandled.append(what))
        # A failure before, so that a run has failures to read and to forget.
        extension = Extension(says(404) if refused == "get failures" else healthy)
        extension.browse(7)
        extension.disk.refuses = {refused}
        await extension.ask("run", trigger="manual")
        await asyncio.sleep(2)
        assert unhandled == []
        assert (extension.browser.badge, extension.browser.title) == ("!", f"Heyho: {FULL}")

        extension.disk.refuses = set()
        extension.browse(2)
        await extension.run()
        assert extension.browser.badge == ""
        urls = sorted(visit["url"] for visit in extension.server.visits.values())
        assert urls == [f"https://site.example/{n}" for n in range(1, 10)]
        assert (await extension.ask("status"))["status"]["waiting"] == 0

    @jumping
    async def test_a_full_disk_is_on_every_page_though_nothing_can_be_stored(self) -> None:
        extension = Extension()
        extension.browse()
        extension.disk.refuses = {"fold", "put status", "put failures", "put lastRun"}
        await extension.ask("run", trigger="manual")
        await asyncio.sleep(2)
        assert extension.said("status")[-1]["status"]["problem"] == FULL

    @pytest.mark.parametrize("refused", ["fold", "get settings", "put status"])
    @jumping
    async def test_a_request_is_answered_with_the_reason(self, refused: str) -> None:
        extension = Extension()
        extension.disk.refuses = {refused}
        assert await extension.ask("status") == {"ok": False, "error": FULL}

    @jumping
    async def test_settings_that_could_not_be_stored_are_not_announced(self) -> None:
        extension = Extension()
        extension.disk.refuses = {"put settings"}
        reply = await extension.ask("settings", settings={"paused": True, "periodMinutes": 3})
        assert reply == {"ok": False, "error": FULL}
        assert (extension.browser.paused, extension.browser.alarms) == ([], {})
