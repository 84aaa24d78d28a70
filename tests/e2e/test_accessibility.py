"""Every page, in light and dark, as axe-core judges it; and as a picture at three widths.

The pictures are left in `dist/pictures`, to be looked at.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, Playwright, expect

from harness.axe import findings
from harness.backlog import seed
from harness.browser import ROOT, Browser
from harness.proxy import FaultProxy
from harness.server import ServerProcess

PICTURES = ROOT / "dist" / "pictures"
WIDTHS = (380, 800, 1280)
Look = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def house(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Browser, FaultProxy]]:
    """A browser with some history, a good part of it synced, that all these tests share."""
    folder = tmp_path_factory.mktemp("faces")
    with (
        ServerProcess(folder / "server") as server,
        FaultProxy(server.url) as proxy,
        Browser(profile=folder / "profile", playwright=playwright) as browser,
    ):
        page = browser.open("options.html")
        seed(page, 3_000)
        page.close()
        browser.connect(proxy.url, str(server.token), concurrency="2")
        browser.sync("Synced 3,000 visits.")
        yield browser, proxy


@pytest.fixture(scope="module")
def look() -> Look:
    """Judges a page, and takes pictures of it, under a name."""
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)

    def look(page: Page, name: str) -> None:
        found: dict[str, list[str]] = {}
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 800})
                page.screenshot(path=PICTURES / f"{name}-{width}-{scheme}.png", full_page=True)
                found[f"{scheme}, {width} wide"] = findings(page)
        assert {how: rules for how, rules in found.items() if rules} == {}

    return look


def test_components(house: tuple[Browser, FaultProxy], look: Look) -> None:
    browser, _ = house
    page = browser.open("components.html")
    expect(page.get_by_role("heading", name="Heyho's components")).to_be_visible()
    look(page, "components")


def test_popup(house: tuple[Browser, FaultProxy], look: Look) -> None:
    browser, proxy = house
    page = browser.open("popup.html")
    expect(page.get_by_role("button", name="Sync now")).to_be_enabled()
    look(page, "popup")
    seed(page, 6_000)
    proxy.service_s = 20
    page.reload()
    page.get_by_role("button", name="Sync now").click()
    expect(page.get_by_role("progressbar").first).to_be_visible()
    look(page, "popup-sync")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("status").first).to_contain_text("You stopped the sync.")
    look(page, "popup-stopped")
    proxy.service_s = 0


def test_options(house: tuple[Browser, FaultProxy], look: Look) -> None:
    browser, _ = house
    page = browser.open("options.html")
    expect(page.get_by_role("button", name="Save")).to_be_enabled()
    look(page, "options")
    page.get_by_label("Server address").fill("http://history.example")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#serverUrl-problem")).not_to_be_empty()
    look(page, "options-mistake")
