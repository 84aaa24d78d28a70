"""A page of the bench with Heyho's own Python in it, to measure what no button starts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Playwright

from bench.host import Host
from bench.rows import Row
from harness.backlog import MAKE_VISITS
from harness.browser import Browser

PROBES = Path(__file__).parent / "probes"
SEEDED_AT_ONCE = 50_000


class Lab:
    """Has a database as the extension's, which is empty at first.

    The page's script is the peer of what is measured; both work on the same database.
    """

    def __init__(self, browser: Browser, host: Host) -> None:
        self._page = browser.context.new_page()
        self._page.goto(host.page_url)
        self._page.evaluate(_BOOT, {file.name: file.read_text() for file in PROBES.glob("*.py")})

    def seed(self, visits: int) -> None:
        """Let this many more visits wait."""
        for begun in range(0, visits, SEEDED_AT_ONCE):
            self._page.evaluate(_SEED, min(SEEDED_AT_ONCE, visits - begun))

    def put(self, visits: list[dict[str, Any]], times: int, step_ms: int) -> None:
        """Store these visits so many times: under new ids, and as long after the last of them."""
        self._page.evaluate("(records) => { globalThis.records = records; }", visits)
        for number in range(times):
            self._page.evaluate(_PUT, [number, step_ms])

    def probe(self, module: str, function: str, *args: Any) -> Any:
        """Call a function of one of the probes: with the database, and these arguments."""
        return self._page.evaluate(_PROBE, [module, function, *args])

    def peer(self, module: str, function: str, options: dict[str, Any]) -> Any:
        """Call a function of one of the peers' scripts."""
        return self._page.evaluate(_PEER, [module, function, options])


@contextmanager
def lab(playwright: Playwright) -> Iterator[Lab]:
    """A lab in a fresh browser."""
    row = Row(way="lab", strategy="concurrent", concurrency=1)
    with (
        tempfile.TemporaryDirectory() as folder,
        Host(Path(folder), row, latency_ms=0) as host,
        Browser(playwright=playwright) as browser,
    ):
        yield Lab(browser, host)


_BOOT = """async (probes) => {
  const { boot } = await import("/bench/heyho/boot.js");
  const { openDatabase } = await import("/bench/heyho/database.js");
  const { pyodide, source } = await boot();
  if (source !== "snapshot") throw new Error(source);
  pyodide.FS.mkdir("probes");
  for (const [name, text] of Object.entries(probes)) pyodide.FS.writeFile(`probes/${name}`, text);
  Object.assign(globalThis, { pyodide, database: await openDatabase() });
}"""

_SEED = """async (count) => {
  const transaction = database.transaction("visits", "readwrite");
  const visits = transaction.objectStore("visits");
  for (const visit of makeVisits(count)) visits.add(visit);
  await new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  MAKE_VISITS
}""".replace("MAKE_VISITS", MAKE_VISITS)

_PUT = """async ([number, stepMs]) => {
  const transaction = database.transaction("visits", "readwrite");
  const visits = transaction.objectStore("visits");
  const later = number * records.length * stepMs;
  for (const record of records) {
    const { seq, startedAt, endedAt } = record;
    visits.put({
      ...record, seq: seq + number * records.length, id: `${number}-${record.id}`,
      startedAt: startedAt + later, endedAt: endedAt + later,
    });
  }
  await new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
}"""

_PROBE = """async ([module, name, ...args]) => {
  const call = pyodide.pyimport(`probes.${module}`)[name];
  try {
    return await call(database, ...args);
  } finally {
    call.destroy();
  }
}"""

_PEER = """async ([module, name, options]) => {
  const peer = await import(`/bench/${module}.js`);
  return peer[name](options);
}"""
