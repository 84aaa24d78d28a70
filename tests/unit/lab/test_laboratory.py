"""The lab, on a clock that jumps: it measures, and moves nothing."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from typing import Any

import pytest

from heyho.lab.ways import WAYS
from heyho.ports import Record
from heyho.ports.network import Reply
from heyho.quiet import LINGER_S
from heyho.testing.loop import jumping
from heyho.testing.network import reply
from unit.sync.device import visit_record
from unit.sync.servers import says, unreachable
from unit.test_control import SIGNED_IN, Extension

NAMES = [way.name for way in WAYS]
NAMES_OF_40 = [f"visit-{n:04}" for n in range(1, 41)]


class Lab(Extension):
    """An extension with visits in it, and what must not move."""

    def __init__(self, *script: Any, visits: int = 40, batch: int = 4, **more: Any) -> None:
        super().__init__(*script, settings={**SIGNED_IN, "batchSize": batch}, **more)
        self.database.append_visits([visit_record(n) for n in range(1, visits + 1)])
        self._ended = asyncio.Event()
        publish = self.browser.publish

        def listen(message: Record) -> None:
            publish(message)
            if message["kind"] == "lab" and message["lab"]["progress"] is None:
                self._ended.set()

        self.browser.publish = listen  # type: ignore[method-assign]

    def kept(self) -> Record:
        """All that a lab must leave alone."""
        kept = deepcopy({k: v for k, v in self.state.items() if k in ("ledger", "lastRun")})
        return {
            **kept,
            "visits": deepcopy(self.database.visits),
            "rejected": deepcopy(self.database.rejected),
            "runs": deepcopy(self.database.runs),
            "stored": deepcopy(self.server.visits),
            "received": list(self.server.received),
        }

    async def start(self, **more: Any) -> None:
        assert await self.ask("lab", **more) == {"ok": True, "started": True, "reason": None}

    async def end(self) -> Record:
        """Wait for a session's end; returns how it ended."""
        await self._ended.wait()
        ended: Record = self.told()[-1]["ended"]
        return ended

    def told(self) -> list[Record]:
        return [message["lab"] for message in self.said("lab")]


@jumping
async def test_every_way_is_measured_and_nothing_moves() -> None:
    lab = Lab()
    before = lab.kept()
    await lab.start()
    ended = await lab.end()
    assert (ended["outcome"], ended["problem"]) == ("complete", None)
    assert lab.kept() == before
    session = lab.state["lab"]
    assert session == ended["session"]
    assert (session["visits"], session["batches"]) == (40, 10)
    assert [way["way"] for way in session["ways"]] == NAMES
    took = {way["way"]: way["ms"] / 1000 for way in session["ways"]}
    assert took["sequential"] == pytest.approx(3.0, abs=0.05)
    assert took["concurrent-2"] == pytest.approx(1.5, abs=0.05)
    assert took["concurrent-5"] == pytest.approx(0.6, abs=0.05)
    assert took["concurrent-10"] == pytest.approx(0.3, abs=0.05)
    for way in session["ways"]:
        assert (way["visits"], way["batches"], len(way["spans"])) == (40, 10, 10)
        assert way["ms"] >= way["idealMs"] - 1
    assert session["verdict"]["reason"] == "lanes"
    assert session["verdict"]["best"] == "concurrent-10"
    # Once to warm up, and then twice on each way.
    assert sorted(lab.server.tried) == sorted([*NAMES_OF_40[:4], *NAMES_OF_40 * 12])


@jumping
async def test_what_is_sent_afterwards_is_sent_once() -> None:
    lab = Lab()
    await lab.start(strategies=["sequential", "concurrent-5"])
    await lab.end()
    await lab.run()
    assert sorted(lab.server.received) == NAMES_OF_40
    assert lab.last_run["outcome"] == "complete"


@jumping
async def test_pages_see_how_far_it_is() -> None:
    lab = Lab()
    await lab.start(strategies=["sequential", "concurrent-5"])
    await asyncio.sleep(1.5)
    results = await lab.ask("lab_results")
    progress = results["progress"]
    assert (progress["way"], progress["phase"]) == ("sequential", "measuring")
    assert (progress["visits"], progress["batches"], progress["inFlight"]) == (40, 10, 1)
    assert 0 < progress["batchesDone"] < 10
    assert results["session"] is None
    await lab.end()
    phases = [it["progress"]["phase"] for it in lab.told() if it["progress"]]
    assert {"warming", "measuring"} <= set(phases)
    last = [it["progress"] for it in lab.told() if it["progress"]][-1]
    assert last["done"][0]["way"] == "sequential"
    results = await lab.ask("lab_results", visits=10)
    assert results["session"] == lab.state["lab"]
    assert (results["progress"], results["trials"]) == (None, True)
    assert (results["visits"], results["batches"], results["ways"]) == (10, 3, NAMES)


@pytest.mark.parametrize("after_s", [0.0, 0.01, 0.1, 0.31, 0.6, 1.0, 2.0, 3.6, 4.0, 5.2, 7.0])
@jumping
async def test_cancelled_anywhere_it_leaves_nothing(after_s: float) -> None:
    lab = Lab()
    before = lab.kept()
    await lab.start()
    await asyncio.sleep(after_s)
    assert (await lab.ask("lab_cancel"))["cancelled"]
    assert (await lab.end())["outcome"] == "cancelled"
    assert lab.server.in_flight == 0
    assert "lab" not in lab.state
    assert lab.kept() == before
    assert not (await lab.ask("lab_cancel"))["cancelled"]
    await lab.run()
    assert sorted(lab.server.received) == NAMES_OF_40


@jumping
async def test_a_persons_sync_comes_first() -> None:
    lab = Lab(latency_s=0.5)
    await lab.start()
    await asyncio.sleep(2)
    await lab.run()
    assert (await lab.end())["outcome"] == "run"
    assert sorted(lab.server.received) == NAMES_OF_40
    assert lab.last_run["outcome"] == "complete"


@jumping
async def test_any_other_sync_waits_for_the_end() -> None:
    lab = Lab()
    await lab.start(strategies=["sequential", "concurrent-5"])
    await asyncio.sleep(1)
    await lab.run("periodic")
    assert (await lab.end())["outcome"] == "complete"
    assert sorted(lab.server.received) == NAMES_OF_40
    assert lab.last_run["startedAt"] >= lab.state["lab"]["endedAt"]


@jumping
async def test_none_begins_beside_a_run() -> None:
    lab = Lab(latency_s=5)
    await lab.ask("run", trigger="manual")
    await asyncio.sleep(1)
    assert (await lab.ask("lab"))["reason"] == "run"
    assert lab.server.tried == []


@jumping
async def test_two_that_ask_share_one() -> None:
    lab = Lab()
    await lab.start()
    await lab.start()
    await lab.end()
    assert len([it for it in lab.told() if it["progress"] is None]) == 1


@jumping
async def test_a_server_without_trials_is_sent_nothing() -> None:
    lab = Lab()
    lab.server.trials = False
    await lab.start()
    assert (await lab.end())["outcome"] == "no_trials"
    assert (lab.server.batches, lab.server.visits) == ([], {})
    assert (await lab.ask("lab_results"))["trials"] is False


@jumping
async def test_where_the_mark_is_lost_one_batch_shows_it() -> None:
    lab = Lab()
    config = reply(200, {"maxRecords": 1000, "trials": True, "rateLimits": []})
    lab.server.config, lab.server.trials = config, False
    await lab.start()
    ended = await lab.end()
    assert ended["outcome"] == "failed"
    assert "drops the mark" in ended["problem"]
    assert len(lab.server.batches) == 1
    assert "lab" not in lab.state


@jumping
async def test_without_visits_or_a_server_there_is_nothing_to_try() -> None:
    assert (await Lab(visits=0).ask("lab"))["reason"] == "no_visits"
    nowhere = Lab()
    nowhere.state["settings"] = {}
    assert (await nowhere.ask("lab"))["reason"] == "no_server"
    results = await nowhere.ask("lab_results")
    assert (results["canSync"], results["trials"]) == (False, None)


@jumping
async def test_a_server_that_is_away_is_told() -> None:
    lab = Lab(*[unreachable] * 20)
    await lab.start()
    ended = await lab.end()
    assert (ended["outcome"], ended["problem"]) == ("failed", "Your server could not be reached.")


@jumping
async def test_a_way_that_fails_is_told_and_the_others_go_on() -> None:
    lab = Lab(latency_s=7)
    await lab.start(strategies=["sequential", "concurrent-2"])
    await asyncio.sleep(20)
    lab.server.script.extend([says(500)] * 5)
    ended = await lab.end()
    [one, two] = ended["session"]["ways"]
    assert (one["error"] is None, two["error"]) == (False, None)
    assert ended["session"]["verdict"]["failed"] == ["sequential"]


@jumping
async def test_the_better_time_counts() -> None:
    lab = Lab()
    await lab.start(strategies=["sequential", "concurrent-2"])
    await asyncio.sleep(1)
    lab.server.latency_s = 2
    await asyncio.sleep(2)
    lab.server.latency_s = 0.3
    session = (await lab.end())["session"]
    assert [way["way"] for way in session["ways"]] == ["sequential", "concurrent-2"]
    assert session["ways"][0]["ms"] == pytest.approx(3000, abs=50)


@jumping
async def test_what_takes_long_is_measured_once() -> None:
    lab = Lab(latency_s=7)
    await lab.start(strategies=["sequential", "concurrent-2"])
    await lab.end()
    assert sorted(lab.server.tried) == sorted([*NAMES_OF_40[:4], *NAMES_OF_40 * 2])


@jumping
async def test_refused_visits_stay_out_of_quarantine() -> None:
    lab = Lab()
    lab.server.rejects = {"visit-0003": "too old"}
    await lab.start(strategies=["sequential"])
    session = (await lab.end())["session"]
    assert (session["ways"][0]["rejected"], lab.database.rejected) == (1, {})


@jumping
async def test_another_server_ends_it() -> None:
    lab = Lab(latency_s=1)
    await lab.start()
    await asyncio.sleep(2)
    await lab.ask("settings", settings={"token": "another"})
    assert (await lab.end())["outcome"] == "other"
    assert "lab" not in lab.state


@jumping
async def test_the_engine_stays_for_it_and_no_longer() -> None:
    lab = Lab(latency_s=5)
    await lab.start(strategies=["sequential"])
    await asyncio.sleep(LINGER_S + 20)
    assert not lab.browser.closed
    await lab.end()
    await asyncio.sleep(LINGER_S + 1)
    assert lab.browser.closed


class Limited:
    """A server that takes five requests a second, and says so."""

    def __init__(self, lab: Lab) -> None:
        self._answer = lab.server.answer
        self._sent: list[float] = []
        self.refused = 0
        lab.server.config = reply(200, {"maxRecords": 1000, "trials": True, "rateLimits": [POLICY]})

    async def answer(self, method: str, url: str, body: Record | None, token: str | None) -> Reply:
        if method == "POST":
            now = asyncio.get_running_loop().time()
            self._sent = [at for at in self._sent if at > now - 1]
            if len(self._sent) >= 5:
                self.refused += 1
                return reply(429, {"success": False, "message": "slow"}, retry_after="1")
            self._sent.append(now)
        return await self._answer(method, url, body, token)


POLICY = {"name": "sync-user", "quota": 5, "windowSeconds": 1}


@jumping
async def test_the_servers_limits_are_kept_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab(latency_s=0.05, visits=80)
    limited = Limited(lab)
    monkeypatch.setattr(lab.control._lab._means.transport, "_answer", limited.answer)
    await lab.start(strategies=["sequential", "concurrent-5", "concurrent-10"])
    session = (await lab.end())["session"]
    assert limited.refused == 0
    assert session["verdict"]["reason"] == "limited"
    assert (session["verdict"]["quota"], session["verdict"]["windowS"]) == (5, 1)
    assert session["verdict"]["best"] == "sequential"
    for way in session["ways"]:
        assert 3000 <= way["ms"] < 5000
