"""Heyho in the bench: set as a row says, and told to sync by its popup's button."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from bench.host import Host
from bench.rows import Row
from bench.way import WAIT_MS, Sync
from harness.backlog import seed, stored_ids
from harness.browser import Browser, read_store, wait_for_last_run
from harness.desk import Desk


class Extension:
    """The built extension."""

    in_extension = True

    def __init__(self, browser: Browser, host: Host, row: Row) -> None:
        self._browser = browser
        self._host = host
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

    def seed(self, visits: int) -> list[str]:
        """Ends with the popup open, which shows how many visits wait."""
        if self._row.fresh_engine:
            self._desk.close_engine()
        ids = seed(self.page, visits)
        self._popup = self._browser.open("popup.html")
        figure = self._popup.locator("#figure")
        expect(figure).to_have_text(f"{visits:,}", timeout=WAIT_MS)
        return ids

    def sync(self) -> Sync:
        before = self._desk.state("lastRun")
        self._popup.get_by_role("button", name="Sync now").click()
        wait_for_last_run(self._popup, before, WAIT_MS)
        self._popup.close()
        run = read_store(self.page, "runs")[-1]
        return Sync((run["endedAt"] - run["startedAt"]) / 1000, run["retries"])

    def stored(self) -> list[str]:
        return stored_ids(self._host.data_dir)
