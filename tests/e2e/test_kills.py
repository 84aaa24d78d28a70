"""Killed at any moment: nothing is lost, nothing is doubled, and little is sent again.

Moments are counted in requests, and random beyond that; no time is asserted.
"""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from random import Random
from typing import Any, Literal

import pytest

from harness.backlog import Differences, differences, seed
from harness.browser import EXTENSION_ID, Browser, read_store, wait_for_last_run
from harness.desk import Desk
from harness.proxy import FaultProxy
from harness.server import ServerProcess
from harness.site import Site
from harness.stored import stored_visits
from harness.targets import Targets
from heyho.sync.plan import MAX_LANES
from heyho.sync.strategies.parallel import MAX_REPLACED

Report = Callable[[str], None]
Phase = Literal["before the first request", "in mid-run", "after the end"]

SEED = 20_261_123
VISITS = 20_000
MORE_VISITS = 4_000
BATCH, SMALL_BATCH = 250, 100
KILLS = 50
KILLS_IN_A_ROW = 5
"""So many with one strategy, then it is the next one's turn."""
LANES = {"sequential": 1, "concurrent": 5, "parallel": 5, "auto": MAX_LANES}
STRATEGIES = tuple(LANES)
WORKERS = 2
RECORDING_KILLS = 4

LATENCY_S = 0.02
SERVICE_S = 0.1
LONG_SERVICE_S = 2.0
START_S = 1.0
"""Longer than an engine takes to boot on most machines."""
END_S = 0.5
STORM_S = 0.4
PATIENCE_S = 120.0

NO_DIFFERENCES = Differences([], [], [], [])


@pytest.fixture
def arrivals(proxy: FaultProxy) -> Arrivals:
    """Takes note of what reaches the proxy."""
    arrivals = Arrivals()
    proxy.heard = arrivals.note
    return arrivals


@dataclass(slots=True)
class Arrivals:
    """The batches that have reached the proxy whole, as the `seq` of their visits."""

    batches: list[list[int]] = field(default_factory=list)
    news: threading.Condition = field(default_factory=threading.Condition, repr=False)

    def note(self, body: bytes) -> None:
        """Take note of a sync's body."""
        visits = json.loads(gzip.decompress(body))["pageVisits"]
        with self.news:
            self.batches.append([visit["seq"] for visit in visits])
            self.news.notify()

    @property
    def visits(self) -> int:
        """How many visits have arrived, each as often as it has."""
        return sum(map(len, self.batches))

    def seqs(self, since: int = 0) -> set[int]:
        """Which visits have arrived, after the first `since` batches."""
        return set(chain.from_iterable(self.batches[since:]))

    def wait_for(self, batches: int, *, at_most: set[int], since: int = 0) -> None:
        """Wait until so many batches have arrived after `since`, or all the visits `at_most`."""
        with self.news:
            assert self.news.wait_for(
                lambda: len(self.batches) >= since + batches or at_most <= self.seqs(since),
                PATIENCE_S,
            )


@dataclass(frozen=True, slots=True)
class Moment:
    """When to kill: some time after so many batches have arrived, and the run has ended or not."""

    batches: int
    ended: bool
    delay_s: float

    @classmethod
    def draw(cls, random: Random) -> Moment:
        """Any moment from the trigger until after the run's end."""
        match random.choices(("start", "middle", "last answers", "end"), (3, 5, 1, 1))[0]:
            case "start":
                return cls(0, False, random.uniform(0, START_S))
            case "middle":
                return cls(random.randint(1, 15), False, random.uniform(0, 2 * SERVICE_S))
            case "last answers":
                return cls(VISITS, False, random.uniform(0, 2 * SERVICE_S))
            case _:
                return cls(VISITS, True, random.uniform(0, END_S))


@dataclass(frozen=True, slots=True)
class Before:
    """How things stood before a run: what was waiting, what had arrived, and the last run."""

    waiting: set[int]
    batches: int
    last_run: dict[str, Any] | None

    def phase(self, desk: Desk, arrivals: Arrivals) -> Phase:
        """How far the run had come when its browser was killed; asked in the next browser."""
        if len(arrivals.batches) == self.batches:
            return "before the first request"
        return "in mid-run" if desk.state("lastRun") == self.last_run else "after the end"


@pytest.fixture
def desk(browser: Browser) -> Iterator[Desk]:
    """Whatever a test does, no context of the extension may have written to its console."""
    yield Desk(browser)
    assert browser.console() == []


def connect(desk: Desk, proxy: FaultProxy, server: ServerProcess, **settings: Any) -> None:
    """Name the server, which takes its time."""
    desk.change(serverUrl=proxy.url, token=server.token, **{"batchSize": SMALL_BATCH, **settings})
    proxy.latency_s, proxy.service_s = LATENCY_S, SERVICE_S


def seed_backlog(desk: Desk, count: int) -> set[int]:
    """Let the first `count` visits wait, and return their `seq`."""
    return set(range(1, len(seed(desk.page, count)) + 1))


def assert_all_there(desk: Desk, server: ServerProcess, count: int | None = None) -> None:
    """Server and ledger have every visit, and the server has it once and as it was recorded."""
    assert differences(desk.page, server.data_dir) == NO_DIFFERENCES
    seqs = [visit["seq"] for visit in read_store(desk.page, "visits")]
    assert count is None or len(seqs) == count
    assert list(desk.state("ledger").values()) == [[[min(seqs), max(seqs)]]]


def assert_one_good_run(desk: Desk, server: ServerProcess, count: int) -> None:
    """One run has sent everything, and tells of no failure."""
    [run] = read_store(desk.page, "runs")
    assert (run["outcome"], run["visits"], run["error"]) == ("complete", count, None)
    assert desk.page.evaluate("() => chrome.action.getBadgeText({})") == ""
    assert_all_there(desk, server, count)


def wait_until_gone(targets: Targets) -> None:
    """No worker outlives its run; ending a thread takes a moment."""
    end = time.monotonic() + PATIENCE_S
    while targets.workers() and time.monotonic() < end:
        time.sleep(0.01)
    assert targets.workers() == []


def acknowledged(desk: Desk) -> set[int]:
    """What the ledger has."""
    ledgers = (desk.state("ledger") or {}).values()
    return {seq for ranges in ledgers for first, last in ranges for seq in range(first, last + 1)}


def ask_and_forget(desk: Desk) -> None:
    """Ask for a run, as the popup's button does, and wait for nothing."""
    desk.page.evaluate(_RUN)


def click(desk: Desk) -> None:
    """Open the popup and press its button."""
    popup = desk.browser.open("popup.html")
    popup.get_by_role("button", name="Sync now").click()


def sync(desk: Desk) -> dict[str, Any]:
    """Sync and return the run's record."""
    before = desk.state("lastRun")
    assert desk.ask("run", trigger="manual")["ok"]
    wait_for_last_run(desk.page, before, PATIENCE_S * 1000)
    return read_store(desk.page, "runs")[-1]


# ---- the browser


@pytest.mark.long
def test_the_browser_is_killed_at_random_moments(
    launch: Callable[..., Browser],
    server: ServerProcess,
    proxy: FaultProxy,
    arrivals: Arrivals,
    report: Report,
) -> None:
    random = Random(SEED)
    report(f"seed {SEED}")
    desk = Desk(launch())
    connect(desk, proxy, server, batchSize=BATCH)
    recorded = len(seed(desk.page, VISITS))
    phases: dict[str, Counter[Phase]] = {strategy: Counter() for strategy in STRATEGIES}
    allowed_again = 0
    for kill in range(KILLS):
        strategy = STRATEGIES[kill // KILLS_IN_A_ROW % len(STRATEGIES)]
        if kill % KILLS_IN_A_ROW == 0:
            desk.change(strategy=strategy)
            desk.close_engine()
        if len(acknowledged(desk)) == recorded:
            recorded += len(seed(desk.page, MORE_VISITS))
        waiting = set(range(1, recorded + 1)) - acknowledged(desk)
        before = Before(waiting, len(arrivals.batches), desk.state("lastRun"))
        random.choices((ask_and_forget, click), (4, 1))[0](desk)
        kill_at(Moment.draw(random), desk, arrivals, before)
        desk = Desk(launch())
        phase = before.phase(desk, arrivals)
        phases[strategy][phase] += 1
        # Of each lane at most the batch on its way, and one whose acknowledgement was not written.
        bound = 0 if phase == "before the first request" else 2 * LANES[strategy] * BATCH
        assert len(arrivals.seqs(before.batches) - acknowledged(desk)) <= bound
        allowed_again += bound
    proxy.latency_s = proxy.service_s = 0
    assert sync(desk)["outcome"] in ("complete", "nothing")
    found = differences(desk.page, server.data_dir)
    again = arrivals.visits - recorded
    all_phases = sum(phases.values(), Counter[Phase]())
    for strategy, counts in {**phases, "all": all_phases}.items():
        parts = ", ".join(f"{count} {phase}" for phase, count in counts.items())
        report(f"{strategy}: {counts.total()} kills, {parts}")
    report(
        f"{recorded:,} visits, {arrivals.visits:,} sent in all, {again:,} of them again "
        f"(at most {allowed_again:,}); lost {len(found.lost)}, doubled {len(found.doubled)}"
    )
    assert found == NO_DIFFERENCES
    assert arrivals.seqs() == set(range(1, recorded + 1))
    assert list(desk.state("ledger").values()) == [[[1, recorded]]]
    assert again <= allowed_again
    assert len(all_phases) == 3


def kill_at(moment: Moment, desk: Desk, arrivals: Arrivals, before: Before) -> None:
    """Kill the browser, in which a run has just been asked for."""
    arrivals.wait_for(moment.batches, since=before.batches, at_most=before.waiting)
    if moment.ended:
        wait_for_last_run(desk.page, before.last_run, PATIENCE_S * 1000)
    time.sleep(moment.delay_s)
    desk.browser.kill()
    assert desk.browser.console() == []


@pytest.mark.parametrize("syncing", [False, True])
def test_the_browser_is_killed_while_it_records(
    launch: Callable[..., Browser], server: ServerProcess, site: Site, *, syncing: bool
) -> None:
    """Of a page's addresses the first ones are there, without a gap, and all that were written."""
    random = Random(SEED)
    desk = Desk(launch())
    desk.change(serverUrl=server.url, token=server.token)
    written = []
    for number in range(RECORDING_KILLS):
        tab = desk.browser.context.new_page()
        tab.goto(f"{site.origins[0]}/app/{number}")
        tab.evaluate(_STORM, number)
        if syncing:
            time.sleep(random.uniform(0, STORM_S))
            ask_and_forget(desk)
        time.sleep(random.uniform(0, STORM_S))
        written.append(desk.page.evaluate(_WRITTEN, f"/app/{number}/"))
        time.sleep(random.uniform(0, STORM_S))
        desk.browser.kill()
        assert desk.browser.console() == []
        desk = Desk(launch())
    sync(desk)
    assert_all_there(desk, server)
    for number, count in enumerate(written):
        start = f"{site.origins[0]}/app/{number}/"
        found = [visit.url for visit in stored_visits(server.data_dir) if start in visit.url]
        assert sorted(found) == sorted(f"{start}{step}" for step in range(len(found)))
        assert len(found) >= count
    assert sum(written) > 0


# ---- workers


@pytest.mark.parametrize("fate", ["ends", "hangs"])
def test_a_worker_is_killed_in_mid_batch(
    desk: Desk, server: ServerProcess, proxy: FaultProxy, arrivals: Arrivals, fate: str
) -> None:
    """Its batches go to another one, in the same run."""
    connect(desk, proxy, server, strategy="parallel", workers=WORKERS)
    waiting = seed_backlog(desk, 4_000)
    targets = Targets(desk.page)
    proxy.hold()
    ask_and_forget(desk)
    arrivals.wait_for(LANES["parallel"], at_most=waiting)
    first = targets.workers()
    targets.run(first[0], {"ends": _END, "hangs": _HANG}[fate])
    proxy.let()
    seen = set(first)
    while desk.state("lastRun") is None:
        seen.update(targets.workers())
    assert len(first) == WORKERS
    assert len(seen) == WORKERS + 1
    assert_one_good_run(desk, server, len(waiting))
    assert arrivals.visits - len(waiting) <= LANES["parallel"] * SMALL_BATCH
    wait_until_gone(targets)


def test_workers_are_killed_again_and_again(
    desk: Desk, server: ServerProcess, proxy: FaultProxy, arrivals: Arrivals
) -> None:
    """In the end the engine goes on by itself."""
    random = Random(SEED)
    connect(desk, proxy, server, strategy="parallel", workers=WORKERS)
    waiting = seed_backlog(desk, 8_000)
    targets = Targets(desk.page)
    proxy.service_s = LONG_SERVICE_S
    ask_and_forget(desk)
    killed: set[str] = set()
    while desk.state("lastRun") is None:
        for worker in set(targets.workers()) - killed:
            arrivals.wait_for(len(arrivals.batches) + random.randint(0, 3), at_most=waiting)
            targets.run(worker, _END)
            killed.add(worker)
        if len(killed) == WORKERS + MAX_REPLACED:
            proxy.service_s = SERVICE_S
    assert len(killed) == WORKERS + MAX_REPLACED
    assert_one_good_run(desk, server, len(waiting))
    assert arrivals.visits - len(waiting) <= len(killed) * LANES["parallel"] * SMALL_BATCH
    wait_until_gone(targets)


# ---- the engine page


@pytest.mark.parametrize("strategy", ["concurrent", "parallel"])
def test_the_engine_page_is_ended_at_random_moments(
    desk: Desk, server: ServerProcess, proxy: FaultProxy, arrivals: Arrivals, strategy: str
) -> None:
    random = Random(SEED)
    connect(desk, proxy, server, strategy=strategy)
    waiting = seed_backlog(desk, 4_000)
    targets = Targets(desk.page)
    for _ in range(4):
        ask_and_forget(desk)
        arrivals.wait_for(len(arrivals.batches) + random.randint(0, 10), at_most=waiting)
        time.sleep(random.uniform(0, 2 * SERVICE_S))
        if engine := targets.engine():
            targets.close(engine)
    sync(desk)
    assert_all_there(desk, server, len(waiting))
    assert arrivals.visits - len(waiting) <= 4 * 2 * LANES[strategy] * SMALL_BATCH
    wait_until_gone(targets)


def test_the_engine_page_crashes(
    desk: Desk, server: ServerProcess, proxy: FaultProxy, arrivals: Arrivals
) -> None:
    """Chromium then ends the whole extension, until the person or the next start reloads it."""
    connect(desk, proxy, server, strategy="concurrent")
    waiting = seed_backlog(desk, 4_000)
    targets = Targets(desk.page)
    proxy.hold()
    proxy.let(2)
    ask_and_forget(desk)
    arrivals.wait_for(2 + LANES["concurrent"], at_most=waiting)
    engine = targets.engine()
    assert engine
    with desk.page.expect_event("crash"):
        targets.crash(engine)
    proxy.let()
    desk = reloaded(desk.browser)
    assert sync(desk)["outcome"] == "complete"
    assert_all_there(desk, server, len(waiting))


def reloaded(browser: Browser) -> Desk:
    """Reload the extension as its page in the browser does, after a crash too."""
    page = browser.context.new_page()
    page.goto("chrome://extensions")
    page.evaluate(_ALLOW_UNPACKED)
    with browser.context.expect_event("serviceworker"):
        page.evaluate("id => chrome.developerPrivate.reload(id)", EXTENSION_ID)
    page.close()
    return Desk(browser)


_RUN = """() => {
  const request = { kind: "run", trigger: "manual" };
  const message = { target: "background", kind: "engine", request };
  chrome.runtime.sendMessage(message).catch(() => {});
}"""
# A worker killed before it has its lock is missed only once it should have booted.
_END = """(async () => {
  const mine = ({ name }) => name === self.name;
  while (!(await navigator.locks.query()).held.some(mine)) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  self.close();
})()"""
# Chromium never ends a thread that is in the middle of what a debugger has asked for.
_HANG = "setTimeout(() => { for (;;); })"
_STORM = """(number) => {
  let step = 0;
  const go = () => {
    history.pushState(null, "", `/app/${number}/${step}`);
    step += 1;
    if (step < 190) setTimeout(go, 5);  // Chromium lets a page do 200 in ten seconds
  };
  go();
}"""
# How many addresses that begin so are in the database: as events, as visits, or as open ones.
_WRITTEN = """async (start) => {
  const database = await openDatabase();
  const transaction = database.transaction(["events", "visits", "state"]);
  const read = (name) => new Promise((resolve) => {
    const request = transaction.objectStore(name).getAll();
    request.onsuccess = () => resolve(request.result);
  });
  const stores = await Promise.all(["events", "visits", "state"].map(read));
  database.close();
  const found = JSON.stringify(stores).matchAll(new RegExp(`${start}[0-9]+`, "g"));
  return new Set(Array.from(found, ([address]) => address)).size;
}"""
_ALLOW_UNPACKED = """() =>
  chrome.developerPrivate.updateProfileConfiguration({ inDeveloperMode: true })"""
