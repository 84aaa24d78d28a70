"""Others in the bench: libraries that sync from a plain page, by their scripts in peers/."""

from __future__ import annotations

from playwright.sync_api import Page

from bench.host import Host
from bench.rows import Row
from bench.way import Sync
from harness.backlog import MAKE_VISITS
from harness.browser import Browser


class Peer:
    """A page with the script that is named as the row's strategy, and as many visits."""

    in_extension = False

    def __init__(self, browser: Browser, host: Host, row: Row, visits: int) -> None:
        self._options = {"base": host.base, "token": host.token, "concurrency": row.concurrency}
        self._page = browser.context.new_page()
        self._page.goto(host.page_url)
        self._page.evaluate(_LOAD, row.strategy)
        self.ids: list[str] = self._page.evaluate(_SEED, visits)

    @property
    def page(self) -> Page:
        return self._page

    def get_ready(self) -> None:
        """Peers remember nothing of what they have sent, or run once."""

    def sync(self) -> Sync:
        return Sync(self._page.evaluate("options => peer.sync(options)", self._options), 0)


_LOAD = "async (name) => { globalThis.peer = await import(`/bench/${name}.js`); }"
_SEED = """async (count) => {
  const visits = [...makeVisits(count)];
  const ids = visits.map((visit) => visit.id);
  await peer.seed(visits);
  return ids;
  MAKE_VISITS
}""".replace("MAKE_VISITS", MAKE_VISITS)
