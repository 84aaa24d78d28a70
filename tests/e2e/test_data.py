"""The page of a person's data, as a person uses it, with a real history and real files."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from harness.backlog import seed, stored_ids
from harness.browser import EXTENSION, Browser, read_state, read_store
from harness.desk import Desk
from harness.hearing import count_what_is_spoken, times_spoken
from harness.pictures import findings, look
from harness.proxy import FaultProxy
from harness.server import TOKEN, ServerProcess
from harness.site import Site
from heyho.archive.job import Progress

DAY = 86_400_000
Launch = Callable[..., Browser]

_UNDER_WAY_OR_OVER = """async () => {
  const deletion = await readState("deletion");
  return deletion?.after || deletion?.phase === "kept";
}"""

_ADD_HISTORY = """async ([origin, count]) => {
  for (let number = 0; number < count; number += 1) {
    await chrome.history.addUrl({ url: `${origin}/old/${number}` });
  }
}"""


def data_page(browser: Browser) -> Page:
    """The page, ready. Files are downloads there: a headless browser has no one to name them."""
    page = browser.context.new_page()
    page.add_init_script("delete window.showSaveFilePicker")
    page.goto(f"chrome-extension://{_id(browser)}/data.html")
    expect(page.locator("#storage-rows tr")).to_have_count(5, timeout=30_000)
    return page


def _id(browser: Browser) -> str:
    return browser.context.service_workers[0].url.split("/")[2]


def takeout(visits: int, broken: int = 0) -> bytes:
    """A file as Google Takeout makes it; each visit a second before the one above it."""
    now_us = int(time.time() * 1_000_000)
    entries: list[Any] = [
        {
            "favicon_url": f"https://site-{n % 97}.example/favicon.ico",
            "page_transition": ("LINK", "TYPED", "RELOAD")[n % 3],
            "title": f"Page {n} “of” a longer title, as they are",
            "url": f"https://site-{n % 97}.example/page/{n}?q={n}",
            "client_id": "abcdefghijklmnop",
            "time_usec": now_us - (n + 600) * 1_000_000,
        }
        for n in range(visits)
    ]
    entries += [{"title": "broken"}] * broken
    return json.dumps({"Browser History": entries}).encode()


def choose(page: Page, content: bytes | str, name: str = "History.json") -> None:
    data = content.encode() if isinstance(content, str) else content
    page.locator("#file").set_input_files(
        {"name": name, "mimeType": "application/json", "buffer": data}
    )


def test_a_file_is_looked_at_and_then_imported_once(browser: Browser) -> None:
    page = data_page(browser)
    content = takeout(2_500, broken=7)
    choose(page, content)
    go = page.get_by_role("button", name="Import 2,500 visits")
    expect(go).to_be_focused()
    expect(page.locator("#job-said")).to_contain_text("Google Takeout file with 2,500 visits")
    expect(page.locator("#job-aside")).to_contain_text("7 entries cannot be read")
    expect(page.locator("#job-problems li")).to_have_count(5)
    expect(page.locator("#job-problems li").first).to_contain_text("Number 2,501:")
    assert read_store(page, "visits") == []
    page.keyboard.press("Enter")
    expect(page.locator("#job-said")).to_have_text("Imported 2,500 new visits.")
    expect(page.locator("#storage-rows tr").first).to_contain_text("2,500 visits")
    before = read_store(page, "visits")
    assert len(before) == 2_500
    choose(page, content)
    page.get_by_role("button", name="Import 2,500 visits").click()
    expect(page.locator("#job-said")).to_have_text("There was nothing new to import.")
    expect(page.locator("#job-aside")).to_contain_text("2,500 visits were here before.")
    assert read_store(page, "visits") == before
    assert browser.console() == []


def test_a_file_that_is_none_says_so(browser: Browser) -> None:
    page = data_page(browser)
    choose(page, b"\x89PNG\r\n\x1a\n")
    expect(page.locator("#job-said")).to_contain_text("no visits that Heyho can read")
    expect(page.locator("#import-go")).to_be_hidden()
    choose(page, takeout(3))
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#job")).to_be_hidden()
    assert read_store(page, "visits") == []
    assert browser.console() == []


def test_a_file_of_excluded_pages_has_nothing_to_import_and_can_be_chosen_again(
    browser: Browser,
) -> None:
    page = data_page(browser)
    desk = Desk(browser)
    desk.change(excluded=["site-0.example"])
    page.evaluate(_HOLD, ["import"])
    for _ in range(2):
        choose(page, takeout(1))
        expect(page.locator("#job-said")).to_have_text("Looking at the file.")
        page.evaluate("() => window.release()")
        expect(page.locator("#job-said")).to_have_text("There was nothing new to import.")
        expect(page.locator("#job-aside")).to_contain_text("1 visit is left out")
        expect(page.locator("#import-cancel")).to_be_hidden()
        expect(page.locator("#file")).to_have_value("")
    assert browser.console() == []


@pytest.fixture
def permitted(launch: Launch, tmp_path: Path) -> Browser:
    """The extension as it is once the person has granted the optional permission."""
    copy = tmp_path / "heyho"
    shutil.copytree(EXTENSION, copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["optional_permissions"].remove("history")
    manifest["permissions"].append("history")
    (copy / "manifest.json").write_text(json.dumps(manifest))
    return launch(extension=copy)


def test_the_browsers_history_is_imported_once_and_nothing_is_doubled(
    permitted: Browser, site: Site
) -> None:
    tab = permitted.context.new_page()
    tab.goto(f"{site.origins[0]}/article")  # which Heyho records, and the browser remembers
    tab.goto("about:blank")
    page = data_page(permitted)
    page.evaluate(_ADD_HISTORY, ["https://past.example", 1_200])
    page.evaluate(_ADD_HISTORY, ["https://bank.example", 3])
    Desk(permitted).change(excluded=["bank.example"])
    page.get_by_role("button", name="Import from this browser").click()
    expect(page.locator("#job-said")).to_have_text("Imported 1,200 new visits.", timeout=30_000)
    expect(page.locator("#job-aside")).to_contain_text("3 visits are left out")
    expect(page.locator("#job-aside")).to_contain_text("1 visit Heyho had recorded itself.")
    visits = read_store(page, "visits")
    assert len({visit["url"] for visit in visits}) == len(visits) == 1_201
    assert all("bank.example" not in visit["url"] for visit in visits)
    times = [visit["startedAt"] for visit in visits if visit["tabId"] is None]
    assert times == sorted(times)
    page.get_by_role("button", name="Import from this browser").click()
    expect(page.locator("#job-said")).to_have_text("There was nothing new to import.")
    assert read_store(page, "visits") == visits
    assert read_state(page, "import") is None
    assert permitted.console() == []


def test_an_import_of_the_history_goes_on_without_its_page(permitted: Browser) -> None:
    page = data_page(permitted)
    page.evaluate(_ADD_HISTORY, ["https://past.example", 1_500])
    desk = Desk(permitted)
    page.get_by_role("button", name="Import from this browser").click()
    desk.wait_until("async () => (await readState('import')) && (await all('visits')).length")
    page.close()
    desk.close_engine()
    desk.ask("archive")
    desk.wait_until("async () => (await readState('import')) === null")
    assert len(desk.visits()) == 1_500


def test_no_other_import_is_begun_while_one_writes(browser: Browser) -> None:
    page = data_page(browser)
    page.evaluate(_ENGINE_THAT_IMPORTS)
    job = {**Progress(source="history").to_record(), "added": 7, "lastAt": 0}
    elsewhere = {"source": "file", "url": "blob:another-page", "preview": True}
    from_browser, file = page.locator("#import-browser"), page.locator("#file")
    from_browser.focus()
    page.evaluate("(job) => window.tell(job)", {**job, **elsewhere})
    page.evaluate("(job) => window.tell(job)", job)
    expect(page.locator("#job-said")).to_have_text("Importing. You may close this page.")
    expect(from_browser).to_have_attribute("aria-disabled", "true")
    expect(file).to_have_attribute("aria-disabled", "true")
    expect(from_browser).to_be_focused()
    page.keyboard.press("Enter")
    page.emulate_media(forced_colors="active")
    gray = page.evaluate(_COLOUR, "GrayText")
    expect(from_browser).to_have_css("color", gray)
    expect(file).to_have_css("color", gray)
    page.emulate_media(forced_colors="none")
    assert findings(page) == []
    assert file.evaluate(_CLICK_IS_REFUSED)
    choose(page, takeout(3))
    expect(file).to_have_value("")
    expect(page.locator("#job-said")).to_contain_text("Importing.")
    page.evaluate("(job) => window.tell(job)", {**job, "state": "done"})
    expect(page.locator("#job-said")).to_have_text("Imported 7 new visits.")
    expect(file).to_have_attribute("aria-disabled", "false")
    assert not file.evaluate(_CLICK_IS_REFUSED)


def test_the_end_of_an_import_leaves_a_person_where_they_read(browser: Browser) -> None:
    page = data_page(browser)
    page.set_viewport_size({"width": 800, "height": 400})
    page.evaluate(_ENGINE_THAT_IMPORTS)
    job = {**Progress(source="history").to_record(), "added": 7, "lastAt": 0}
    from_browser = page.locator("#import-browser")
    from_browser.focus()
    page.evaluate("(job) => window.tell(job)", job)
    expect(page.locator("#import-stop")).to_be_visible()
    page.evaluate("() => scrollTo(0, document.documentElement.scrollHeight)")
    expect(from_browser).not_to_be_in_viewport()
    page.evaluate("(job) => window.tell(job)", {**job, "state": "done"})
    expect(page.locator("#job-said")).to_have_text("Imported 7 new visits.")
    expect(from_browser).not_to_be_in_viewport()
    expect(from_browser).to_be_focused()


def test_the_number_of_what_is_under_way_is_not_spoken_each_time(browser: Browser) -> None:
    page = data_page(browser)
    page.evaluate(_ENGINE_THAT_IMPORTS)
    job = {**Progress(source="history").to_record(), "added": 7, "lastAt": 0}
    page.evaluate("(job) => window.tell(job)", job)
    expect(page.locator("#job-count")).to_contain_text("7 new visits, up to")
    moving = {"visits": 5, "total": 20}
    page.evaluate(_TELL_OF_DELETION, moving)
    expect(page.locator("#gone-count")).to_have_text("5 of 20 visits.")
    count_what_is_spoken(page)
    page.evaluate("(job) => window.tell(job)", {**job, "added": 8})
    expect(page.locator("#job-count")).to_contain_text("8 new visits, up to")
    page.evaluate(_TELL_OF_DELETION, {**moving, "visits": 10})
    expect(page.locator("#gone-count")).to_have_text("10 of 20 visits.")
    assert times_spoken(page) == 0
    page.evaluate("(job) => window.tell(job)", {**job, "added": 8, "state": "done"})
    expect(page.locator("#job-said")).to_have_text("Imported 8 new visits.")
    expect(page.locator("#job-count")).to_be_empty()


_TELL_OF_DELETION = """(moving) => new BroadcastChannel("heyho").postMessage(
  { target: "page", kind: "deletions", moving })"""
_COLOUR = """(name) => {
  const sample = document.body.appendChild(document.createElement("i"));
  sample.style.color = name;
  const { color } = getComputedStyle(sample);
  sample.remove();
  return color;
}"""
_CLICK_IS_REFUSED = """(element) => {
  const click = new MouseEvent("click", { bubbles: true, cancelable: true });
  element.dispatchEvent(click);
  return click.defaultPrevented;
}"""


# `tell` is news of an import, and what the engine says of it when it is asked.
_ENGINE_THAT_IMPORTS = """() => {
  const send = chrome.runtime.sendMessage.bind(chrome.runtime);
  const channel = new BroadcastChannel("heyho");
  let current = null;
  chrome.runtime.sendMessage = async (message) => message.request?.kind === "archive"
    ? { ok: true, job: current }
    : send(message);
  window.tell = (job) => {
    current = job;
    channel.postMessage({ target: "page", kind: "archive", job });
  };
}"""


def test_the_ways_to_import_are_open_while_a_file_is_looked_at(browser: Browser) -> None:
    page = data_page(browser)
    page.evaluate(_HOLD, ["import"])
    from_browser, file = page.locator("#import-browser"), page.locator("#file")
    choose(page, takeout(3))
    expect(page.locator("#job")).to_be_visible()
    for way in (from_browser, file):
        expect(way).to_be_enabled()
        expect(way).not_to_have_attribute("aria-disabled", "true")
    page.evaluate("() => window.release()")
    page.get_by_role("button", name="Import 3 visits").click()
    expect(from_browser).to_have_attribute("aria-disabled", "true")  # once it is asked for
    expect(file).to_have_attribute("aria-disabled", "true")
    page.evaluate("() => window.release()")
    expect(page.locator("#job-said")).to_have_text("Imported 3 new visits.")
    for way in (from_browser, file):
        expect(way).to_have_attribute("aria-disabled", "false")


def export(page: Page, form: str, to: Path, site: str = "") -> Path:
    page.locator("#export-format").select_option(form)
    page.locator("#export-site").fill(site)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export", exact=True).click()
    expect(page.locator("#export-said")).to_contain_text("Exported")
    file = to / download.value.suggested_filename
    download.value.save_as(file)
    return file


def test_an_export_has_every_visit_in_three_formats(browser: Browser, tmp_path: Path) -> None:
    page = data_page(browser)
    seed(page, 2_500)
    visits = read_store(page, "visits")
    lines = export(page, "jsonl", tmp_path).read_text().splitlines()
    assert [json.loads(line) for line in lines] == visits
    with export(page, "csv", tmp_path).open(newline="") as table:
        rows = list(csv.DictReader(table))
    assert [(row["id"], row["url"], int(row["startedAt"])) for row in rows] == [
        (visit["id"], visit["url"], visit["startedAt"]) for visit in visits
    ]
    with closing(sqlite3.connect(export(page, "sqlite", tmp_path))) as database:
        found = database.execute(
            "SELECT id, url, title, started_at, active_ms, transition FROM visits "
            "ORDER BY started_at"
        ).fetchall()
        assert found == [
            (v["id"], v["url"], v["title"], v["startedAt"], v["activeDuration"], v["transition"])
            for v in sorted(visits, key=lambda visit: visit["startedAt"])
        ]
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        plan = database.execute(
            "EXPLAIN QUERY PLAN SELECT * FROM visits WHERE domain = 'a' ORDER BY started_at"
        ).fetchall()
        assert "visits_by_domain" in str(plan)
    some = export(page, "jsonl", tmp_path, site="site-5.example").read_text().splitlines()
    assert [json.loads(line) for line in some] == [
        visit for visit in visits if visit["domain"] == "site-5.example"
    ]
    page.locator("#export-site").fill("nobody.example")
    page.get_by_role("button", name="Export", exact=True).click()
    expect(page.locator("#export-said")).to_contain_text("no such visits")
    assert browser.console() == []


def test_an_export_is_imported_elsewhere_as_it_was(browser: Browser, tmp_path: Path) -> None:
    page = data_page(browser)
    seed(page, 1_100)
    visits = read_store(page, "visits")
    file = export(page, "csv", tmp_path)
    page.locator("#delete-what").select_option("all")
    page.get_by_role("button", name="Count what this deletes").click()
    page.get_by_role("button", name="Delete 1,100 visits").click()
    expect(page.locator("#gone-said")).to_contain_text("1,100 visits were deleted.")
    page.locator("#file").set_input_files(file)
    page.get_by_role("button", name="Import 1,100 visits").click()
    expect(page.locator("#job-said")).to_have_text("Imported 1,100 new visits.")
    assert bare(read_store(page, "visits")) == bare(visits)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#delete-said")).to_contain_text("back")
    assert bare(read_store(page, "visits")) == bare(visits)


def bare(visits: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Visits without their numbers, by id; and without a rate, which is reckoned anew."""
    without = ("seq", "engagementRate")
    return sorted(
        ({k: v for k, v in each.items() if k not in without} for each in visits),
        key=lambda visit: visit["id"],
    )


def warning(page: Page) -> Locator:
    return page.locator("#delete-warning")


def test_deleting_needs_two_steps_and_is_undone_after_the_page_was_closed(
    browser: Browser,
) -> None:
    page = data_page(browser)
    seed(page, 970)
    before = read_store(page, "visits")
    page.get_by_label("Site").last.fill("https://www.site-5.example/page")
    page.keyboard.press("Enter")
    expect(warning(page)).to_contain_text("This deletes 10 visits:")
    expect(warning(page)).not_to_contain_text("no longer be undone")
    page.keyboard.press("Enter")  # once more by mistake
    expect(page.get_by_role("button", name="Delete 10 visits")).to_be_visible()
    assert read_store(page, "visits") == before
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Delete 10 visits")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    left = read_store(page, "visits")
    assert left == [visit for visit in before if visit["domain"] != "site-5.example"]
    page.close()
    page = data_page(browser)
    expect(page.locator("#gone-said")).to_contain_text("10 visits were deleted.")
    expect(page.locator("#gone-said")).to_contain_text("for 10 more minutes")
    page.locator("#delete-site").fill("site-6.example")
    page.get_by_role("button", name="Count what this deletes").click()
    expect(warning(page)).to_contain_text("What you deleted before can then no longer be undone.")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#delete-said")).to_have_text("10 visits are back.")
    expect(page.locator("#gone")).to_be_hidden()
    assert read_store(page, "visits") == before
    assert read_store(page, "trash") == []
    assert browser.console() == []


def test_a_page_that_is_still_open_is_said_not_to_count(browser: Browser, site: Site) -> None:
    page = data_page(browser)
    tab = browser.context.new_page()
    tab.goto(f"{site.origins[0]}/article")
    page.locator("#delete-site").fill("127.0.0.1")
    count = page.get_by_role("button", name="Count what this deletes")
    count.click()
    expect(page.locator("#delete-said")).to_contain_text("A page that is still open counts once")
    tab.goto("about:blank")
    count.click()
    expect(warning(page)).to_contain_text("This deletes 1 visit:")


def test_deleted_visits_are_never_sent_and_undone_ones_are(
    browser: Browser, server: ServerProcess
) -> None:
    browser.connect(server.url, str(server.token))
    page = data_page(browser)
    ids = seed(page, 970)
    expect(page.locator("#server-part")).to_be_visible()
    page.get_by_label("Site").last.fill("site-5.example")
    page.get_by_label("Also on my server").uncheck()
    page.get_by_role("button", name="Count what this deletes").click()
    page.get_by_role("button", name="Delete 10 visits").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    browser.sync("Synced 960 visits.")
    assert len(stored_ids(server.data_dir)) == 960
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#delete-said")).to_have_text("10 visits are back.")
    browser.sync("Synced")
    assert stored_ids(server.data_dir) == sorted(ids)


def test_the_server_deletes_once_the_time_is_over(browser: Browser, server: ServerProcess) -> None:
    browser.connect(server.url, str(server.token))
    page = data_page(browser)
    ids = seed(page, 970)
    browser.sync("Synced 970 visits.")
    kept = {v["id"] for v in read_store(page, "visits") if v["domain"] != "site-5.example"}
    page.get_by_label("Site").last.fill("site-5.example")
    page.get_by_role("button", name="Count what this deletes").click()
    page.get_by_role("button", name="Delete 10 visits").click()
    expect(page.locator("#gone-said")).to_contain_text("Then your server is asked")
    assert stored_ids(server.data_dir) == sorted(ids)
    desk = Desk(browser)
    desk.wait_until(f"async () => {_WORD_IS_STORED}")
    desk.end_undo()
    desk.close_engine()
    desk.ask("deletions")
    desk.wait_until("async () => !(await all('trash')).length")
    desk.wait_until("async () => (await readState('orders'))?.length === 0")
    assert stored_ids(server.data_dir) == sorted(kept)
    desk.wait_until(f"async () => !{_WORD_IS_STORED}")  # nor does the index know of it
    with pytest.raises(AssertionError):
        assert desk.ask("undo")["ok"]


def test_a_deletion_that_the_server_has_accepted_is_not_waited_for(
    browser: Browser, proxy: FaultProxy
) -> None:
    browser.connect(proxy.url, TOKEN)
    page = data_page(browser)
    seed(page, 970)
    page.locator("#delete-site").fill("site-5.example")
    page.get_by_role("button", name="Count what this deletes").click()
    page.get_by_role("button", name="Delete 10 visits").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    proxy.hold()
    desk = Desk(browser)
    desk.end_undo()
    desk.ask("deletions")
    desk.wait_until("async () => (await readState('orders'))?.length")
    page.reload()
    expect(page.locator("#orders")).to_have_text("Your server has one deletion to carry out.")
    proxy.let()
    expect(page.locator("#orders")).to_be_hidden()
    assert browser.console() == []


def test_a_server_that_is_named_meanwhile_is_asked_to_delete_as_well(
    browser: Browser, server: ServerProcess
) -> None:
    page = data_page(browser)
    seed(page, 970)
    page.locator("#delete-site").fill("site-5.example")
    page.get_by_role("button", name="Count what this deletes").click()
    expect(page.locator("#delete-sure")).to_be_visible()
    expect(page.locator("#server-part")).to_be_hidden()
    browser.connect(server.url, str(server.token))
    expect(page.locator("#server-part")).to_be_visible()
    expect(page.locator("#delete-sure")).to_be_hidden()  # that was to delete less
    page.get_by_role("button", name="Count what this deletes").click()
    page.get_by_role("button", name="Delete 10 visits").click()
    expect(page.locator("#gone-said")).to_contain_text("Then your server is asked")


_WORD_IS_STORED = """(await all('words')).some(
  (row) => new TextDecoder().decode(row).includes('site-5.example'))"""


def test_a_deletion_is_carried_on_after_the_engine_was_ended(browser: Browser) -> None:
    desk = Desk(browser)
    seed(desk.page, 5_000)
    desk.page.evaluate(
        """() => void chrome.runtime.sendMessage({
          target: "background", kind: "engine",
          request: { kind: "delete", query: { everything: true } },
        })"""
    )
    desk.wait_until(_UNDER_WAY_OR_OVER)
    desk.close_engine()  # the service worker asks the next one
    desk.wait_until("async () => (await readState('deletion'))?.phase === 'kept'")
    assert read_store(desk.page, "visits") == []
    assert len(read_store(desk.page, "trash")) == 5_000
    assert desk.ask("undo")["visits"] == 5_000
    assert len(read_store(desk.page, "visits")) == 5_000


def test_a_long_deletion_shows_how_far_it_is_though_its_reply_never_comes(
    browser: Browser,
) -> None:
    desk = Desk(browser)
    seed(desk.page, 20_000)
    page = data_page(browser)
    page.evaluate(_LOSE_REPLIES)
    page.locator("#delete-what").select_option("all")
    page.get_by_role("button", name="Count what this deletes").click()
    page.get_by_role("button", name="Delete 20,000 visits").click()
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_focused()
    gone = "20,000 visits were deleted."
    expect(page.locator("#gone-said")).to_contain_text(gone, timeout=120_000)
    expect(page.locator("#gone-bar")).to_be_hidden()
    expect(page.locator("#delete-count")).to_be_enabled()
    expect(page.locator("#delete-said")).to_be_empty()
    said = page.evaluate("() => window.said")
    going = [text for text in said if text.endswith(" of 20,000 visits.")]
    assert len(going) > 1, said
    undo.click()
    back = "20,000 visits are back."
    expect(page.locator("#delete-said")).to_have_text(back, timeout=120_000)
    expect(page.locator("#gone")).to_be_hidden()
    assert browser.console() == []


# As if the service worker had been ended while it waited; and what the notice has said.
_LOSE_REPLIES = """() => {
  const send = chrome.runtime.sendMessage.bind(chrome.runtime);
  chrome.runtime.sendMessage = (message) => {
    const reply = send(message);
    const { kind, dryRun } = message.request ?? {};
    return kind === "undo" || (kind === "delete" && !dryRun) ? new Promise(() => {}) : reply;
  };
  const notice = document.getElementById("gone-count");
  window.said = [];
  const look = () => window.said.push(notice.textContent);
  new MutationObserver(look).observe(notice, { childList: true, characterData: true });
}"""


def test_an_answer_that_comes_late_leaves_a_person_where_they_are(browser: Browser) -> None:
    page = data_page(browser)
    seed(page, 970)
    elsewhere = page.locator("#export-site")
    elsewhere.focus()
    choose(page, takeout(20))
    expect(page.get_by_role("button", name="Import 20 visits")).to_be_visible()
    expect(elsewhere).to_be_focused()
    page.evaluate(_HOLD, ["delete", "undo", "settings"])
    page.locator("#delete-site").fill("site-5.example")

    def press(name: str) -> None:
        page.get_by_role("button", name=name).click()
        elsewhere.focus()
        page.evaluate("() => window.release()")

    press("Count what this deletes")
    expect(page.locator("#delete-sure")).to_be_visible()
    expect(elsewhere).to_be_focused()
    press("Delete 10 visits")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    expect(page.locator("#delete-count")).to_be_enabled()
    expect(elsewhere).to_be_focused()
    press("Undo")
    expect(page.locator("#delete-said")).to_have_text("10 visits are back.")
    expect(elsewhere).to_be_focused()


def test_a_choice_of_how_long_visits_stay_leaves_a_person_where_they_are(browser: Browser) -> None:
    page = data_page(browser)
    old = {"url": "https://a.example/", "title": "x", "time": time.time() - 400 * 86_400}
    choose(page, f"{json.dumps(old)}\n", "visits.jsonl")
    page.get_by_role("button", name="Import 1 visit").click()
    expect(page.locator("#job-said")).to_have_text("Imported 1 new visit.")
    page.evaluate(_HOLD, ["delete", "settings"])
    elsewhere = page.locator("#export-site")
    page.get_by_label("Keep visits on this device").select_option("6")
    page.locator("#keep-save").click()
    elsewhere.focus()
    page.evaluate("() => window.release()")
    expect(page.locator("#keep-sure")).to_be_visible()
    expect(elsewhere).to_be_focused()
    page.locator("#keep-go").click()
    elsewhere.focus()
    page.evaluate("() => window.release()")
    expect(page.locator("#keep-said")).to_have_text("Saved.")
    expect(elsewhere).to_be_focused()


def test_what_is_confirmed_cannot_be_taken_back_while_it_is_stored(browser: Browser) -> None:
    page = data_page(browser)
    old = {"url": "https://a.example/", "title": "x", "time": time.time() - 400 * 86_400}
    choose(page, f"{json.dumps(old)}\n", "visits.jsonl")
    page.get_by_role("button", name="Import 1 visit").click()
    expect(page.locator("#job-said")).to_have_text("Imported 1 new visit.")
    page.evaluate(_HOLD, ["settings"])
    keep, said = page.locator("#keep"), page.locator("#keep-said")
    keep.select_option("6")
    page.locator("#keep-save").click()
    page.locator("#keep-go").click()
    expect(said).to_have_text("Saving.")
    expect(page.locator("#keep-cancel")).to_be_hidden()
    expect(keep).to_be_disabled()
    page.evaluate("() => window.release()")
    expect(said).to_have_text("Saved.")
    expect(page.locator("#keep-save")).to_be_focused()
    expect(keep).to_be_enabled()
    expect(keep).to_have_value("6")
    assert read_state(page, "settings")["keepMonths"] == 6


def test_a_choice_of_how_long_visits_stay_is_saved_before_another_is_taken(
    browser: Browser,
) -> None:
    page = data_page(browser)
    page.evaluate(_HOLD, ["delete", "settings"])
    keep, save, said = (page.locator(name) for name in ("#keep", "#keep-save", "#keep-said"))
    keep.select_option("3")
    save.click()
    expect(said).to_have_text("Counting.")
    expect(save).to_be_disabled()
    keep.select_option("6")
    expect(said).to_have_text("Counting.")
    page.evaluate("() => window.release()")
    expect(save).to_be_enabled()
    expect(said).to_be_empty()
    save.click()
    page.evaluate("() => window.release()")  # nothing is as old, so that it is saved at once
    expect(said).to_have_text("Saving.")
    expect(keep).to_be_disabled()
    expect(page.locator("#unsynced")).to_be_disabled()
    page.evaluate("() => window.release()")
    expect(said).to_have_text("Saved.")
    expect(keep).to_be_enabled()
    expect(page.locator("#unsynced")).to_be_enabled()
    assert read_state(page, "settings")["keepMonths"] == 6
    keep.select_option("0")
    save.click()
    page.evaluate("() => window.release()")
    expect(said).to_have_text("Saved.")


# Requests of these kinds leave the page only when they are released, the first one first.
_HOLD = """(kinds) => {
  const send = chrome.runtime.sendMessage.bind(chrome.runtime);
  const held = [];
  chrome.runtime.sendMessage = (message) => kinds.includes(message.request?.kind)
    ? new Promise((resolve) => held.push(() => resolve(send(message))))
    : send(message);
  window.held = () => held.length;
  window.release = async () => {
    while (!held.length) await new Promise((resolve) => setTimeout(resolve, 20));
    held.shift()();
  };
}"""


def test_days_and_patterns(browser: Browser) -> None:
    page = data_page(browser)
    now = time.time()
    entries = [
        {"url": f"https://a.example/{n}", "title": "x", "time": now - n * 86_400 - 60}
        for n in range(1, 31)
    ]
    choose(page, "".join(f"{json.dumps(entry)}\n" for entry in entries), "visits.jsonl")
    page.get_by_role("button", name="Import 30 visits").click()
    expect(page.locator("#job-said")).to_have_text("Imported 30 new visits.")
    page.locator("#delete-what").select_option("days")
    page.get_by_role("button", name="Count what this deletes").click()
    expect(page.locator("#delete-problem")).to_contain_text("at least one")
    begins = page.evaluate("() => new Date(Date.now() - 5 * 86400000).toLocaleDateString('sv')")
    page.locator("#delete-from").fill(begins)
    page.get_by_role("button", name="Count what this deletes").click()
    expect(page.locator("#delete-warning")).to_contain_text("visits")
    page.locator("#delete-what").select_option("pattern")
    expect(page.locator("#delete-sure")).to_be_hidden()
    page.locator("#delete-pattern").fill("a.example/1*")
    page.get_by_role("button", name="Count what this deletes").click()
    expect(page.locator("#delete-warning")).to_contain_text("This deletes 11 visits")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#delete-sure")).to_be_hidden()
    page.locator("#delete-pattern").fill("no pattern")
    page.get_by_role("button", name="Count what this deletes").click()
    expect(page.locator("#delete-problem")).to_contain_text("is no pattern")
    assert browser.console() == []


def test_old_visits_leave_the_device_after_a_word_on_how_many(browser: Browser) -> None:
    page = data_page(browser)
    now = time.time()
    entries = [
        {"url": f"https://a.example/{n}", "title": "x", "time": now - n * 30 * 86_400 - 60}
        for n in range(10)
    ]
    choose(page, "".join(f"{json.dumps(entry)}\n" for entry in entries), "visits.jsonl")
    page.get_by_role("button", name="Import 10 visits").click()
    expect(page.locator("#job-said")).to_have_text("Imported 10 new visits.")
    page.get_by_label("Keep visits on this device").select_option("6")
    page.get_by_label("Also drop visits that are on no server").check()
    page.locator("#keep-save").click()
    expect(page.locator("#keep-warning")).to_contain_text("3 visits are older than that")
    assert len(read_store(page, "visits")) == 10
    page.get_by_role("button", name="Drop 3 visits").click()
    expect(page.locator("#keep-said")).to_have_text("Saved.")
    Desk(browser).wait_until("async () => (await all('visits')).length === 7")


def test_everyone_can_use_the_page(browser: Browser, server: ServerProcess) -> None:
    browser.connect(server.url, str(server.token))
    page = data_page(browser)
    seed(page, 970)
    choose(page, takeout(20, broken=2))
    expect(page.get_by_role("button", name="Import 20 visits")).to_be_focused()
    page.get_by_label("Site").last.fill("site-5.example")
    page.keyboard.press("Enter")
    expect(page.locator("#delete-sure")).to_be_focused()
    page.get_by_label("Keep visits on this device").select_option("3")
    look(page, "data")
    page.get_by_role("button", name="Delete 10 visits").click()
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    for width in (320, 380, 800):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
    look(page, "data-deleted")


@pytest.mark.quiet
@pytest.mark.long
def test_a_hundred_thousand_visits(browser: Browser, report: Callable[[str], None]) -> None:
    page = data_page(browser)
    content = takeout(100_000)
    begun = time.monotonic()
    path = browser.profile / "History.json"
    path.write_bytes(content)
    page.locator("#file").set_input_files(path)
    go = page.get_by_role("button", name="Import 100,000 visits")
    expect(go).to_be_visible(timeout=120_000)
    looked_s = time.monotonic() - begun
    begun = time.monotonic()
    go.click()
    expect(page.locator("#job-said")).to_have_text("Imported 100,000 new visits.", timeout=300_000)
    report(
        f"100,000 visits of a Takeout file ({len(content) / 1e6:.0f} MB): "
        f"looked at in {looked_s:.1f} s, imported in {time.monotonic() - begun:.1f} s"
    )
    begun = time.monotonic()
    page.locator("#delete-what").select_option("all")
    page.get_by_role("button", name="Count what this deletes").click()
    delete = page.get_by_role("button", name="Delete 100,000 visits")
    expect(delete).to_be_visible(timeout=60_000)
    counted_s = time.monotonic() - begun
    begun = time.monotonic()
    delete.click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible(timeout=200_000)
    deleted_s = time.monotonic() - begun
    begun = time.monotonic()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#delete-said")).to_have_text("100,000 visits are back.", timeout=200_000)
    report(
        f"the same counted in {counted_s:.1f} s, deleted in {deleted_s:.1f} s, "
        f"put back in {time.monotonic() - begun:.1f} s"
    )
