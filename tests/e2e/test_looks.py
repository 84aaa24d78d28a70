"""Pages and states that no journey passes through: looked at as people will, and by axe-core."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from harness.backlog import seed
from harness.browser import EXTENSION_ID, Browser
from harness.pictures import look, photograph
from harness.proxy import FaultProxy
from harness.server import TOKEN

# As the browser does in Arabic or Hebrew.
_FROM_THE_RIGHT = """const say = chrome.i18n?.getMessage;
if (say) chrome.i18n.getMessage = (key, ...values) =>
  key === "@@bidi_dir" ? "rtl" : say(key, ...values);"""
_SHOWS_ITS_LAST_WEEK = """(year) => {
  const frame = year.getBoundingClientRect();
  const week = year.querySelector(".week-column:last-child").getBoundingClientRect();
  const middle = (week.left + week.right) / 2;
  return middle > frame.left && middle < frame.right;
}"""
_STICKS_OUT = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
_NOTE_SHIFTS = """globalThis.shifts = [];
new PerformanceObserver((list) => {
  for (const { value, sources } of list.getEntries()) {
    shifts.push({ value, moved: sources.map(({ node }) => node?.id || node?.className) });
  }
}).observe({ type: "layout-shift", buffered: true });"""
# After two more frames, in which what has moved is noted.
_SHIFTS = """() => new Promise((resolve) =>
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => resolve(shifts)))))"""


def test_the_components(browser: Browser) -> None:
    page = browser.open("components.html")
    expect(page.get_by_role("heading", name="Heyho's components")).to_be_visible()
    look(page, "components")


def test_the_popup_before_a_server_is_named(browser: Browser) -> None:
    page = browser.open("popup.html")
    expect(page.get_by_role("status")).to_contain_text("until you name your server")
    look(page, "popup-new")
    page.get_by_role("switch", name="Record pages").click()
    expect(page.get_by_role("status")).to_contain_text("Recording is paused")
    look(page, "popup-paused")


def test_the_popup_in_few_colours_and_without_motion(browser: Browser) -> None:
    page = browser.open("popup.html")
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    switch = page.get_by_role("switch", name="Record pages")
    switch.click()
    expect(page.get_by_role("status")).to_contain_text("Recording is paused")
    ink = page.evaluate("getComputedStyle(document.body).color")
    expect(page.locator(".dot")).to_have_css("border-left-color", ink)
    moves = "(knob) => getComputedStyle(knob, '::after').transitionDuration"
    assert switch.evaluate(moves) == "0s"
    photograph(page, "popup-paused-forced")


def test_the_latest_week_is_in_sight_from_right_to_left(browser: Browser) -> None:
    seed(browser.open("database.js"), 100)
    browser.context.add_init_script(_FROM_THE_RIGHT)
    page = browser.context.new_page()
    page.set_viewport_size({"width": 380, "height": 800})
    page.goto(f"chrome-extension://{EXTENSION_ID}/dashboard.html#figures=month")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("#sites li").first).to_be_visible()
    assert page.locator("#year").evaluate(_SHOWS_ITS_LAST_WEEK)
    assert page.evaluate(_STICKS_OUT) <= 0
    photograph(page, "figures-rtl")


def test_the_popup_in_a_sync(browser: Browser, proxy: FaultProxy) -> None:
    browser.connect(proxy.url, TOKEN, concurrency="2")
    page = browser.open("popup.html")
    seed(page, 6_000)
    proxy.service_s = 20
    page.get_by_role("button", name="Sync now").click()
    expect(page.get_by_role("progressbar").first).to_be_visible()
    assert proxy.arrived.wait(60)
    look(page, "popup-sync")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("status")).to_contain_text("You stopped the sync.")
    look(page, "popup-stopped")


def test_the_settings(browser: Browser, proxy: FaultProxy) -> None:
    page = browser.open("options.html")
    expect(page.get_by_role("button", name="Save")).to_be_enabled()
    look(page, "options")
    page.get_by_label("Server address").fill("http://history.example")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#serverUrl-problem")).not_to_be_empty()
    look(page, "options-mistake")
    page.get_by_label("Server address").fill(proxy.url)
    page.get_by_label("Token", exact=True).fill(TOKEN)
    page.get_by_role("button", name="Test the connection").click()
    expect(page.get_by_text("Signed in")).to_be_visible()
    look(page, "options-connected")


@pytest.mark.parametrize("name", ["popup", "dashboard", "syncs", "data", "options"])
def test_nothing_moves_while_a_page_appears(browser: Browser, name: str) -> None:
    desk = browser.open("database.js")
    seed(desk, 500)
    browser.connect("http://127.0.0.1:9", TOKEN)
    browser.context.add_init_script(_NOTE_SHIFTS)
    page = browser.open(f"{name}.html")
    expect(page.locator("html")).to_have_attribute("data-ready", "true")
    if name == "dashboard":
        expect(page.locator(".visit").first).to_be_visible()
    moved = page.evaluate(_SHIFTS)
    assert sum(shift["value"] for shift in moved) < 0.01, moved


def test_the_first_run(launch: Callable[..., Browser]) -> None:
    page = launch().open("welcome.html")
    expect(page.get_by_role("heading", name="What Heyho records")).to_be_visible()
    look(page, "welcome-1")
    page.get_by_role("link", name="Go on", exact=True).click()
    expect(page.get_by_label("Server address")).to_be_visible()
    look(page, "welcome-2")
