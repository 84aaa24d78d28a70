"""A person's way through the site, with the visits that a browser history must show of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, Page, expect

from harness.site import PAGES, Site


@dataclass(frozen=True, slots=True)
class Made:
    """A visit that was made: where, what from, and between which times it began (epoch ms)."""

    url: str
    title: str
    source_url: str | None
    began_after: float
    began_before: float


@dataclass(slots=True)
class Journey:
    """Browses and takes note.

    Attributes:
        context: where new tabs open.
        site: what is browsed.
        made: the visits so far, in order.
        excluded: the addresses visited that must leave no trace.
    """

    context: BrowserContext
    site: Site
    made: list[Made] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)

    def walk(self) -> None:
        """Make every kind of visit once at least, and close every tab that was opened."""
        first, second, third = self.site.origins
        tab = self.context.new_page()
        self._type(tab, f"{first}/")
        self._click(tab, "#article", f"{first}/article")
        self._click(tab, "#next", f"{first}/second")
        self._visit(tab, f"{first}/article", None, tab.go_back)
        self._visit(tab, f"{first}/article", None, tab.reload)
        self._type(tab, f"{first}/second")
        self._click(tab, "#away", f"{second}/shop")
        self._new_tab(tab, "#new", f"{second}/shop/lamp")
        self._exclude(tab, f"{second}/private/account")
        self._type(tab, f"{third}/app")
        self._click(tab, "#inbox", f"{third}/app/inbox", title="Inbox")
        self._click(tab, "#sent", f"{third}/app/sent", title="Sent")
        tab.click("#hash")
        self._visit(tab, f"{first}/landed", None, lambda: tab.goto(f"{first}/hop"))
        self._visit(tab, f"{first}/landed", None, lambda: tab.goto(f"{first}/old"))
        self._type(tab, f"{first}/late", title="Late, but here")
        for number in range(1, 13):
            self._type(tab, f"{self.site.origins[number % 3]}/page/{number}")
        tab.close()

    def _type(self, tab: Page, url: str, title: str | None = None) -> None:
        self._visit(tab, url, None, lambda: tab.goto(url), title)

    def _click(self, tab: Page, selector: str, url: str, title: str | None = None) -> None:
        self._visit(tab, url, tab.url, lambda: tab.click(selector), title)

    def _new_tab(self, tab: Page, selector: str, url: str) -> None:
        """Follow a link into a new tab, look at the old one, come back, and close the new one."""
        source, began = tab.url, _now_ms()
        with self.context.expect_page() as opened:
            tab.click(selector)
        self._note(opened.value, url, source, began)
        tab.bring_to_front()
        opened.value.bring_to_front()
        opened.value.close()

    def _exclude(self, tab: Page, url: str) -> None:
        tab.goto(url)
        self.excluded.append(url)

    def _visit(
        self,
        tab: Page,
        url: str,
        source: str | None,
        act: object,
        title: str | None = None,
    ) -> None:
        began = _now_ms()
        assert callable(act)
        act()
        self._note(tab, url, source, began, title)

    def _note(
        self, tab: Page, url: str, source: str | None, began: float, title: str | None = None
    ) -> None:
        path = "/" + url.split("/", 3)[3]
        title = title or PAGES.get(path, (f"Page {path.rpartition('/')[2]}", ""))[0]
        tab.wait_for_url(url)
        expect(tab).to_have_title(title)
        self.made.append(Made(url, title, source, began, _now_ms()))


def _now_ms() -> float:
    return time.time() * 1000
