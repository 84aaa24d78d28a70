"""What nobody means to do, and what nobody should have written: pages that bear it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from e2e.test_data import choose, data_page
from harness.backlog import seed
from harness.browser import Browser, read_state, read_store
from harness.desk import Desk
from heyho import presets

ALL = len(presets.NAMES)
RTL = "\u202e"
TITLES = [
    "<img src=x onerror=globalThis.broken=1><script>globalThis.broken=1</script>",
    f"{RTL}gpj.exe evil {RTL}{RTL}",
    "x" * 100_000,
    "W" * 499,
    "\x00\x01\x1b[31m red",
    "\ud83d alone",
    "👩‍👩‍👧‍👦 🏳️‍🌈 é ́́́́́ Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L",
    '=HYPERLINK("http://evil.example","x")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "${7*7} {{7*7}} %s %n $1 $2 __proto__",
    " \u2028\u2029 \ufeff ",
    "",
]
URLS = [
    "https://evil.example/<script>globalThis.broken=1</script>",
    "https://evil.example/%E2%80%AEmoc.elgoog%00%0a%0d",
    "https://xn--80ak6aa92e.com/\u202egpj",
    "https://evil.example/" + "a" * 2000,
    "https://" + "a." * 120 + "example/",
    "HTTPS://EVIL.EXAMPLE/UPPER",
    "https://user:secret@evil.example/cred",
    "https://[::1]:8080/v6",
    "https://__proto__/constructor?toString#hasOwnProperty",
]
NEVER = [
    "javascript:globalThis.broken=1",
    "JaVaScRiPt:globalThis.broken=1",
    "data:text/html,<script>1</script>",
    "file:///etc/passwd",
    "chrome://settings",
    "blob:https://a.example/1",
    " javascript:globalThis.broken=1",
]


def hostile_lines() -> str:
    now = int(time.time() * 1000)
    entries: list[dict[str, Any]] = []
    for at, url in enumerate([*URLS, *NEVER]):
        for number, title in enumerate(TITLES):
            started = now - 60_000 * (at * len(TITLES) + number + 60)
            entries.append(
                {
                    "id": f"hostile-{at}-{number}",
                    "url": url,
                    "title": title,
                    "domain": "javascript:alert(1)" if number % 2 else "=cmd|x",
                    "startedAt": started,
                    "endedAt": started + 30_000,
                    "activeDuration": 20_000,
                    "transition": "<b>link</b>",
                    "sourcePageVisitId": f"hostile-{at}-{number}",
                    "idlePeriods": [
                        {"start": started, "end": started + 5, "reason": "<b>" + RTL},
                    ],
                }
            )
    entries.append({**entries[0], "id": "long-ago", "startedAt": 0, "endedAt": 253402300799000})
    return "".join(json.dumps(entry) + "\n" for entry in entries)


def import_all(page: Page, text: str | bytes) -> None:
    choose(page, text, "hostile.jsonl")
    page.locator("#import-go").click()
    expect(page.locator("#job-said")).to_contain_text("Imported")


def fits(page: Page) -> bool:
    return bool(
        page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
    )


def test_hostile_visits_are_only_text(browser: Browser) -> None:
    page = data_page(browser)
    import_all(page, hostile_lines())
    visits = read_store(page, "visits")
    assert len(visits) == len(TITLES) * (len(URLS) - 0) + 1
    assert all(visit["url"].lower().startswith("https://") for visit in visits)
    assert "secret" not in json.dumps(visits)
    dashboard = browser.open("dashboard.html")
    expect(dashboard.locator("li.visit").first).to_be_visible()
    for width in (320, 640, 1280):
        dashboard.set_viewport_size({"width": width, "height": 700})
        assert fits(dashboard), width
    dashboard.set_viewport_size({"width": 320, "height": 700})
    links = dashboard.locator("a[href]").evaluate_all("all => all.map((a) => a.href)")
    assert all(link.startswith(("https://", "chrome-extension://")) for link in links), links
    for number in range(0, len(TITLES) * 2, 3):
        row = dashboard.locator("li.visit").nth(number)
        row.locator(".more").click()
        expect(dashboard.locator("#sheet")).to_be_visible()
        expect(dashboard.locator("#sheet-chain")).not_to_contain_text("Looking")
        assert fits(dashboard)
        if number in (3, 6):
            dashboard.screenshot(path=f"/tmp/hostile_sheet_{number}.png")
        dashboard.locator("#sheet-close").click()
    for text in (
        *TITLES,
        *URLS,
        'site:"',
        "site:",
        "on:99999-99-99",
        "-",
        '"',
        "\ud800",
        "%",
        "device:x" * 1000,
    ):
        dashboard.locator("#search").evaluate(
            "(e, t) => { e.value = t; e.dispatchEvent(new Event('input', {bubbles: true})); }", text
        )
        expect(dashboard.locator("#count")).not_to_contain_text("Looking")
    for text in ("", "#q=%E0%A4%A", "#q=%00", "#figures=bad", "#q=" + "a" * 50_000, "#figures=all"):
        dashboard.evaluate("hash => { location.hash = hash; }", text)
    expect(dashboard.locator("#year .day, #year [data-day]").first).to_be_attached(timeout=60_000)
    expect(dashboard.locator("#figures-state")).to_have_text("", timeout=60_000)
    assert fits(dashboard)
    dashboard.set_viewport_size({"width": 1280, "height": 700})
    assert dashboard.evaluate("globalThis.broken") is None
    assert browser.console() == []


FILES = {
    "empty": b"",
    "binary": bytes(range(256)) * 4000,
    "nuls": b"\0" * 3_000_000,
    "deep list": b"[" * 2_000_000,
    "deep objects": b"[" + b'{"a":' * 200_000,
    "deep line": b'{"url":' + b"[" * 500_000 + b"\n",
    "quotes": b'url,title\n"' + b"a,b\n" * 100_000,
    "quotes all": b'"\n' * 100_000,
    "one long line": b"a" * 3_000_000,
    "one long object": b'{"a":"' + b"x" * 3_000_000,
    "short lines": b"x\n" * 100_000,
    "utf16 nonsense": "\ufeff{".encode("utf-16-le"),
    "braces": b"[" + b"{" * 1_000_000,
    "numbers": b"[" + b"1," * 100_000,
    "bom": b"\xef\xbb\xbf" * 3,
    "never": "".join(json.dumps({"url": u, "time": 1_700_000_000}) + "\n" for u in NEVER).encode(),
}


def test_hostile_files_come_to_an_end_in_words(browser: Browser) -> None:
    page = data_page(browser)
    for name, content in FILES.items():
        begun = time.monotonic()
        page.locator("#job-said").evaluate("e => { e.textContent = ''; }")
        choose(page, content, f"{name}.json")
        expect(page.locator("#job-said")).to_contain_text(
            "no visits that Heyho can read", timeout=120_000
        )
        print(name, round(time.monotonic() - begun, 1), "s")
    assert read_store(page, "visits") == []
    assert Desk(browser).ask("status")["ok"]
    assert browser.console() == []


def test_the_popup_and_another_tab_keep_what_they_excluded(browser: Browser) -> None:
    first, second = browser.open("options.html"), browser.open("options.html")
    for page in (first, second):
        expect(page.get_by_role("button", name="Save")).to_be_enabled()
    Desk(browser).change(excluded=["popup.example"])
    first.get_by_label("Strategy").select_option("sequential")
    first.get_by_role("button", name="Save").click()
    expect(first.get_by_role("status")).to_contain_text("Saved")
    second.locator("#excluded").fill("second.example")
    second.get_by_role("button", name="Save").click()
    expect(second.get_by_role("status")).to_contain_text("Saved")
    settings = read_state(first, "settings")
    assert sorted(settings["excluded"]) == ["popup.example", "second.example"]
    assert settings["strategy"] == "sequential"
    assert sorted(second.locator("#excluded").input_value().split("\n")) == sorted(
        settings["excluded"]
    )
    switches = "#presets [role=switch]"
    first.locator(switches).nth(0).click()
    expect(first.locator(switches).nth(0)).to_have_attribute("aria-checked", "false")
    desk = Desk(browser)
    desk.wait_until("async (all) => (await readState('settings')).presets.length < all", ALL)
    second.evaluate(
        """switches => {
          const [, ...others] = document.querySelectorAll(switches);
          for (const other of others) for (let times = 0; times < 3; times += 1) other.click();
        }""",
        switches,
    )
    desk.wait_until("async () => (await readState('settings')).presets.length === 0")
    assert browser.console() == []


def test_two_data_pages_keep_out_of_each_others_way(browser: Browser) -> None:
    first, second = data_page(browser), data_page(browser)
    now = int(time.time())
    one = "".join(
        json.dumps({"url": f"https://one.example/{n}", "time": now - n - 60}) + "\n"
        for n in range(3)
    )
    two = one.replace("one.example", "two.example") + json.dumps(
        {"url": "https://two.example/x", "time": now - 999}
    )
    choose(first, one)
    expect(first.locator("#import-go")).to_have_text("Import 3 visits")
    expect(second.locator("#import-go")).to_be_hidden()
    choose(second, two)
    expect(second.locator("#import-go")).to_have_text("Import 4 visits")
    expect(first.locator("#import-go")).to_have_text("Import 3 visits")
    first.locator("#import-go").dblclick()
    expect(first.locator("#job-said")).to_have_text("Imported 3 new visits.")
    expect(second.locator("#import-go")).to_have_text("Import 4 visits")
    second.locator("#import-go").dblclick()
    expect(second.locator("#job-said")).to_have_text("Imported 4 new visits.")
    assert len(read_store(first, "visits")) == 7
    for page, site, count in ((first, "one.example", 3), (second, "two.example", 4)):
        page.locator("#delete-what").select_option("site")
        page.locator("#delete-site").fill(site)
        page.locator("#delete-count").dblclick()
        page.locator("#delete-go").dblclick()
        expect(page.locator("#gone-said")).to_contain_text(f"{count} visits were deleted")
        for other in (first, second):
            expect(other.locator("#gone-said")).to_contain_text(f"{count} visits were deleted")
    assert read_store(first, "visits") == []
    second.locator("#undo").dblclick()
    expect(second.locator("#delete-said")).to_contain_text("4 visits are back")
    expect(first.locator("#gone")).to_be_hidden()
    assert len(read_store(first, "visits")) == 4
    assert browser.console() == []


def test_days_that_no_visit_has(browser: Browser) -> None:
    page = data_page(browser)
    seed(page, 10)
    page.locator("#delete-what").select_option("days")
    for begin, end in (
        ("0025-01-01", "275760-09-13"),
        ("0001-01-01", ""),
        ("", "275760-09-13"),
        ("1969-12-31", "9999-12-31"),
    ):
        page.locator("#delete-from").evaluate(
            "(e, v) => { e.value = v; e.dispatchEvent(new Event('input', {bubbles: true})) }", begin
        )
        page.locator("#delete-to").evaluate(
            "(e, v) => { e.value = v; e.dispatchEvent(new Event('input', {bubbles: true})) }", end
        )
        page.locator("#delete-count").click()
        expect(page.locator("#delete-go")).to_have_text("Delete 10 visits")
    page.locator("#delete-from").fill("2026-11-25")
    page.locator("#delete-to").fill("1950-01-01")
    page.locator("#delete-count").click()
    expect(page.locator("#delete-problem")).to_contain_text("first day lies after")
    assert browser.console() == []


BODIES = [
    b"",
    b"<!doctype html>",
    b"null",
    b'"' + b"x" * 5_000_000 + b'"',
    b"[" * 1_000_000,
    b'{"maxRecords":' + b"9" * 100_000 + b"}",
    b'{"maxRecords":1000,"rateLimits":[{"quota":' + b"9" * 400 + b',"windowSeconds":1}]}',
    b'{"maxRecords":1000,"user":{"firstName":"'
    + b"\\ud800<b>\\u202e" * 100_000
    + b'"},"version":[],"visits":-1}',
    b'{"maxRecords":1000,"user":"x","success":false,"message":{}}',
    b"\xff\xfe\x00\x80",
    b'{"token":"' + b"x" * 1_000_000 + b'"}',
    b'{"token":"\\u2603 \\n"}',
]


@contextmanager
def liar() -> Iterator[Any]:
    """A server that answers everything with one body."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = self.server.body  # type: ignore[attr-defined]
            self.send_response(self.server.status)  # type: ignore[attr-defined]
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Access-Control-Allow-Headers", "*")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_HEAD = do_OPTIONS = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.body, server.status = b"", 200  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("name", ["options.html", "welcome.html#server"])
def test_a_server_that_answers_nonsense(browser: Browser, name: str) -> None:
    page = browser.open(name)
    with liar() as server:
        for status in (200, 401, 500, 299):
            for body in BODIES:
                if b'maxRecords":1000' in body and name != "options.html":
                    continue  # which is as good as a Heyho server
                server.body, server.status = body, status
                page.locator("#serverUrl").fill(f"http://127.0.0.1:{server.server_port}")
                page.locator("#token").fill("t")
                verdict = page.locator("#verdict")
                if name == "options.html":
                    page.locator("#check").click()
                else:
                    page.locator("#connect").click()
                expect(verdict).not_to_have_attribute("data-tone", "busy")
                expect(verdict).to_be_visible()
                assert len(verdict.text_content() or "") in range(10, 700)
                page.locator("#token").fill("")
                page.locator("#pairing").fill("ABCD-EFGH")
                page.locator("#pair" if name == "options.html" else "#connect").click()
                expect(page.locator("#pairing-problem")).not_to_have_text("")
                page.locator("#pairing").fill("")
                assert fits(page)
    stored = read_state(page, "settings") or {}
    assert not stored.get("token")
    network = ("Failed to load resource", "Access to fetch")  # Chromium's own words
    said = [line for line in browser.console() if not any(text in line for text in network)]
    assert said == []
