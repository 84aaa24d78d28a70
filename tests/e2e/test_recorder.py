"""What the service worker writes down in a real Chromium, and what it leaves out."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Error, Page, expect

from harness.browser import EXTENSION, Browser
from harness.desk import Desk


class Stage:
    """A web server: what is not on it by name is a page whose title is its path."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, dict[str, str], str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.stage = self  # type: ignore[attr-defined]
        self._marks = 0
        self.host = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def put(self, path: str, body: str, status: int = 200, **headers: str) -> str:
        """Put an answer on it; returns its address."""
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = (status, fields, body)
        return self.at(path)

    def at(self, path: str) -> str:
        return f"http://{self.host}{path}"

    def leave(self, tab: Page, desk: Desk) -> None:
        """Go on to a fresh page, and wait until everything so far has been recorded."""
        self._marks += 1
        url = self.at(f"/left/{self._marks}")
        tab.goto(url)
        desk.wait_until(_TITLED, url)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        stage: Stage = self.server.stage  # type: ignore[attr-defined]
        page = f"<!doctype html><title>{path}</title><p>A page."
        status, headers, body = stage.answers.get(path, (200, {}, page))
        data = body.encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Length": str(len(data)),
            **headers,
        }.items():
            if status != 204 or name != "Content-Length":
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
        if "Content-Length" in headers:  # more was announced: the answer breaks off
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


_TITLED = """async (url) =>
  (await all("events")).some((event) => event.kind === "titled" && event.url === url)"""
_LAST_TITLED = """async (url) =>
  (await all("events")).findLast((event) => event.kind === "titled")?.url === url"""
_TITLE_IS = """async (title) => (await all("events")).some((event) => event.title === title)"""


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.close()


@pytest.fixture
def desk(browser: Browser) -> Iterator[Desk]:
    """Whatever a test does, no context of the extension may have written to its console."""
    yield Desk(browser)
    assert browser.console() == []


@pytest.fixture
def tab(browser: Browser, desk: Desk) -> Page:
    return browser.context.new_page()


def kinds_of(events: list[dict[str, Any]]) -> list[str]:
    return [event["kind"] for event in events]


# ---- what is written down


def test_events_come_in_order_with_their_fields(desk: Desk, tab: Page, stage: Stage) -> None:
    app = stage.put("/app", "<title>App</title>")
    desk.wait_until("async () => (await all('events')).some((e) => e.kind === 'created')")
    seen = len(desk.events())
    began = time.time() * 1000
    tab.goto(app)
    tab.evaluate("() => history.pushState(null, '', '/app/in')")
    tab.evaluate("() => { document.title = 'In'; }")
    desk.page.bring_to_front()
    tab.close()
    desk.wait_until("async () => (await all('events')).some((e) => e.kind === 'removed')")
    events = [e for e in desk.events()[seen:] if e["kind"] != "focused"]
    times = [event["at"] for event in events]
    assert times == sorted(times)
    assert began - 1 <= times[0]
    assert times[-1] <= time.time() * 1000 + 1
    [navigated] = [e for e in events if e["kind"] == "navigated"]
    [history] = [e for e in events if e["kind"] == "history"]
    assert (navigated["url"], navigated["transition"]) == (app, "typed")
    assert navigated["qualifiers"] == []
    assert (history["url"], history["transition"]) == (f"{app}/in", "link")
    assert [e["title"] for e in events if e["kind"] == "titled"][-1] == "In"
    order = [k for k in kinds_of(events) if k != "titled"]
    assert order == ["navigated", "history", "activated", "removed"]
    assert {e["tabId"] for e in events if e["kind"] != "activated"} == {navigated["tabId"]}


def test_recording_starts_no_python(desk: Desk, tab: Page, stage: Stage) -> None:
    for number in range(5):
        tab.goto(stage.at(f"/quiet/{number}"))
    stage.leave(tab, desk)
    assert desk.engines() == 0
    contexts = desk.page.evaluate("() => chrome.runtime.getContexts({})")
    assert sorted(context["contextType"] for context in contexts) == ["BACKGROUND", "TAB"]


def test_nothing_is_lost_when_the_worker_dies(desk: Desk, tab: Page, stage: Stage) -> None:
    made = [stage.at(f"/mortal/{number}") for number in range(5)]
    for url in made:
        tab.goto(url)
        desk.wait_until(_TITLED, url)
        desk.kill_worker()
    tab.close()
    desk.wait_until("async () => (await all('events')).at(-1).kind === 'activated'")
    assert desk.urls() == made
    assert len(desk.events("session")) == 0
    assert [v["title"] for v in desk.visits()] == [f"/mortal/{number}" for number in range(5)]


def test_tabs_open_at_the_installation_are_recorded(
    browser: Browser, desk: Desk, stage: Stage
) -> None:
    """Reloading the extension stands for installing it: to it, both begin with the tabs there."""
    tab = browser.context.new_page()
    tab.goto(stage.at("/before"))
    desk.page.evaluate(_FORGET)
    desk = reload_extension(browser, desk)
    assert [e["why"] for e in desk.events("session")] == ["update"]
    stage.leave(tab, desk)
    assert desk.urls() == [stage.at("/before")]


def test_reloading_the_extension_loses_and_doubles_nothing(
    browser: Browser, desk: Desk, stage: Stage
) -> None:
    stays, goes = browser.context.new_page(), browser.context.new_page()
    stays.goto(stage.at("/stays"))
    goes.goto(stage.at("/goes"))
    desk.wait_until(_TITLED, stage.at("/goes"))
    desk = reload_extension(browser, desk, lambda: goes.goto(stage.at("/came")))
    goes.close()
    stage.leave(stays, desk)
    assert sorted(desk.urls()) == [stage.at(path) for path in ("/came", "/goes", "/stays")]


def test_pages_opened_while_the_recorder_looks_around_are_recorded_once(
    browser: Browser, desk: Desk, tab: Page, stage: Stage
) -> None:
    """The picture that it takes shows them already; that they were opened, it is told later."""
    desk.change(paused=True)
    tab.goto(stage.at("/before"))
    [recorder] = browser.context.service_workers
    recorder.evaluate(_HOLD_LOOK)
    desk.page.evaluate(_RESUME)
    desk.wait_until("async () => !(await chrome.storage.session.get()).paused")
    tab.goto(stage.at("/passed"))
    tab.goto(stage.at("/came"))
    recorder.evaluate("() => self.look()")
    desk.wait_until(_TITLED, stage.at("/came"))
    session, *navigated = desk.events("session", "navigated")
    assert [one["at"] <= session["picturedAt"] for one in navigated] == [True, True]
    stage.leave(tab, desk)
    assert desk.urls() == [stage.at("/passed"), stage.at("/came")]


def test_visits_open_at_a_kill_end_at_the_last_sign_of_life(
    launch: Callable[..., Browser], stage: Stage
) -> None:
    browser = launch()
    desk, tab = Desk(browser), browser.context.new_page()
    tab.goto(stage.at("/first"))
    tab.goto(stage.at("/last"))
    desk.wait_until(_TITLED, stage.at("/last"))
    last_event = desk.events()[-1]["at"]
    killed = time.time() * 1000
    browser.kill()
    again = Desk(launch())
    first, last = again.visits()
    assert [first["url"], last["url"]] == [stage.at("/first"), stage.at("/last")]
    assert first["endedAt"] == last["startedAt"]
    assert last_event <= last["endedAt"] <= killed
    assert again.browser.console() == []


def test_alarms(launch: Callable[..., Browser]) -> None:
    periods = "async () => (await chrome.alarms.getAll()).map((a) => [a.name, a.periodInMinutes])"
    browser = launch()
    desk = Desk(browser)
    assert desk.page.evaluate(periods) == [["heartbeat", 1], ["sync", 5]]
    desk.change(periodMinutes=17)
    assert desk.page.evaluate(periods) == [["heartbeat", 1], ["sync", 17]]
    browser.kill()
    desk = Desk(launch())
    assert desk.page.evaluate(periods) == [["heartbeat", 1], ["sync", 17]]


def test_a_broken_stream_begins_anew(desk: Desk, tab: Page, stage: Stage) -> None:
    """Without its mark the session has ended: the next event starts with the whole picture."""
    tab.goto(stage.at("/known"))
    desk.wait_until(_TITLED, stage.at("/known"))
    desk.page.evaluate("() => chrome.alarms.clearAll()")
    desk.page.evaluate("() => chrome.storage.session.clear()")
    desk.kill_worker()
    stage.leave(tab, desk)
    assert [e["why"] for e in desk.events("session")] == ["install", "startup"]
    alarms = desk.page.evaluate("async () => (await chrome.alarms.getAll()).map((a) => a.name)")
    assert sorted(alarms) == ["heartbeat", "startup", "sync"]
    assert desk.urls() == [stage.at("/known")]


def test_the_heartbeat_is_a_sign_of_life(desk: Desk) -> None:
    desk.page.evaluate("() => chrome.alarms.create('heartbeat', { when: Date.now() + 20 })")
    desk.wait_until("async () => (await all('events')).some((e) => e.kind === 'heartbeat')")
    assert desk.engines() == 0


# ---- what must leave no trace


def test_pages_outside_the_web_leave_no_trace(
    desk: Desk, tab: Page, stage: Stage, tmp_path: Path
) -> None:
    file = tmp_path / "secret.html"
    file.write_text("<title>secret</title>")
    tab.goto(stage.at("/around"))
    tab.goto("chrome://version")
    tab.goto("about:blank#secret")
    tab.goto("data:text/html,<title>secret</title>")
    tab.goto(file.as_uri())
    tab.goto(desk.page.url.replace("database.js", "options.html#secret"))
    stage.leave(tab, desk)
    assert desk.urls() == [stage.at("/around")]
    kept = desk.everything()
    for trace in ("secret", "chrome:", "about:", "data:text", "file:", "chrome-extension:"):
        assert trace not in kept


def test_an_excluded_page_leaves_no_trace(desk: Desk, tab: Page, stage: Stage) -> None:
    desk.change(excluded=[f"{stage.host}/private"])
    stage.put(
        "/private/a",
        "<title>secret</title><link rel=icon href=/private/icon.png>"
        "<a href=/open id=link>x</a><a href=/private/b target=_blank id=new>y</a>",
    )
    stage.put("/private/b", "<script>onhashchange = () => { document.title = 'secret' }</script>")
    tab.goto(stage.at("/private/a"))
    tab.evaluate("() => history.pushState(null, '', '/private/pushed')")
    expect(tab).to_have_title("secret")
    desk.change(paused=True)
    desk.change(paused=False)  # which takes a picture of all tabs
    with tab.context.expect_page() as opened:
        tab.click("#new")
    other = opened.value
    other.evaluate("() => { location.hash = 'secret'; }")
    expect(other).to_have_title("secret")
    other.close()
    tab.click("#link")
    tab.wait_for_url("**/open")
    stage.leave(tab, desk)
    kept = desk.everything()
    assert "secret" not in kept
    assert stage.at("/private") not in kept
    [visit] = desk.visits()
    assert (visit["url"], visit["title"]) == (stage.at("/open"), "/open")
    assert visit["sourcePageVisitId"] is None
    assert "secret" not in desk.everything()


def test_a_title_is_never_given_to_the_next_page(desk: Desk, tab: Page, stage: Stage) -> None:
    """A page that changes its title up to its last moment, on the way to one that has none."""
    desk.change(excluded=[f"{stage.host}/busy"])
    stage.put("/busy", _BUSY)
    stage.put("/bare/", "<p>No title.")
    for number in range(5):
        tab.goto(stage.at(f"/busy?{number}"))
        tab.wait_for_url("**/bare/**")
    stage.leave(tab, desk)
    assert "secret" not in desk.everything()
    assert {visit["title"] for visit in desk.visits()} == {""}


def test_redirects_between_excluded_and_allowed(desk: Desk, tab: Page, stage: Stage) -> None:
    desk.change(excluded=[f"{stage.host}/private"])
    stage.put("/out", "", 302, Location="/private/in")
    stage.put("/private/out", "", 302, Location="/shown")
    stage.put("/private/meta", "<meta http-equiv=refresh content='0;url=/shown'>")
    stage.put("/meta", "<meta http-equiv=refresh content='0;url=/private/in'>")
    tab.goto(stage.at("/out"))
    tab.goto(stage.at("/private/out"))
    tab.goto(stage.at("/private/meta"))
    tab.wait_for_url("**/shown")
    tab.goto(stage.at("/meta"))
    tab.wait_for_url("**/private/in")
    stage.leave(tab, desk)
    assert desk.urls() == [stage.at("/shown"), stage.at("/shown"), stage.at("/meta")]
    assert stage.at("/private") not in desk.everything()


def test_an_exclusion_takes_back_the_page_that_is_open(desk: Desk, tab: Page, stage: Stage) -> None:
    tab.goto(stage.at("/regret"))
    desk.wait_until(_TITLED, stage.at("/regret"))
    desk.ask("status")
    assert stage.at("/regret") in desk.everything()
    desk.change(excluded=[f"{stage.host}/regret"])
    tab.evaluate("() => { document.title = 'secret'; }")
    stage.leave(tab, desk)
    assert desk.urls() == []
    kept = desk.everything()
    assert stage.at("/regret") not in kept
    assert "secret" not in kept


def test_credentials_are_never_stored(desk: Desk, tab: Page, stage: Stage) -> None:
    named = f"http://ada:secret-7261@{stage.host}"
    tab.goto(f"{named}/auth")
    desk.wait_until(_TITLED, stage.at("/auth"))
    desk.change(paused=True)
    desk.change(paused=False)
    tab.evaluate("() => history.pushState(null, '', '/auth/more')")
    desk.wait_until(_NAVIGATED_TO, stage.at("/auth/more"))
    kept = desk.everything()
    assert "secret-7261" not in kept
    assert "ada" not in kept
    stage.leave(tab, desk)
    assert set(desk.urls()) == {stage.at("/auth"), stage.at("/auth/more")}
    assert "secret-7261" not in desk.everything()


def test_incognito_windows_leave_no_trace(browser: Browser, desk: Desk, stage: Stage) -> None:
    manifest = json.loads((EXTENSION / "manifest.json").read_text())
    assert manifest["incognito"] == "not_allowed"
    assert browser.context.browser is not None
    session = browser.context.browser.new_browser_cdp_session()
    context = session.send("Target.createBrowserContext")["browserContextId"]
    target = {"url": stage.at("/incognito"), "browserContextId": context}
    before = len(browser.context.pages)
    session.send("Target.createTarget", target)
    tab = browser.context.new_page()
    stage.leave(tab, desk)
    hidden = next(page for page in browser.context.pages[before:] if "incognito" in page.url)
    expect(hidden).to_have_title("/incognito")
    stage.leave(tab, desk)
    assert "incognito" not in desk.everything()
    assert desk.page.evaluate("() => chrome.extension.isAllowedIncognitoAccess()") is False


def test_pause_and_resume(desk: Desk, tab: Page, stage: Stage) -> None:
    tab.goto(stage.at("/open"))
    desk.wait_until(_TITLED, stage.at("/open"))
    before = time.time() * 1000
    desk.change(paused=True)
    [paused] = desk.events("paused")
    assert desk.urls() == [stage.at("/open")]
    assert desk.visits()[0]["endedAt"] == paused["at"] >= before
    tab.goto(stage.at("/unseen"))
    tab.goto(stage.at("/there"))
    desk.page.evaluate("() => chrome.alarms.create('heartbeat', { when: Date.now() + 20 })")
    desk.kill_worker()
    tab.evaluate("() => { document.title = 'There'; }")
    assert desk.events() == []
    desk.change(paused=False)
    assert kinds_of(desk.events())[0] == "session"
    resumed = desk.events()[0]
    assert resumed["why"] == "resume"
    stage.leave(tab, desk)
    assert desk.urls() == [stage.at("/open"), stage.at("/there")]
    there = desk.visits()[-1]
    assert (there["startedAt"], there["title"]) == (resumed["at"], "There")


# ---- tabs and windows


def test_a_tab_keeps_its_visit_in_another_window(desk: Desk, tab: Page, stage: Stage) -> None:
    tab.goto(stage.at("/moves"))
    desk.wait_until(_TITLED, stage.at("/moves"))
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
        desk.wait_until(_TITLED, stage.at(f"/opened/{number}"))
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


# ---- what is a visit


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
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        refused = f"http://127.0.0.1:{free.getsockname()[1]}/dead"
    empty = stage.put("/dead", "", 500)
    url = broken.replace("REFUSED", refused).replace("EMPTY", empty)
    tab.goto(stage.at("/alive"))
    with pytest.raises(Error):
        tab.goto(url)
    desk.wait_until(_NAVIGATED_TO, None)
    desk.wait_until(_TITLED, url)
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


def reload_extension(browser: Browser, desk: Desk, meanwhile: Callable[[], object] = list) -> Desk:
    """Reload the extension as an update does; returns a new desk, once it has begun."""
    allow_unpacked(browser.context)
    with (
        browser.context.expect_event("serviceworker"),
        desk.page.expect_event("close"),
        suppress(Error),
    ):
        desk.page.evaluate("() => chrome.runtime.reload()")
    meanwhile()
    return Desk(browser)


def allow_unpacked(context: BrowserContext) -> None:
    """Without the developer mode Chromium does not start a reloaded unpacked extension again."""
    page = context.new_page()
    page.goto("chrome://extensions")
    page.evaluate(
        "() => chrome.developerPrivate.updateProfileConfiguration({ inDeveloperMode: true })"
    )
    page.close()


_WAYS_TO_OPEN: list[tuple[str, list[Any]]] = [
    ("<a href=/opened/{} target=_blank>x</a>", []),
    ("<a href=/opened/{} target=_blank rel='noopener noreferrer'>x</a>", []),
    ("<a href=/opened/{}>x</a>", ["Control"]),
    ("<a href=/opened/{}>x</a>", ["Shift"]),
    ("<a href='#' onclick='window.open(\"/opened/{}\")'>x</a>", []),
    ('<a href=\'#\' onclick=\'window.open("/opened/{}", "", "popup")\'>x</a>', []),
]
_HOLD_LOOK = """() => {
  const { query } = chrome.tabs;
  const held = new Promise((resolve) => { self.look = resolve; });
  chrome.tabs.query = async (...args) => {
    await held;
    return query(...args);
  };
}"""
_RESUME = """() => {
  const request = { kind: "settings", settings: { paused: false } };
  chrome.runtime.sendMessage({ target: "background", kind: "engine", request });
}"""
_NAVIGATED_TO = """async (url) => (await all("events")).some(
  (event) => ["navigated", "history"].includes(event.kind) && event.url === url)"""
_FORGET = """async () => {
  const database = await openDatabase();
  const transaction = database.transaction(["events", "state"], "readwrite");
  transaction.objectStore("events").clear();
  transaction.objectStore("state").clear();
  await new Promise((resolve) => { transaction.oncomplete = resolve; });
  database.close();
}"""
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
_BUSY = """<title>secret</title><script>
  let number = 0;
  const go = () => {
    document.title = `secret ${number += 1}`;
    if (number < 30) setTimeout(go);
    else location.href = "/bare/" + location.search;
  };
  onpagehide = () => { document.title = "secret to the end"; };
  go();
</script>"""
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
