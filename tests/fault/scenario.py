"""Scenarios as data, and how one is played: runs and pauses until nothing waits."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from fault.audit import (
    assert_nothing_is_made_up,
    assert_sent_again_with_reason,
    missing,
    waiting,
)
from fault.parts import Between, Breaks, Quota
from fault.server import Part, Server, now_s, visit_id
from heyho.errors import HeyhoError, SyncError
from heyho.model import Outcome
from heyho.ports.device import Conditions
from heyho.sync.pauses import retry_delay_min
from heyho.sync.synchronizer import RunResult
from heyho.testing.network import Doom
from unit.sync.device import Device
from unit.sync.enforcers import utilisation

ALL = ("sequential", "concurrent", "parallel", "auto")
SEVERAL = ("concurrent", "parallel", "auto")
PERIOD_MIN = 5
MAX_RUNS = 12

Count = int | tuple[int, int]
"""A number, or the lowest and the highest that will do."""


@dataclass(frozen=True, slots=True)
class Expect:
    """What is to come of a scenario, beside what is to come of all.

    Attributes:
        outcome, error: of the first run.
        took_s: how long the first run took, at least and at most.
        left: how many visits waited after the first run.
        runs: how many it took until nothing waited.
        retries, rate_limited: attempts after the first, and answers with 429, of all runs.
        resent: how many visits came to the server once more.
        rejected: the numbers of the visits that end in quarantine.
        missing: how many visits count as done although the server does not have them.
        used: the share of the quota that is used at least; once it is known nothing is refused.
    """

    outcome: Outcome = "complete"
    error: type[Exception] | None = None
    took_s: tuple[float, float] = (0, math.inf)
    left: Count = 0
    runs: Count = 1
    retries: Count = 0
    rate_limited: Count = 0
    resent: Count = 0
    rejected: frozenset[int] | set[int] = frozenset()
    missing: int = 0
    used: float | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A person's device and a server.

    Attributes:
        name: what happens.
        server: what a request meets on its way there, from the outside in.
        expect: what is to come of it.
        visits, batch: how many wait, and how many travel together.
        arriving: how many more are recorded, by the time in seconds.
        offline: from when to when there is no connection.
        dooms: what becomes of the workers.
        settings: the person's; `later` are those of all runs but the first.
        limits: what the server's database takes, and what `GET /config` says.
        least_runs: how often it syncs, even where nothing waits.
        strategies: with which it is played.
    """

    name: str
    server: tuple[Part, ...]
    expect: Expect
    visits: int = 100
    batch: int = 10
    arriving: Mapping[float, int] = field(default_factory=dict)
    offline: tuple[float, float] | None = None
    dooms: tuple[Doom, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    later: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, Any] = field(default_factory=dict)
    least_runs: int = 1
    strategies: tuple[str, ...] = ALL

    def __str__(self) -> str:
        return self.name


class Play:
    """One scenario with one strategy.

    Attributes:
        results: of its runs.
        took_s: how long each of them took.
        left: how many visits waited after each of them.
    """

    def __init__(self, scenario: Scenario, strategy: str) -> None:
        parts = deepcopy(scenario.server)
        if scenario.offline:
            parts = (Between(*scenario.offline, Breaks()), *parts)
        self.server = Server(*parts, **scenario.limits)
        self.device = Device(
            self.server.answer,
            visits=scenario.visits,
            **{"batchSize": scenario.batch, **scenario.settings, "strategy": strategy},
        )
        self.device.dooms = iter(scenario.dooms)
        self.results: list[RunResult] = []
        self.took_s: list[float] = []
        self.left: list[int] = []
        self._scenario = scenario
        self._quotas = [part for part in parts if isinstance(part, Quota)]
        self._settings = self.device.settings()

    async def go(self) -> None:
        """Run and pause, as the extension does, until nothing waits or nothing helps."""
        self._set_alarms()
        while len(self.results) < self._scenario.least_runs or self.left[-1]:
            if self.results:
                await asyncio.sleep(self._pause_s())
            await self._run()
            if len(self.results) == MAX_RUNS:
                return

    def assert_as_expected(self) -> None:
        """Hold what came of it against what was to come."""
        expect, first = self._scenario.expect, self.results[0]
        assert (first.run.outcome, first.run.error) == (expect.outcome, _sentence(first.error))
        assert isinstance(first.error, expect.error or type(None)), first.error
        assert expect.took_s[0] <= self.took_s[0] <= expect.took_s[1], self.took_s[0]
        runs = [result.run for result in self.results]
        counts = {
            "left": self.left[0],
            "runs": len(runs),
            "retries": sum(run.retries for run in runs),
            "rate_limited": sum(run.rate_limited for run in runs),
            "resent": self.server.database.resent,
        }
        told = {name: getattr(expect, name) for name in counts}
        assert {name: n for name, n in counts.items() if not _is(n, told[name])} == {}
        assert self.device.quarantine.keys() == set(map(visit_id, expect.rejected))
        assert len(missing(self.device, self.server, self._settings)) == expect.missing
        if expect.used:
            [quota] = self._quotas
            assert utilisation(quota.counters, quota.served_s) >= expect.used
            assert self.server.refused_knowingly == 0

    async def _run(self) -> None:
        later = self._scenario.later if self.results else {}
        before, self._settings = self._settings, self.device.settings(**later)
        if before.destination != self._settings.destination:
            self.server.unheard.update(self.server.database.arrivals.keys())
        began_s = now_s()
        self.results.append(await self.device.sync(**later))
        self.took_s.append(now_s() - began_s)
        self.left.append(len(waiting(self.device, self._settings)))
        if not self._scenario.expect.missing:
            assert missing(self.device, self.server, self._settings) == set()
        assert_nothing_is_made_up(self.device, self.server)
        assert_sent_again_with_reason(self.server, lost_workers=len(self._scenario.dooms))

    def _set_alarms(self) -> None:
        loop, device, offline = asyncio.get_running_loop(), self.device, self._scenario.offline
        for at_s, count in self._scenario.arriving.items():
            loop.call_at(at_s, device.visit, count)
        for at_s, online in zip(offline or (), (False, True), strict=False):
            loop.call_at(at_s, setattr, device, "conditions", Conditions(online=online))

    def _pause_s(self) -> float:
        """As `heyho.control` has it, for a run that was not complete."""
        error = self.results[-1].error
        asked_s = error.retry_after_s if isinstance(error, SyncError) else None
        pause_min = retry_delay_min(
            len(self.results), period_minutes=PERIOD_MIN, retry_after_s=asked_s
        )
        return max(asked_s or 0, 60 * (pause_min or PERIOD_MIN))


def _is(count: int, told: Count) -> bool:
    low, high = told if isinstance(told, tuple) else (told, told)
    return low <= count <= high


def _sentence(error: HeyhoError | None) -> str | None:
    return error.sentence if error else None
