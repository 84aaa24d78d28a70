"""Workers in the extension: that they run at the same time, and what they cost.

Costs are measured and printed; what is asserted holds on any machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from playwright.sync_api import Page

from harness.backlog import recorded_ids, seed, stored_ids
from harness.browser import Browser
from harness.server import ServerProcess

Report = Callable[[str], None]
Span = tuple[float, float]
VISITS = 20_000
BATCH = 1000
ENCODING_MS = 300.0
CLOCK_MS = 1.0
"""More than two clocks of one browser can differ."""

_PYTHON = """
import asyncio
import js
from heyho.browser.interop import to_object
from heyho.browser.workers import BrowserWorkers
from heyho.model import SeqRange

workers = []
pool = BrowserWorkers(js.startWorker)


async def start(count):
    begun = js.performance.now()
    workers.extend(pool.start() for _ in range(count))
    await asyncio.gather(*(each.payload(SeqRange(0, 0), client_id="d") for each in workers))
    return js.performance.now() - begun


def close():
    while workers:
        workers.pop().close()


async def prepare(first, last, size):
    async def one(worker, starts):
        for start in starts:
            worker.let_go(await worker.payload(SeqRange(start, start + size - 1), client_id="d"))

    begun = js.performance.now()
    lanes = [range(first + n * size, last, size * len(workers)) for n in range(len(workers))]
    await asyncio.gather(*map(one, workers, lanes))
    return js.performance.now() - begun


async def send(first, last, size, url, token):
    async def one(worker, starts):
        for start in starts:
            payload = await worker.payload(SeqRange(start, start + size - 1), client_id="d")
            reply = await worker.post(url, payload, token=token, timeout_s=30)
            worker.let_go(payload)
            assert reply.status == 200, reply

    lanes = [range(first + n * size, last, size * len(workers)) for n in range(len(workers))]
    await asyncio.gather(*map(one, workers, lanes))


def sources():
    return to_object([worker.boot for worker in workers])
"""

_BOOT = """async (code) => {
  const { boot, startWorker } = await import("./boot.js");
  globalThis.startWorker = startWorker;
  globalThis.pyodide = (await boot()).pyodide;
  pyodide.runPython(code);
}"""

_CALL = """async ([name, ...args]) => {
  const call = pyodide.globals.get(name);
  try {
    return await call(...args);
  } finally {
    call.destroy();
  }
}"""

# Encodes each body again and again for some time. From a result's way out of the database to the
# text of the body, Python and all, a thread does nothing else: two spans of one cannot overlap.
_NOTE_SPANS = """(atLeast) => {
  const now = () => performance.timeOrigin + performance.now();
  const result = Object.getOwnPropertyDescriptor(IDBRequest.prototype, "result");
  const { json } = Response;
  let begun = 0;
  globalThis.spans = [];
  Object.defineProperty(IDBRequest.prototype, "result", {
    get() {
      begun = now();
      return result.get.call(this);
    },
  });
  Response.json = (...args) => {
    let response;
    do response = json.apply(Response, args); while (now() < begun + atLeast);
    spans.push([begun, now()]);
    return response;
  };
}"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of the extension with Python in it, booted as the engine is."""
    page = browser.open("database.js")
    page.evaluate(_BOOT, _PYTHON)
    yield page
    call(page, "close")
    assert browser.console() == []


def call(page: Page, name: str, *args: Any) -> Any:
    """Call one of the functions in the page's Python."""
    return page.evaluate(_CALL, [name, *args])


def test_two_workers_run_at_once(page: Page, report: Report) -> None:
    seed(page, VISITS)
    call(page, "start", 2)
    assert len(page.workers) == 2
    for worker in page.workers:
        worker.evaluate(_NOTE_SPANS, ENCODING_MS)
    call(page, "prepare", 1, VISITS // 5, BATCH)
    one, other = (worker.evaluate("() => spans") for worker in page.workers)
    assert len(one) == len(other) == VISITS // 5 // BATCH // 2
    both = sum(max(0.0, overlap(a, b)) for a, b in product(one, other))
    report(
        f"two workers, busy for {busy(one):.0f} and {busy(other):.0f} ms, "
        f"{both:.0f} ms of it at the same time"
    )
    assert both > CLOCK_MS


@pytest.mark.quiet
def test_preparing(page: Page, report: Report) -> None:
    seed(page, VISITS)
    took = []
    for _ in range(2):
        call(page, "start", 1)
        took.append(min(call(page, "prepare", 1, VISITS, BATCH) for _ in range(3)))
    report(
        f"{VISITS:,} visits read, encoded and compressed, best of three: "
        f"{took[0]:.0f} ms by one worker, {took[1]:.0f} ms by two"
    )


def test_workers_send_everything_once(page: Page, server: ServerProcess) -> None:
    seed(page, VISITS)
    call(page, "start", 2)
    call(page, "send", 1, VISITS, BATCH, f"{server.base}/data/sync", str(server.token))
    assert stored_ids(server.data_dir) == recorded_ids(page)


@pytest.mark.quiet
def test_boot(page: Page, report: Report) -> None:
    for count, how in ((1, "one worker"), (2, "two workers at once")):
        took = []
        for _ in range(3):
            took.append(call(page, "start", count))
            assert call(page, "sources") == ["snapshot"] * count
            call(page, "close")
        report(
            f"{how}, start to first answer: {median(took):.0f} ms "
            f"({min(took):.0f} to {max(took):.0f}), "
            f"{median(took) / 600:.2f} of the limit of 600 ms"
        )


def test_memory(browser: Browser, page: Page, report: Report) -> None:
    seed(page, VISITS)
    before = _memory_mb(browser)
    took = []
    for count in (1, 2):
        call(page, "start", 1)
        call(page, "prepare", 1, VISITS, BATCH)
        took.append((_memory_mb(browser) - before) / count)
    call(page, "close")
    for _ in range(600):
        if page.workers:
            page.wait_for_timeout(50)
    page.wait_for_timeout(1000)  # until what they had is given back
    report(
        f"memory of a worker: {took[0]:.0f} MB for one, {took[1]:.0f} MB each for two; "
        f"{_memory_mb(browser) - before:.0f} MB are left when they are closed"
    )
    assert page.workers == []


def busy(spans: list[Span]) -> float:
    """How long some work took in all."""
    return sum(end - start for start, end in spans)


def overlap(one: Span, other: Span) -> float:
    """How long two spans overlap; negative where they do not."""
    return min(one[1], other[1]) - max(one[0], other[0])


def _memory_mb(browser: Browser) -> float:
    """The resident memory of the extension's processes."""
    kilobytes = 0
    for folder in Path("/proc").iterdir():
        try:
            command = (folder / "cmdline").read_bytes()
            if b"--extension-process" in command and browser.owns(int(folder.name)):
                status = (folder / "status").read_text()
                kilobytes += int(status.partition("VmRSS:")[2].split()[0])
        except (OSError, ValueError):
            continue
    assert kilobytes
    return kilobytes / 1024
