"""The dashboard, as a person uses it: searching, reading on, looking closer, and correcting."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable
from statistics import median
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from harness.backlog import seed
from harness.browser import EXTENSION_ID, Browser, read_state
from harness.desk import Desk
from harness.fluency import fluency
from harness.hearing import count_what_is_spoken, times_spoken
from harness.pictures import look

MANY = 100_000
HOSTILE = "<img src=x onerror=\"document.title='broken'\"><script>alert(1)</script>"

_PUT = """async (visits) => {
  const { openDatabase } = await import("./database.js");
  const database = await openDatabase();
  const transaction = database.transaction("visits", "readwrite");
  for (const visit of JSON.parse(visits)) transaction.objectStore("visits").add(visit);
  await new Promise((resolve) => { transaction.oncomplete = resolve; });
  database.close();
}"""
_STICKS_OUT = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Before a chart is drawn for its new width.
_NARROWED = """(plot) => {
  plot.style.width = `${plot.clientWidth / 2}px`;
  return plot.scrollWidth - plot.clientWidth;
}"""
_TIP_STICKS_OUT = """(plot) => {
  const frame = plot.getBoundingClientRect();
  const tip = plot.querySelector(".tip").getBoundingClientRect();
  return Math.max(frame.left - tip.left, tip.right - frame.right);
}"""
_ON_TOP = """(row) => {
  const box = row.getBoundingClientRect();
  return box.top >= 0 && box.bottom <= innerHeight;
}"""


def noon(days_ago: int = 0) -> int:
    """Noon of a day, by the browser's clock, which is that of the tests."""
    today = time.localtime()
    begun = time.mktime((today.tm_year, today.tm_mon, today.tm_mday - days_ago, 12, 0, 0, 0, 0, -1))
    return int(begun * 1000)


def a_visit(title: str, url: str, at: int, **more: Any) -> dict[str, Any]:
    visit = {
        "id": str(uuid.uuid4()),
        "url": url,
        "title": title,
        "domain": url.split("/")[2],
        "startedAt": at,
        "endedAt": at + 90_000,
        "durationSeconds": 90,
        "activeDuration": 65_000,
        "engagementRate": 0.7,
        "idlePeriods": [],
        "tabId": 1,
        "windowId": 1,
        "transition": "link",
        "sourcePageVisitId": None,
        "anonymousClientId": "laptop",
    }
    return {**visit, **more}


def some_visits() -> list[dict[str, Any]]:
    """A small history, oldest first: three days, and a chain of three visits in the last."""
    start, middle = str(uuid.uuid4()), str(uuid.uuid4())
    return [
        a_visit("Bread recipes", "https://baking.example/bread", noon(40)),
        a_visit("Weather in Málaga", "https://weather.example/malaga", noon(1)),
        a_visit("The morning news", "https://bbc.co.uk/news", noon(1) + 60_000),
        a_visit("Python on SQLite", "https://docs.example/sqlite?q=python", noon(), id=start),
        a_visit(
            "Python weather",
            "https://weather.example/python",
            noon() + 60_000,
            id=middle,
            sourcePageVisitId=start,
            idlePeriods=[
                {"start": noon() + 70_000, "end": noon() + 100_000, "reason": "unfocused"}
            ],
        ),
        a_visit(
            "Bread in the weather",
            "https://baking.example/weather",
            noon() + 120_000,
            sourcePageVisitId=middle,
        ),
    ]


@pytest.fixture
def history(browser: Browser) -> Callable[..., Page]:
    """Opens the dashboard over visits, of which some are of today for the rest of a test."""
    left_s = noon(-1) / 1000 - 12 * 3600 - time.time()
    if left_s < 60:
        time.sleep(left_s + 1)

    def start(visits: list[dict[str, Any]], address: str = "") -> Page:
        page = browser.open("database.js")
        page.evaluate(_PUT, json.dumps(visits))
        page.close()
        page = browser.open(f"dashboard.html{address}")
        expect(page.locator("html")).to_have_attribute("data-ready", "true")
        return page

    return start


def titles(page: Page) -> list[str]:
    return page.locator("#list .name").all_inner_texts()


def test_searching_as_one_types(browser: Browser, history: Callable[..., Page]) -> None:
    page = history(some_visits())
    expect(page.locator(".visit")).to_have_count(6)
    expect(page.get_by_role("status").first).to_have_text("6 visits")
    heads = page.locator(".day-head").all_inner_texts()
    assert heads[:2] == ["Today", "Yesterday"]
    assert re.fullmatch(r"\w+, \w+ \d+, \d{4}", heads[2])
    search = page.get_by_role("searchbox")
    expect(search).to_be_focused()
    search.press_sequentially("weath")
    expect(page.locator("#count")).to_have_text("3 visits")
    expect(page.locator("mark").first).to_have_text("weath")
    assert titles(page) == ["Bread in the weather", "Python weather", "Weather in Málaga"]
    assert set(page.locator("mark").all_inner_texts()) == {"weath", "Weath"}
    assert page.url.endswith("#q=weath")
    search.press_sequentially("er mala")
    expect(page.locator("#count")).to_have_text("1 visit")
    expect(page.locator(".name mark")).to_have_text(["Weather", "Mála"])
    while before := search.input_value():  # more than one step where typing took long
        page.go_back()
        expect(search).not_to_have_value(before)
    expect(page.locator(".visit")).to_have_count(6)
    while (before := search.input_value()) != "weather mala":
        page.go_forward()
        expect(search).not_to_have_value(before)
    expect(page.locator(".visit")).to_have_count(1)
    search.fill("nowhere")
    expect(page.locator("#empty")).to_contain_text("Nothing found for “nowhere”")
    page.get_by_role("button", name="Show everything").click()
    expect(page.locator(".visit")).to_have_count(6)
    expect(page.locator("#empty")).to_be_hidden()
    assert browser.console() == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("site:baking.example", ["Bread in the weather", "Bread recipes"]),
        ("weather -site:weather.example", ["Bread in the weather"]),
        ('"python weather"', ["Python weather"]),
        ("weather -python -bread", ["Weather in Málaga"]),
        ("category:news", ["The morning news"]),
        ("device:desktop", []),
    ],
)
def test_operators(history: Callable[..., Page], text: str, found: list[str]) -> None:
    page = history(some_visits(), f"#q={quote(text)}")
    expect(page.get_by_role("searchbox")).to_have_value(text)
    expect(page.locator(".visit")).to_have_count(len(found))
    assert titles(page) == found
    before = page.evaluate("days => new Date(Date.now() - days * 864e5).toISOString()", 20)[:10]
    page.get_by_role("searchbox").fill(f"before:{before}")
    expect(page.locator(".visit")).to_have_count(1)
    page.get_by_role("searchbox").fill(f"after:{before}")
    expect(page.locator(".visit")).to_have_count(5)


def test_search_tips_write_operators(history: Callable[..., Page]) -> None:
    page = history(some_visits())
    tips = page.get_by_role("button", name="Search tips")
    expect(tips).to_have_attribute("aria-expanded", "false")
    tips.click()
    page.get_by_role("searchbox").fill("weather")
    page.get_by_role("button", name="site:example.org").click()
    expect(page.get_by_role("searchbox")).to_have_value("weather site:")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("baking.example")
    expect(page.locator("#count")).to_have_text("1 visit")


def test_the_keyboard_is_enough(browser: Browser, history: Callable[..., Page]) -> None:
    page = history(some_visits())
    expect(page.locator(".visit")).to_have_count(6)
    page.keyboard.type("weather")
    expect(page.locator(".visit")).to_have_count(3)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Bread in the weather")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_role("heading", name="Python weather")).to_be_visible()
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    expect(page.get_by_role("link", name="Python weather")).to_be_focused()
    page.keyboard.press("End")
    expect(page.get_by_role("link", name="Weather in Málaga")).to_be_focused()
    page.keyboard.press("Home")
    expect(page.get_by_role("link", name="Bread in the weather")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Details").first).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("searchbox")).to_have_value("")
    expect(page.locator(".visit")).to_have_count(6)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.context.route("https://weather.example/**", lambda route: route.fulfill(body="hello"))
    with browser.context.expect_page() as opened:
        page.keyboard.press("Enter")
    assert opened.value.url == "https://weather.example/python"
    opened.value.close()
    page.get_by_role("tab", name="Visits").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Figures")).to_be_focused()
    expect(page.get_by_role("tabpanel", name="Figures")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_reading_on_without_gaps(browser: Browser) -> None:
    page = browser.open("database.js")
    seed(page, 3_000)
    page.close()
    page = browser.open("dashboard.html")
    expect(page.locator("#count")).to_contain_text("more below")
    seen: list[str] = []
    while len(seen) < 3_000:
        shown = [
            title for title in titles(page) if not seen or int(title.split()[1]) < int(seen[-1])
        ]
        seen += [title.split()[1] for title in shown]
        assert len(titles(page)) < 600, "rows far from the window have to go"
        page.locator(".visit .name").last.evaluate("row => row.scrollIntoView()")
        if len(seen) < 3_000:
            expect(page.locator(".visit .name").last).not_to_contain_text(f"Page {seen[-1]} ")
    assert seen == [str(number) for number in reversed(range(3_000))]
    expect(page.locator("#more-text")).to_have_text("This is where your history begins.")
    expect(page.locator("#count")).to_have_text("3,000 visits")
    height = page.evaluate("document.documentElement.scrollHeight")
    page.evaluate("scrollTo(0, 0)")
    expect(page.get_by_role("link", name="Page 2999 of a longer title")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollHeight") == height
    page.get_by_role("link", name="Page 2999 of a longer title").focus()
    page.keyboard.press("End")
    focused = page.get_by_role("link", name="Page 0 of a longer title")
    expect(focused).to_be_focused()
    assert focused.evaluate(_ON_TOP)
    page.keyboard.press("Home")
    expect(page.get_by_role("link", name="Page 2999 of a longer title")).to_be_focused()
    assert browser.console() == []


def test_a_visit_in_full_and_what_led_to_it(history: Callable[..., Page]) -> None:
    page = history(some_visits())
    page.locator(".visit", has_text="Python weather").locator(".clock").click()
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_role("link")).to_have_text("https://weather.example/python")
    expect(sheet).to_contain_text("Looked at1 min")
    sheet.get_by_text("Not looked at once").click()
    expect(sheet.locator(".idle")).to_contain_text("another window 30 s")
    chain = sheet.locator("#sheet-chain")
    expect(chain.locator("h3")).to_have_text(["How you came here", "Where it led"])
    names = chain.locator(".name").all_inner_texts()
    assert names == ["Python on SQLite", "Python weather", "Bread in the weather"]
    expect(chain.locator("[aria-current]")).to_contain_text("Python weather")
    chain.get_by_role("button", name="Python on SQLite").click()
    expect(sheet.get_by_role("heading", name="Python on SQLite")).to_be_visible()
    expect(chain.locator("h3")).to_have_text(["Where it led"])
    sheet.get_by_role("button", name="All from docs.example").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("searchbox")).to_have_value("site:docs.example")
    expect(page.locator(".visit")).to_have_count(1)


def test_details_close_only_at_a_click_beside_them(
    browser: Browser, history: Callable[..., Page]
) -> None:
    page = history(some_visits())
    row = page.locator(".visit", has_text="Python weather")
    row.locator(".clock").dblclick()
    sheet = page.get_by_role("dialog")
    heading = sheet.get_by_role("heading", name="Python weather")
    expect(heading).to_be_visible()
    expect(sheet.locator("#sheet-chain li")).to_have_count(3)
    box, text = sheet.bounding_box(), heading.bounding_box()
    assert box
    assert text
    padding = box["x"] + 4, box["y"] + box["height"] - 4
    beside = box["x"] - 4, padding[1]
    page.mouse.click(*padding)
    expect(heading).to_be_visible()
    for end in (padding, beside):
        page.mouse.move(text["x"] + 2, text["y"] + 12)
        page.mouse.down()
        page.mouse.move(*padding)
        assert page.evaluate("String(getSelection())")
        page.mouse.move(*end)
        page.mouse.up()
        expect(heading).to_be_visible()
        page.evaluate("getSelection().empty()")
    page.mouse.move(*beside)
    page.mouse.down()
    page.mouse.move(*padding)
    page.mouse.up()
    expect(heading).to_be_visible()
    page.mouse.click(*beside)
    expect(sheet).to_have_count(0)
    assert browser.console() == []


def test_figures(browser: Browser, history: Callable[..., Page]) -> None:
    page = history(some_visits())
    expect(page.locator(".visit")).to_have_count(6)
    page.get_by_role("tab", name="Figures").click()
    expect(page.locator("#sums")).to_contain_text("Visits5")
    expect(page.locator("#sums")).to_contain_text("Looked at5 min")
    assert page.url.endswith("#figures=month")
    expect(page.locator("#plot-visits canvas")).to_be_visible()
    page.get_by_role("button", name="A year").click()
    expect(page.locator("#sums")).to_contain_text("Visits6")
    expect(page.get_by_role("button", name="A year")).to_have_attribute("aria-pressed", "true")
    assert page.url.endswith("#figures=year")
    expect(page.locator("#year [role=img]")).to_have_attribute(
        "aria-label", re.compile(r"^Visits on 3 days\. The most were on .*: 3\.$")
    )
    assert page.locator('#year [data-level="4"]').count() >= 1
    expect(page.locator("#week [role=img]")).to_have_attribute(
        "aria-label", re.compile("^Most visits: ")
    )
    page.locator("#week-table").locator("xpath=..").get_by_text("As a table").click()
    expect(page.locator("#week-table tbody tr")).to_have_count(24)
    page.get_by_role("button", name="Everything").click()
    expect(page.locator("#sites li")).to_have_count(4)
    page.go_back()
    expect(page.get_by_role("button", name="A year")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("link", name="weather.example").click()
    expect(page.get_by_role("searchbox")).to_have_value("site:weather.example")
    expect(page.locator(".visit")).to_have_count(2)
    page.go_back()
    page.get_by_role("link", name="News").click()
    expect(page.locator(".visit .name")).to_have_text(["The morning news"])
    assert browser.console() == []


def test_visits_are_there_where_the_page_began_with_figures(
    browser: Browser, history: Callable[..., Page]
) -> None:
    page = history([], "#figures=month")
    page.get_by_role("tab", name="Visits").click()
    expect(page.locator("#empty")).to_contain_text("Nothing recorded yet")
    expect(page.locator("#count")).to_be_empty()
    page.close()
    page = history(some_visits(), "#figures=month")
    expect(page.locator("#sums")).to_contain_text("Visits5")
    page.get_by_role("tab", name="Visits").click()
    expect(page.locator("#count")).to_have_text("6 visits")
    expect(page.locator(".visit")).to_have_count(6)
    page.go_back()
    page.reload()
    expect(page.locator("#sums")).to_contain_text("Visits5")
    page.evaluate("location.hash = ''")
    expect(page.locator(".visit")).to_have_count(6)
    assert browser.console() == []


def test_figures_of_nothing_are_a_sentence(history: Callable[..., Page]) -> None:
    page = history([], "#figures=month")
    none = page.get_by_text("Figures appear here once you have visited pages.")
    expect(none).to_be_visible()
    expect(page.locator("#charts")).to_be_hidden()
    page.evaluate(_PUT, json.dumps([a_visit("Long ago", "https://old.example/", noon(500))]))
    page.get_by_role("button", name="A year").click()
    expect(page.locator("#charts")).to_be_visible()
    expect(none).to_be_hidden()
    expect(page.locator("#sums")).to_contain_text("Visits0")
    expect(page.locator("#sites")).to_contain_text("Nothing in this time")
    page.get_by_role("button", name="Everything").click()
    expect(page.locator("#sums")).to_contain_text("Visits1")


_TOMORROW = """() => {
  const now = new Date(Date.now());
  now.setDate(now.getDate() + 1);
  Date.now = () => now.getTime();
}"""
_COUNT_FIGURES = """() => {
  const { sendMessage } = chrome.runtime;
  const { dataset } = document.documentElement;
  dataset.answers = 0;
  chrome.runtime.sendMessage = async (message) => {
    const reply = await sendMessage.call(chrome.runtime, message);
    if (message.request?.kind === "figures") dataset.answers = Number(dataset.answers) + 1;
    return reply;
  };
  globalThis.draws = 0;
  const observer = new MutationObserver((records) => { draws += records.length; });
  observer.observe(document.getElementById("sums"), { childList: true });
}"""
_COME_BACK = "() => document.dispatchEvent(new Event('visibilitychange'))"


def test_figures_are_of_the_day_on_which_they_are_looked_at(
    browser: Browser, history: Callable[..., Page]
) -> None:
    first = a_visit("A month ago", "https://old.example/", noon(29))
    page = history([first, *some_visits()], "#figures=month")
    expect(page.locator("#sums")).to_contain_text("Visits6")
    page.evaluate(_COUNT_FIGURES)
    page.evaluate(_COME_BACK)
    expect(page.locator("html")).to_have_attribute("data-answers", "2")
    page.get_by_role("button", name="30 days").click()
    expect(page.locator("html")).to_have_attribute("data-answers", "4")
    page.evaluate(_TOMORROW)
    page.evaluate(_COME_BACK)
    expect(page.locator("#sums")).to_contain_text("Visits5")
    assert page.evaluate("draws") == 1, "what has not changed stays"
    assert browser.console() == []


def test_figures_that_stay_in_sight_overnight_become_those_of_the_new_day(
    browser: Browser, history: Callable[..., Page]
) -> None:
    first = a_visit("A month ago", "https://old.example/", noon(29))
    page = history([first, *some_visits()], "#figures=month")
    expect(page.locator("#sums")).to_contain_text("Visits6")
    page.evaluate(_TOMORROW)
    assert Desk(browser).ask("status")["ok"]
    expect(page.locator("#sums")).to_contain_text("Visits5")


def test_days_are_named_by_one_day_until_all_are_listed_anew(
    browser: Browser, history: Callable[..., Page]
) -> None:
    visits = [a_visit(f"Page {n}", f"https://a.example/{n}", noon(1) + n) for n in range(20)]
    visits += [a_visit(f"Page {n}", f"https://a.example/{n}", noon() + n) for n in range(20, 280)]
    page = history(visits)
    heads = page.locator(".day-head")
    expect(heads).to_have_text(["Today"])
    expect(page.locator("#count")).to_contain_text("more below")
    page.evaluate(f"() => {{ ({_TOMORROW})(); scrollTo(0, document.body.scrollHeight); }}")
    while heads.count() < 2:
        page.locator("#more").scroll_into_view_if_needed()
    expect(heads).to_have_text(["Today", "Yesterday"])
    page.evaluate(_COME_BACK)
    page.get_by_role("button", name="Show what has changed").click()
    expect(heads).to_have_text(["Yesterday"])
    assert page.evaluate("scrollY") == 0
    page.evaluate(_TOMORROW)
    page.evaluate(_COME_BACK)
    expect(heads).to_have_text(re.compile(r"\w+, \w+ \d+, \d{4}"))
    assert browser.console() == []


def test_figures_follow_the_scheme(history: Callable[..., Page]) -> None:
    page = history(some_visits(), "#figures=month")
    plot = page.locator("#plot-visits canvas")
    expect(plot).to_be_visible()
    light = plot.evaluate("canvas => canvas.toDataURL()")
    page.emulate_media(color_scheme="dark")
    for _ in range(600):
        dark = page.locator("#plot-visits canvas").evaluate("canvas => canvas.toDataURL()")
        if dark != light:
            break
        page.wait_for_timeout(50)
    assert dark != light


@pytest.mark.parametrize("place", ["first", "last"])
def test_a_day_of_a_chart_is_told_in_full(history: Callable[..., Page], place: str) -> None:
    page = history(some_visits(), "#figures=month")
    plot = page.locator("#plot-active")
    over = plot.locator(".u-over")
    box = over.bounding_box()
    assert box
    inside = 1 if place == "first" else box["width"] - 1
    over.hover(position={"x": inside, "y": box["height"] / 2})
    expect(plot.locator(".tip")).to_have_text(re.compile(r"^\w+ \d+, \d{4}: \d+ (min|s)$"))
    assert plot.evaluate(_TIP_STICKS_OUT) <= 0


def test_a_category_is_corrected(history: Callable[..., Page]) -> None:
    page = history(some_visits())
    page.locator(".visit", has_text="Bread recipes").get_by_role("button", name="Details").click()
    page.get_by_role("button", name="Correct the category").click()
    question = page.get_by_role("dialog", name="baking.example is")
    question.get_by_role("combobox").select_option(label="Shopping")
    question.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".visit", has_text="Bread").locator(".chip")).to_have_text(
        ["Shopping", "Shopping"]
    )
    assert read_state(page, "categories") == [{"pattern": "baking.example", "category": "shopping"}]
    page.get_by_role("tab", name="Figures").click()
    expect(page.locator("#categories")).to_contain_text("Shopping")
    correct = page.get_by_role("button", name="Correct the category of baking.example")
    correct.focus()
    page.keyboard.press("Enter")
    expect(question.get_by_role("combobox")).to_have_value("shopping")
    expect(question.get_by_role("combobox")).to_be_focused()
    page.evaluate("document.querySelector('#sites li').dataset.before = true")
    question.get_by_role("combobox").select_option(label="Let Heyho decide")
    question.get_by_role("button", name="Save").press("Enter")
    expect(page.locator("#categories")).not_to_contain_text("Shopping")
    expect(page.locator("#sites [data-before]")).to_have_count(0)
    expect(correct).to_be_focused()
    assert read_state(page, "categories") == []


def choose_category(page: Page, site: str, category: str) -> None:
    """Answer the question which category a site belongs to."""
    question = page.get_by_role("dialog", name=f"{site} is")
    question.get_by_role("combobox").select_option(label=category)
    question.get_by_role("button", name="Save").click()
    expect(question).to_have_count(0)


def test_a_category_that_is_corrected_leaves_the_others(
    browser: Browser, history: Callable[..., Page]
) -> None:
    page = history(some_visits(), "#figures=month")
    other = browser.open("dashboard.html#figures=month")
    for one, site in ((page, "baking.example"), (other, "docs.example")):
        one.get_by_role("button", name=f"Correct the category of {site}").click()
        expect(one.get_by_role("combobox")).to_be_enabled()
    choose_category(page, "baking.example", "Shopping")
    choose_category(other, "docs.example", "Reference")
    rules = [
        {"pattern": "baking.example", "category": "shopping"},
        {"pattern": "docs.example", "category": "reference"},
    ]
    assert read_state(page, "categories") == rules
    page.evaluate(_FAIL)
    page.get_by_role("button", name="Correct the category of docs.example").click()
    question = page.get_by_role("dialog", name="docs.example is")
    expect(question.get_by_role("alert")).to_have_text("The disk is full.")
    expect(question.get_by_role("combobox")).to_be_disabled()
    expect(question.get_by_role("button", name="Save")).to_be_disabled()
    page.evaluate("chrome.runtime.sendMessage = send")
    question.get_by_role("button", name="Cancel").click()
    assert read_state(page, "categories") == rules
    page.get_by_role("button", name="Correct the category of docs.example").click()
    expect(question.get_by_role("combobox")).to_have_value("reference")
    expect(question.get_by_role("alert")).to_be_empty()
    choose_category(page, "docs.example", "Let Heyho decide")
    assert read_state(page, "categories") == rules[:1]


def test_nothing_recorded_yet(browser: Browser) -> None:
    page = browser.open("dashboard.html")
    empty = page.locator("#empty")
    expect(empty).to_contain_text("Nothing recorded yet")
    expect(empty.get_by_role("link")).to_have_attribute("href", "data.html")
    page.get_by_role("tab", name="Figures").click()
    expect(page.locator("#figures-none")).to_be_visible()
    assert browser.console() == []


def test_hostile_titles_and_addresses_are_text(
    browser: Browser, history: Callable[..., Page]
) -> None:
    page = history(
        [
            a_visit(HOSTILE, "https://evil.example/<b>?q=%3Cscript%3E", noon()),
            a_visit("A script", "javascript:alert(1)//x/", noon() + 1, domain="x.example"),
            a_visit("Backwards \u202e moc.elpmaxe", "https://rtl.example/%E2%80%AEx", noon() + 2),
        ]
    )
    expect(page.locator(".visit")).to_have_count(3)
    assert HOSTILE in titles(page)
    assert page.locator("#list img, #list script, #list b").count() == 0
    assert not page.locator(".visit", has_text="A script").locator("a[href]").count()
    expect(page.locator(".visit", has_text="Backwards").locator(".path")).to_have_text(
        "/%E2%80%AEx"
    )
    page.get_by_role("searchbox").fill("onerror")
    expect(page.locator(".visit")).to_have_count(1)
    expect(page.locator(".name")).to_have_text(HOSTILE)
    page.locator(".visit .clock").click()
    expect(page.get_by_role("dialog").get_by_role("heading", name=HOSTILE)).to_be_visible()
    assert page.locator("dialog img, dialog script").count() == 0
    expect(page).to_have_title("Heyho")
    assert browser.console() == []


_TYPE = """text => {
  const search = document.getElementById("search");
  search.value = text;
  search.dispatchEvent(new InputEvent("input", { bubbles: true }));
}"""


def test_a_late_answer_leaves_the_person_where_they_are(
    browser: Browser, history: Callable[..., Page]
) -> None:
    page = history(some_visits(), "#q=weather")
    expect(page.locator(".visit")).to_have_count(3)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    within = page.get_by_role("link", name="Python weather")
    expect(within).to_be_focused()
    page.evaluate(_TYPE, "weathe")
    expect(page.locator("mark").first).to_have_text("weathe")
    expect(within).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.evaluate(_TYPE, "python")
    expect(page.locator(".visit")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(within).to_be_focused()
    page.evaluate(_TYPE, "bread")
    expect(page.get_by_role("link", name="Bread in the weather")).to_be_focused()
    page.evaluate(_TYPE, "nowhere")
    expect(page.get_by_role("searchbox")).to_be_focused()
    assert browser.console() == []


_HOLD = """
  const { fetch } = globalThis;
  const held = new Promise((resolve) => { globalThis.release = resolve; });
  globalThis.fetch = async (...args) => { await held; return fetch(...args); };
"""


def test_what_is_typed_before_the_page_is_up_is_searched_for(
    browser: Browser, history: Callable[..., Page]
) -> None:
    history(some_visits()).close()
    page = browser.context.new_page()
    page.add_init_script(_HOLD)
    page.goto(f"chrome-extension://{EXTENSION_ID}/dashboard.html#q=bread")
    search = page.get_by_role("searchbox")
    expect(search).to_be_focused()
    page.keyboard.type("weat")
    page.evaluate("release()")
    expect(page.locator("#count")).to_have_text("3 visits")
    expect(search).to_have_value("weat")
    assert page.url.endswith("#q=weat")
    assert page.evaluate("history.length") == 2, "the page itself and what came before it"
    assert browser.console() == []


def test_new_visits_come_by_themselves(browser: Browser, history: Callable[..., Page]) -> None:
    page = history(some_visits())
    expect(page.locator(".visit")).to_have_count(6)
    other = browser.open("database.js")
    newer = a_visit("Something new", "https://new.example/", noon() + 300_000)
    other.evaluate(_PUT, json.dumps([newer]))
    ask_status = """() => chrome.runtime.sendMessage(
      { target: "background", kind: "engine", request: { kind: "status" } })"""
    page.bring_to_front()
    page.evaluate(ask_status)
    expect(page.locator(".visit .name").first).to_have_text("Something new")
    page.keyboard.press("ArrowDown")
    other.evaluate(_PUT, json.dumps([a_visit("Newer", "https://new.example/2", noon() + 400_000)]))
    page.evaluate(ask_status)
    page.get_by_role("button", name="Show what has changed").click()
    expect(page.locator(".visit .name").first).to_have_text("Newer")


_FAIL = """() => {
  globalThis.send = chrome.runtime.sendMessage;
  chrome.runtime.sendMessage = async () => ({ ok: false, error: "The disk is full." });
}"""


def test_a_failure_is_told_and_passes(history: Callable[..., Page]) -> None:
    page = history(some_visits())
    expect(page.locator(".visit")).to_have_count(6)
    page.evaluate(_FAIL)
    page.get_by_role("searchbox").fill("weather")
    expect(page.get_by_role("alert").first).to_contain_text("The disk is full.")
    page.evaluate("chrome.runtime.sendMessage = send")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".visit")).to_have_count(3)
    expect(page.locator("#problem")).to_be_hidden()


_BE_BEHIND = """
  const later = setTimeout;
  globalThis.looks = [];
  globalThis.setTimeout = (tell, delay, ...more) => {
    if (delay !== 2_000) return later(tell, delay, ...more);
    document.documentElement.dataset.looks = looks.push(tell);
  };
  const send = chrome.runtime.sendMessage;
  globalThis.missing = 5_000;
  chrome.runtime.sendMessage = async (message) => {
    const reply = await send.call(chrome.runtime, message);
    return message.request?.kind === "search" ? { ...reply, missing } : reply;
  };
"""
_LOOK_AGAIN = """() => {
  const [tell] = looks.splice(0);
  document.documentElement.dataset.looks = 0;
  tell();
}"""


def test_what_was_being_indexed_is_looked_for_until_it_is_there(
    browser: Browser, history: Callable[..., Page]
) -> None:
    history(some_visits()).close()
    page = browser.context.new_page()
    page.add_init_script(_BE_BEHIND)
    page.goto(f"chrome-extension://{EXTENSION_ID}/dashboard.html")
    missing = page.get_by_text("5,000 visits are still being indexed")
    expect(missing).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-looks", "1")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Bread in the weather")).to_be_focused()
    page.evaluate("missing = 0")
    page.evaluate(_LOOK_AGAIN)
    expect(page.get_by_role("link", name="Bread in the weather")).to_be_focused()
    page.get_by_role("searchbox").focus()
    expect(page.locator("html")).to_have_attribute("data-looks", "1")
    page.evaluate(_LOOK_AGAIN)
    expect(missing).to_be_hidden()
    expect(page.locator("html")).to_have_attribute("data-looks", "0")
    assert browser.console() == []


_COUNT_ANEW = """() => {
  const later = setTimeout;
  globalThis.looks = [];
  globalThis.setTimeout = (tell, delay, ...more) => {
    if (delay !== 2_000) return later(tell, delay, ...more);
    document.documentElement.dataset.looks = looks.push(tell);
  };
  const send = chrome.runtime.sendMessage;
  globalThis.answered = 0;
  globalThis.behind = { visits: 0, sites: [], categories: [], days: [], missing: 5_000 };
  chrome.runtime.sendMessage = async (message) => {
    const reply = await send.call(chrome.runtime, message);
    if (message.request?.kind !== "figures") return reply;
    answered += 1;
    return { ...reply, ...behind };
  };
}"""


def test_figures_stay_while_they_are_counted_anew(
    browser: Browser, history: Callable[..., Page]
) -> None:
    page = history(some_visits(), "#figures=month")
    expect(page.locator("#sums")).to_contain_text("Visits5")
    page.evaluate(_COUNT_ANEW)
    page.get_by_role("button", name="Correct the category of baking.example").click()
    choose_category(page, "baking.example", "Shopping")
    counting = page.get_by_text("5,000 visits are still being counted.")
    expect(counting).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-looks", "1")
    expect(page.locator("#sums")).to_contain_text("Visits5")
    page.evaluate("behind = {}")
    page.evaluate(_LOOK_AGAIN)
    expect(page.locator("#categories")).to_contain_text("Shopping")
    expect(counting).to_be_hidden()
    expect(page.locator("html")).to_have_attribute("data-looks", "0")
    page.evaluate("behind = { visits: 0, days: [], missing: 5_000 }")
    page.get_by_role("button", name="A year").click()
    expect(counting).to_be_visible()
    expect(page.locator("#sums")).to_contain_text("Visits0")
    assert browser.console() == []


def test_figures_that_are_counted_anew_are_said_and_asked_for_once(
    history: Callable[..., Page],
) -> None:
    page = history(some_visits(), "#figures=month")
    expect(page.locator("#sums")).to_contain_text("Visits5")
    page.evaluate(_COUNT_ANEW)
    count_what_is_spoken(page)
    html = page.locator("html")
    for _ in range(3):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_function("() => answered === 6")  # a month is shown with its year
    expect(page.get_by_text("5,000 visits are still being counted.")).to_be_visible()
    expect(html).to_have_attribute("data-looks", "1")
    for looks in range(1, 4):
        page.evaluate(_LOOK_AGAIN)
        page.wait_for_function("(count) => answered === count", arg=6 + 2 * looks)
        expect(html).to_have_attribute("data-looks", "1")
    assert times_spoken(page) == 1


def test_each_view_keeps_its_place(browser: Browser) -> None:
    page = browser.open("database.js")
    seed(page, 300)
    page.close()
    page = browser.open("dashboard.html")
    expect(page.locator("#count")).to_contain_text("more below")
    page.locator("#more").scroll_into_view_if_needed()
    expect(page.locator("#count")).to_contain_text("160 visits")
    page.evaluate("scrollTo(0, 3000)")
    page.locator("#tab-figures").evaluate("tab => tab.click()")
    expect(page.get_by_role("tabpanel", name="Figures")).to_be_visible()
    assert page.evaluate("scrollY") == 0
    page.go_back()
    expect(page.get_by_role("tabpanel", name="Visits")).to_be_visible()
    assert page.evaluate("scrollY") == 3_000


def test_a_link_in_the_figures_opens_its_search_at_the_beginning(
    browser: Browser, history: Callable[..., Page]
) -> None:
    visits = [a_visit(f"Page {n}", f"https://a.example/{n}", noon() + n) for n in range(300)]
    page = history(visits)
    expect(page.locator("#count")).to_contain_text("more below")
    page.locator("#more").scroll_into_view_if_needed()
    expect(page.locator("#count")).to_contain_text("160 visits")
    page.evaluate("scrollTo(0, 2000)")
    page.locator("#tab-figures").evaluate("tab => tab.click()")
    page.get_by_role("link", name="a.example").click()
    expect(page.get_by_role("searchbox")).to_have_value("site:a.example")
    expect(page.locator("#count")).to_contain_text("60 visits found")
    assert page.evaluate("scrollY") == 0
    assert browser.console() == []


_HOLD_REST = """() => {
  const send = chrome.runtime.sendMessage;
  const held = new Promise((resolve) => { globalThis.release = resolve; });
  chrome.runtime.sendMessage = async (message) => {
    const reply = await send.call(chrome.runtime, message);
    if (message.request?.kind !== "search") return reply;
    if (!message.request.before) return { ...reply, next: { startedAt: Date.now(), seq: 1 } };
    await held;
    return reply;
  };
}"""


def test_nothing_is_called_missing_before_all_was_looked_through(
    browser: Browser, history: Callable[..., Page]
) -> None:
    page = history(some_visits())
    page.evaluate(_HOLD_REST)
    page.get_by_role("searchbox").fill('"weather python"')
    expect(page.locator("#more-text")).to_have_text("Reading older visits.")
    expect(page.locator("#count")).to_have_text("Looking through your history.")
    expect(page.locator("#empty")).to_be_hidden()
    page.evaluate("release()")
    expect(page.locator("#empty")).to_contain_text("Nothing found")
    expect(page.locator("#count")).to_have_text("No visit found")
    assert browser.console() == []


def test_everyone_can_read_it(history: Callable[..., Page]) -> None:
    page = history(some_visits())
    expect(page.locator(".visit")).to_have_count(6)
    page.get_by_role("button", name="Search tips").click()
    page.get_by_role("searchbox").fill("weather")
    expect(page.locator(".visit")).to_have_count(3)
    page.locator(".visit .name").first.hover()
    look(page, "dashboard-search")
    page.locator(".visit .clock").first.click()
    expect(page.locator(".chain li")).to_have_count(3)
    look(page, "dashboard-details")
    page.get_by_role("button", name="Correct the category").click()
    expect(page.get_by_role("combobox")).to_be_visible()
    look(page, "dashboard-category")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Figures").click()
    expect(page.locator("#sites li")).to_have_count(4)
    for details in page.locator("#charts details summary").all():
        details.click()
    look(page, "dashboard-figures")
    page.get_by_role("tab", name="Visits").click()
    page.get_by_role("searchbox").fill("nowhere")
    expect(page.locator("#empty")).to_be_visible()
    look(page, "dashboard-none")


@pytest.mark.parametrize("width", [380, 800, 1280])
def test_nothing_sticks_out(history: Callable[..., Page], width: int) -> None:
    long = a_visit("Word" * 100, f"https://{'long.' * 30}example/{'x' * 900}", noon() + 600_000)
    page = history([*some_visits(), long])
    page.set_viewport_size({"width": width, "height": 800})
    expect(page.locator(".visit")).to_have_count(7)
    assert page.evaluate(_STICKS_OUT) <= 0
    page.locator(".visit .more").first.click()
    expect(page.locator("#sheet-chain")).to_contain_text("Nothing led here")
    assert page.locator("#sheet").evaluate("sheet => sheet.scrollWidth - sheet.clientWidth") == 0
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Figures").click()
    expect(page.locator("#sites li")).to_have_count(5)
    assert page.evaluate(_STICKS_OUT) <= 0
    for plot in page.locator(".plot").all():
        assert plot.evaluate(_NARROWED) == 0


@pytest.mark.quiet
@pytest.mark.long
def test_how_fast_it_is(browser: Browser, report: Callable[[str], None]) -> None:
    found = fluency(browser, MANY)
    for name, times in found.items():
        report(
            f"dashboard over {MANY:,} visits, {name}: "
            f"{median(times):.0f} ms ({min(times):.0f} to {max(times):.0f})"
        )
    assert len(found) == 5
    assert browser.console() == []
