"""Others in the bench: libraries that sync from a plain page, by their scripts in peers/."""

from __future__ import annotations

from collections import Counter

from playwright.sync_api import Page

from bench.host import Host
from bench.rows import Row
from bench.way import Sync
from harness.backlog import MAKE_VISITS, stored_ids
from harness.browser import Browser


class Peer:
    """A page with the script that is named as the row's strategy."""

    in_extension = False

    def __init__(self, browser: Browser, host: Host, row: Row) -> None:
        self._host = host
        self._options = {"base": host.base, "token": host.token, "concurrency": row.concurrency}
        self._page = browser.context.new_page()
        self._page.goto(host.page_url)
        self._page.evaluate(_LOAD, row.strategy)

    @property
    def page(self) -> Page:
        return self._page

    def seed(self, visits: int) -> list[str]:
        ids: list[str] = self._page.evaluate(_SEED, visits)
        return ids

    def sync(self) -> Sync:
        return Sync(self._page.evaluate("options => peer.sync(options)", self._options), 0)

    def stored(self) -> list[str]:
        written = Counter[str](self._host.counts()["documents"])
        return [*stored_ids(self._host.data_dir), *written.elements()]


_LOAD = "async (name) => { globalThis.peer = await import(`/bench/${name}.js`); }"
_SEED = """async (count) => {
  const visits = [...makeVisits(count)];
  const ids = visits.map((visit) => visit.id);
  await peer.seed(visits);
  return ids;
  MAKE_VISITS
}""".replace("MAKE_VISITS", MAKE_VISITS)
