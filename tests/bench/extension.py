"""Heyho in the bench: set as a row says, and told to sync by its popup's button."""

from __future__ import annotations

from collections.abc import Sequence

from playwright.sync_api import Page, expect

from bench.host import Host
from bench.rows import Row
from bench.way import WAIT_MS, Sync
from harness.browser import Browser, read_store, wait_for_last_run
from harness.desk import Desk


class Extension:
    """The built extension, in a profile in which visits wait."""

    in_extension = True

    def __init__(self, browser: Browser, host: Host, row: Row, ids: Sequence[str]) -> None:
        self.ids = ids
        self._browser = browser
        self._row = row
        self._desk = Desk(browser)
        self._desk.change(
            serverUrl=host.url,
            token=host.token,
            strategy=row.strategy,
            concurrency=row.concurrency,
            **row.settings,
        )

    @property
    def page(self) -> Page:
        return self._desk.page

    def get_ready(self) -> None:
        """Ends with the popup open, which shows how many visits wait."""
        if self._row.fresh_engine:
            self._desk.close_engine()
        self.page.evaluate(_FORGET)
        self._popup = self._browser.open("popup.html")
        figure = self._popup.locator("#figure")
        expect(figure).to_have_text(f"{len(self.ids):,}", timeout=WAIT_MS)

    def sync(self) -> Sync:
        before = self._desk.state("lastRun")
        self._popup.get_by_role("button", name="Sync now").click()
        wait_for_last_run(self._popup, before, WAIT_MS)
        self._popup.close()
        run = read_store(self.page, "runs")[-1]
        return Sync((run["endedAt"] - run["startedAt"]) / 1000, run["retries"])


_FORGET = """async () => {
  const database = await openDatabase();
  const transaction = database.transaction("state", "readwrite");
  transaction.objectStore("state").delete("ledger");
  await new Promise((resolve) => { transaction.oncomplete = resolve; });
  database.close();
}"""
