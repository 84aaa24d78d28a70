"""Every page as other people see it: in German, with large letters, zoomed in, right to left."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from harness.browser import Browser
from harness.pictures import WIDTHS, cut, look, photograph
from harness.proxy import FaultProxy
from harness.tour import tour

pytestmark = pytest.mark.long

# “Very large” of the browser's settings, in px; the usual size is 16.
VERY_LARGE = "--blink-settings=defaultFontSize=24"
POPUP = 360
_ENGLISH = re.compile(r"\b(the|and|your|you|is|are|of|to|with|for|this|not|yet|no|left)\b")
_OF_VISITS = re.compile(r"Page \d+ of a longer title|\S+\.example\S*")
_ZOOM = """async (factor) => {
  await chrome.tabs.setZoom((await chrome.tabs.getCurrent()).id, factor);
  while (devicePixelRatio !== factor) await new Promise(requestAnimationFrame);
}"""
_SAID = """() => [
  document.body.innerText,
  ...[...document.querySelectorAll("[aria-label], [title], [placeholder]")].flatMap(
    (element) => [element.ariaLabel, element.title, element.placeholder]),
].join("\\n")"""


def english(page: Page) -> list[str]:
    """Lines of a page that have English words, but for those of visits."""
    lines: list[str] = page.evaluate(_SAID).split("\n")
    return [line for line in lines if _ENGLISH.search(_OF_VISITS.sub("", line))]


def test_in_german(launch: Callable[..., Browser], proxy: FaultProxy) -> None:
    browser = launch(args=["--lang=de"])
    names = []
    for name, page in tour(browser, proxy):
        names.append(name)
        assert (name, english(page)) == (name, [])
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            assert (name, width, cut(page)) == (name, width, [])
        look(page, f"german-{name}")
        zoom(page, 2)
        assert (name, "zoomed", cut(page)) == (name, "zoomed", [])
        zoom(page, 1)
        page.evaluate("() => { document.documentElement.dir = 'rtl'; }")
        assert (name, "rtl", cut(page)) == (name, "rtl", [])
        photograph(page, f"rtl-{name}")
        page.evaluate("() => { document.documentElement.dir = 'ltr'; }")
        page.emulate_media(forced_colors="active", color_scheme="dark")
        photograph(page, f"forced-{name}")
        page.emulate_media(forced_colors="none", color_scheme="light")
        page.set_viewport_size({"width": 1100, "height": 700})
    assert len(names) == len(set(names)) == 22
    assert browser.console() == []


def zoom(page: Page, factor: int) -> None:
    """Zoom a page, as Ctrl and + do."""
    page.evaluate(_ZOOM, factor)


def test_with_very_large_letters(launch: Callable[..., Browser], proxy: FaultProxy) -> None:
    browser = launch(args=[VERY_LARGE, "--lang=de"])
    for name, page in tour(browser, proxy):
        assert page.evaluate("() => parseFloat(getComputedStyle(document.body).fontSize)") == 21
        for width in (POPUP,) if name.startswith("popup") else WIDTHS[1:]:
            page.set_viewport_size({"width": width, "height": 800})
            assert (name, width, cut(page)) == (name, width, [])
            photograph(page, f"large-{name}-{width}")
        page.set_viewport_size({"width": 1100, "height": 700})
