"""What becomes of tabs, windows and pages of every kind."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import Error, Page

from e2e.recorder.stage import NAVIGATED_TO, TITLED, Stage
from harness.desk import Desk


def test_a_tab_keeps_its_visit_in_another_window(desk: Desk, tab: Page, stage: Stage) -> None:
    tab.goto(stage.at("/moves"))
    desk.wait_until(TITLED, stage.at("/moves"))
    window = desk.page.evaluate(_MOVE, stage.at("/moves"))
    stage.leave(tab, desk)
    [attached] = desk.events("attached")
    assert attached["windowId"] == window
    [visit] = desk.visits()
    assert visit["url"] == stage.at("/moves")


def test_a_page_opened_from_another_names_its_source(desk: Desk, tab: Page, stage: Stage) -> None:
    for number, (link, modifiers) in enumerate(_WAYS_TO_OPEN):
        opener = stage.put(f"/opener/{number}", f"<title>Opener</title>{link.format(number)}")
        tab.goto(opener)
        with tab.context.expect_page() as opened:
            tab.click("a", modifiers=modifiers)
        desk.wait_until(TITLED, stage.at(f"/opened/{number}"))
        opened.value.close()
    stage.leave(tab, desk)
    ids = {visit["url"]: visit["id"] for visit in desk.visits()}
    sources = {visit["url"]: visit["sourcePageVisitId"] for visit in desk.visits()}
    for number in range(len(_WAYS_TO_OPEN)):
        assert sources[stage.at(f"/opened/{number}")] == ids[stage.at(f"/opener/{number}")]
    assert len(ids) == 2 * len(_WAYS_TO_OPEN)


def test_a_tab_closed_while_it_loads(desk: Desk, tab: Page, stage: Stage) -> None:
    with suppress(Error):
        tab.evaluate("url => { location.href = url; window.close(); }", stage.at("/never"))
    tab.close()
    tab = desk.browser.context.new_page()
    stage.leave(tab, desk)
    assert stage.at("/never") not in desk.everything()


def test_what_shows_no_page_is_no_visit(desk: Desk, tab: Page, stage: Stage) -> None:
    stage.put("/file", "hello", Content_Disposition="attachment; filename=hello.txt")
    stage.put("/nothing", "", 204)
    tab.goto(stage.put("/start", "<title>Start</title><iframe src=/framed></iframe>"))
    tab.frames[1].goto(stage.at("/framed/again"))
    tab.evaluate("() => { location.href = '/nothing'; }")
    with tab.expect_download():
        tab.evaluate("() => { location.href = '/file'; }")
    tab.evaluate("() => { location.href = 'mailto:somebody@example.org'; }")
    tab.evaluate("() => { location.hash = 'part'; }")
    stage.leave(tab, desk)
    left = desk.events("navigated")[-1]
    [visit] = desk.visits()
    assert (visit["url"], visit["title"]) == (stage.at("/start"), "Start")
    assert visit["endedAt"] == left["at"]


@pytest.mark.parametrize("broken", ["http://no-such-host.invalid/", "REFUSED", "EMPTY"])
def test_an_error_page_ends_the_visit_before_it(
    desk: Desk, tab: Page, stage: Stage, broken: str
) -> None:
    empty = stage.put("/dead", "", 500)
    tab.goto(stage.at("/alive"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and listens to nobody
        refused = f"http://127.0.0.1:{taken.getsockname()[1]}/dead"
        url = broken.replace("REFUSED", refused).replace("EMPTY", empty)
        with pytest.raises(Error):
            tab.goto(url)
    desk.wait_until(NAVIGATED_TO, None)
    desk.wait_until(TITLED, url)
    ended = desk.events("navigated")[-1]
    assert ended["url"] is None
    stage.leave(tab, desk)
    [visit] = desk.visits()
    assert (visit["url"], visit["endedAt"]) == (stage.at("/alive"), ended["at"])


def test_a_page_that_breaks_off_is_a_visit(desk: Desk, tab: Page, stage: Stage) -> None:
    url = stage.put("/half", "<title>Half</title>", Content_Length="1000")
    desk.page.evaluate(_NOTE_ERRORS)
    tab.goto(url, wait_until="commit")
    desk.wait_until("() => errors.includes('net::ERR_CONTENT_LENGTH_MISMATCH')")
    stage.leave(tab, desk)
    half, left = desk.events("navigated")[-2:]
    assert (half["url"], left["url"]) == (url, tab.url)
    assert [(v["url"], v["endedAt"]) for v in desk.visits()] == [(url, left["at"])]


def test_a_page_that_breaks_off_late_goes_on(desk: Desk, tab: Page, stage: Stage) -> None:
    """By then there is another worker than the one that has seen it come."""
    url = stage.put("/stream", "<title>Stream</title>", Content_Length="1000", X_Held="1")
    tab.goto(url, wait_until="commit")
    desk.wait_until(NAVIGATED_TO, url)
    desk.kill_worker()
    desk.page.evaluate(_NOTE_ERRORS)
    stage.gate.set()
    desk.wait_until("() => errors.includes('net::ERR_CONTENT_LENGTH_MISMATCH')")
    stage.leave(tab, desk)
    stream, left = desk.events("navigated")[-2:]
    assert (stream["url"], left["url"]) == (url, tab.url)
    assert [(v["url"], v["endedAt"]) for v in desk.visits()] == [(url, left["at"])]


def test_a_page_that_is_not_there_is_a_visit(desk: Desk, tab: Page, stage: Stage) -> None:
    tab.goto(stage.put("/gone", "<title>Not found</title>", 404))
    stage.leave(tab, desk)
    assert desk.urls() == [stage.at("/gone")]


def test_a_meta_refresh_is_a_hop(desk: Desk, tab: Page, stage: Stage) -> None:
    tab.goto(stage.put("/hop", "<meta http-equiv=refresh content='0;url=/goal'>"))
    tab.wait_for_url("**/goal")
    stage.leave(tab, desk)
    assert desk.urls() == [stage.at("/goal")]


def test_back_and_forward(desk: Desk, tab: Page, stage: Stage) -> None:
    one, two = stage.at("/one"), stage.at("/two")
    steps: list[tuple[str, Callable[[], object]]] = [
        (one, lambda: tab.goto(one)),
        (two, lambda: tab.goto(two)),
        (one, tab.go_back),
        (two, tab.go_forward),
    ]
    for url, step in steps:
        step()
        desk.wait_until(_LAST_TITLED, url)
    stage.leave(tab, desk)
    visits = desk.visits()
    assert [visit["url"] for visit in visits] == [one, two, one, two]
    assert [visit["title"] for visit in visits] == ["/one", "/two", "/one", "/two"]
    assert [visit["transition"] for visit in visits[2:]] == ["forward_back"] * 2


def test_a_storm_of_addresses_and_titles(desk: Desk, tab: Page, stage: Stage) -> None:
    tab.goto(stage.at("/storm"))
    tab.evaluate(_STORM)
    desk.wait_until(_TITLE_IS, "Title 199")
    stage.leave(tab, desk)
    history = [event["url"] for event in desk.events("history")]
    assert history == [stage.at(f"/storm/{number}") for number in range(len(history))]
    assert len(history) >= 190  # Chromium lets a page do 200 in ten seconds
    urls = desk.urls()
    assert urls[0] == stage.at("/storm")
    assert urls[1:] == history
    assert desk.visits()[-1]["title"] == "Title 199"


def test_addresses_of_every_kind(desk: Desk, tab: Page, stage: Stage) -> None:
    port = stage.host.rpartition(":")[2]
    tab.goto(f"http://bücher.localhost:{port}/straße?größe=ß#oben")
    tab.goto(stage.at("/long?" + "q" * 3000))
    tab.goto(stage.at("/" + "p" * 3000))
    stage.leave(tab, desk)
    assert desk.urls() == [
        f"http://xn--bcher-kva.localhost:{port}/stra%C3%9Fe?gr%C3%B6%C3%9Fe=%C3%9F#oben",
        stage.at("/long"),
    ]


_WAYS_TO_OPEN: list[tuple[str, list[Any]]] = [
    ("<a href=/opened/{} target=_blank>x</a>", []),
    ("<a href=/opened/{} target=_blank rel='noopener noreferrer'>x</a>", []),
    ("<a href=/opened/{}>x</a>", ["Control"]),
    ("<a href=/opened/{}>x</a>", ["Shift"]),
    ("<a href='#' onclick='window.open(\"/opened/{}\")'>x</a>", []),
    ('<a href=\'#\' onclick=\'window.open("/opened/{}", "", "popup")\'>x</a>', []),
]

_MOVE = """async (url) => {
  const tab = (await chrome.tabs.query({})).find((each) => each.url === url);
  const window = await chrome.windows.create({ url: "about:blank" });
  await chrome.tabs.move(tab.id, { windowId: window.id, index: -1 });
  return window.id;
}"""

_NOTE_ERRORS = """() => {
  globalThis.errors = [];
  chrome.webNavigation.onErrorOccurred.addListener(({ error }) => errors.push(error));
}"""

_STORM = """async () => {
  for (let number = 0; number < 200; number += 1) {
    history.pushState(null, "", `/storm/${number}`);
    if (number % 10 === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  for (let number = 0; number < 200; number += 1) {
    document.title = `Title ${number}`;
    await new Promise((resolve) => setTimeout(resolve));
  }
}"""

_LAST_TITLED = """async (url) =>
  (await all("events")).findLast((event) => event.kind === "titled")?.url === url"""

_TITLE_IS = """async (title) => (await all("events")).some((event) => event.title === title)"""
