"""The settings, as a person understands them: a connection, what is kept out, and pauses."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from playwright.sync_api import Page, expect

from harness.asking import Asking, Fetches
from harness.browser import Browser, read_state
from harness.desk import Desk
from harness.server import ServerProcess
from harness.site import Site

HOUR_MS = 3_600_000
BANK = "www.sparkasse-beispielstadt.de"


def opened(browser: Browser) -> Page:
    page = browser.open("options.html")
    expect(page.get_by_role("button", name="Save")).to_be_enabled()
    return page


class _Stranger(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.server.status == 200 else 302)  # type: ignore[attr-defined]
        if self.server.open:  # type: ignore[attr-defined]
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Access-Control-Allow-Headers", "*")
        if self.server.status != 200:  # type: ignore[attr-defined]
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>A cake shop</title>")

    do_HEAD = do_GET  # noqa: N815 (the name that http.server wants)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def stranger(*, open_to_all: bool = False, status: int = 200) -> Iterator[str]:
    """Somebody else's web server; gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Stranger)
    server.open, server.status = open_to_all, status  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_the_connection_is_tested_before_it_is_saved(
    browser: Browser, server: ServerProcess
) -> None:
    page = opened(browser)
    address, token = page.get_by_label("Server address"), page.get_by_label("Token", exact=True)
    check = page.get_by_role("button", name="Test the connection")
    verdict = page.locator("#verdict")
    check.click()
    expect(verdict).to_contain_text("Enter your server's address first.")
    address.fill("http://history.example")
    check.click()
    expect(verdict).to_contain_text("use https://")
    address.fill(server.url)
    check.click()
    expect(verdict).to_contain_text("It is Heyho 0.1.0.")
    expect(verdict).to_contain_text("not signed in yet")
    expect(verdict).to_have_attribute("data-tone", "trouble")
    token.fill("wrong-token")
    check.click()
    expect(verdict).to_contain_text("does not know this token")
    expect(verdict).to_have_attribute("data-tone", "fault")
    token.fill(str(server.token))
    check.focus()
    page.keyboard.press("Enter")
    expect(verdict).to_contain_text("signed in as the server's owner")
    expect(verdict).to_contain_text("up to 1,000 visits or 10 MB at once")
    expect(verdict).to_have_attribute("data-tone", "calm")
    assert read_state(page, "settings") is None
    address.fill(server.url.replace("http://", "https://"))
    check.click()
    expect(verdict).to_contain_text("speaks http://, not https://")
    address.fill("http://127.0.0.1:9")
    check.click()
    expect(verdict).to_contain_text("Nobody answers at 127.0.0.1:9.")
    assert browser.console() == []


def test_strangers_are_told_apart(browser: Browser) -> None:
    page = opened(browser)
    verdict = page.locator("#verdict")
    for options, says in [
        ({}, "not to Heyho"),
        ({"open_to_all": True}, "it is no Heyho server"),
        ({"open_to_all": True, "status": 302}, "another address"),
    ]:
        with stranger(**options) as url:  # type: ignore[arg-type]
            page.get_by_label("Server address").fill(url)
            page.get_by_role("button", name="Test the connection").click()
            expect(verdict).to_contain_text(says)


def test_what_does_not_matter_is_said(browser: Browser) -> None:
    page = opened(browser)
    expect(page.locator("#workers-unused")).to_contain_text("Not used")
    expect(page.locator("#concurrency-unused")).to_have_text("")
    page.get_by_label("Strategy").select_option("sequential")
    expect(page.locator("#concurrency-unused")).to_contain_text("one batch goes after the other")
    page.get_by_label("Strategy").select_option("parallel")
    expect(page.locator("#workers-unused")).to_have_text("")


@pytest.fixture
def named(launch: Callable[..., Browser], site: Site) -> Browser:
    """A browser in which a bank's host, and every other, leads to the site."""
    port = site.origins[0].rpartition(":")[2]
    return launch(args=[f"--host-resolver-rules=MAP *.de 127.0.0.1:{port}"])


def test_a_bank_is_kept_out_of_every_store_until_its_switch_is_off(named: Browser) -> None:
    desk = Desk(named)
    tab = named.context.new_page()
    tab.goto(f"http://{BANK}/private/account")
    expect(tab).to_have_title("Account number 4711")
    tab.goto("http://garten.de/article")
    expect(tab).to_have_title("On keeping a diary")
    tab.goto(f"http://{BANK}/private/account")
    tab.goto("http://garten.de/second")
    assert desk.urls() == ["http://garten.de/article"]
    kept = desk.everything()
    assert "sparkasse-beispielstadt" not in kept
    assert "Account number" not in kept
    page = opened(named)
    switch = page.get_by_role("switch", name="Banks and payments")
    expect(switch).to_be_checked()
    switch.focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("status")).to_have_text("“Banks and payments” is recorded from now on.")
    expect(switch).not_to_be_checked()
    assert read_state(page, "settings")["presets"] == ["health", "intimate", "official", "accounts"]
    tab.goto(f"http://{BANK}/private/account")
    tab.goto("http://garten.de/article")
    assert f"http://{BANK}/private/account" in desk.urls()
    page.reload()
    expect(page.get_by_role("switch", name="Banks and payments")).not_to_be_checked()
    expect(page.get_by_role("switch", name="Health")).to_be_checked()
    assert named.console() == []


def test_a_page_of_a_preset_is_recorded_anyway(named: Browser) -> None:
    desk = Desk(named)
    page = opened(named)
    page.get_by_text("What is in it: 239 patterns").click()
    expect(page.get_by_text("*sparkasse*")).to_be_visible()
    page.get_by_label("Recorded anyway").fill(BANK)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    tab = named.context.new_page()
    for host in (BANK, "www.sparkasse-anderswo.de"):
        tab.goto(f"http://{host}/article")
    tab.close()
    assert desk.urls() == [f"http://{BANK}/article"]


def visited(browser: Browser, site: Site) -> Desk:
    """A desk of a browser in which three pages were visited, two of them of the shop."""
    desk = Desk(browser)
    tab = browser.context.new_page()
    for path in ("/article", "/shop", "/shop/chair"):
        tab.goto(f"{site.origins[0]}{path}")
    tab.close()
    assert len(desk.visits()) == 3
    return desk


def test_exclusions_are_applied_backwards_and_taken_back(browser: Browser, site: Site) -> None:
    desk = visited(browser, site)
    page = opened(browser)
    matching = page.locator("#matching")
    page.get_by_role("button", name="Find those that match").click()
    expect(matching).to_have_text("No visit that is recorded matches.")
    page.get_by_label("Excluded pages").fill("127.0.0.1/shop")
    page.get_by_role("button", name="Find those that match").focus()
    page.keyboard.press("Enter")
    expect(matching).to_contain_text("2 visits already recorded match, of ")
    expect(page.get_by_role("button", name="Keep them")).to_be_focused()
    assert len(desk.visits()) == 3
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(matching).to_contain_text("2 visits are deleted.")
    assert desk.urls() == [f"{site.origins[0]}/article"]
    page.get_by_role("button", name="Take it back").click()
    expect(matching).to_have_text("2 visits are back.")
    assert len(desk.visits()) == 3
    assert browser.console() == []


def test_whoever_deletes_backwards_hears_that_an_undo_ends(browser: Browser, site: Site) -> None:
    desk = visited(browser, site)
    desk.ask("delete", query={"patterns": ["127.0.0.1/article"]})
    page = opened(browser)
    page.get_by_label("Excluded pages").fill("127.0.0.1/shop")
    page.get_by_role("button", name="Find those that match").click()
    expect(page.locator("#matching")).to_contain_text(
        "What you deleted before can then no longer be undone."
    )


def test_whoever_has_deleted_backwards_can_go_on(browser: Browser, site: Site) -> None:
    desk = visited(browser, site)
    page = opened(browser)
    matching, excluded = page.locator("#matching"), page.get_by_label("Excluded pages")
    find, undo = page.locator("#find"), page.locator("#undo")
    excluded.fill("127.0.0.1/shop")
    find.click()
    page.locator("#delete").click()
    expect(undo).to_be_focused()
    excluded.fill("127.0.0.1/article")
    find.click()
    expect(matching).to_contain_text("One visit already recorded matches")
    expect(matching).to_contain_text("What you deleted before can then no longer be undone.")
    page.locator("#keep").click()
    undo.click()
    expect(matching).to_have_text("2 visits are back.")
    expect(undo).to_be_hidden()
    assert len(desk.visits()) == 3


def test_what_was_counted_is_deleted_once_and_back_once(browser: Browser, site: Site) -> None:
    desk = visited(browser, site)
    page = opened(browser)
    matching, excluded = page.locator("#matching"), page.get_by_label("Excluded pages")
    asking = Asking(page)

    def press_again(*buttons: str) -> None:
        """Press them while the reply to a request is awaited: nothing more is asked for."""
        [request] = asking.held
        for button in buttons:
            expect(page.locator(button)).to_be_disabled()
            page.locator(button).dispatch_event("click")
        assert asking.held == [request]
        asking.let_go()

    excluded.fill("127.0.0.1/shop")
    page.locator("#find").click()
    excluded.fill("127.0.0.1")
    press_again("#find")
    expect(matching).to_contain_text("2 visits already recorded match, of ")
    page.locator("#delete").click()
    assert asking.held[0]["query"]["patterns"] == ["127.0.0.1/shop"]
    press_again("#delete", "#keep")
    expect(matching).to_contain_text("2 visits are deleted.")
    page.locator("#undo").click()
    press_again("#undo")
    expect(matching).to_have_text("2 visits are back.")
    expect(page.locator("#find")).to_be_enabled()
    assert len(desk.visits()) == 3


def test_a_pause_for_an_hour_ends_by_itself(browser: Browser, site: Site) -> None:
    """What the hour's end is to the recorder: the time in the settings, moved to the past."""
    desk = Desk(browser)
    tab = browser.context.new_page()
    tab.goto(f"{site.origins[0]}/article")
    page = opened(browser)
    page.get_by_role("button", name="Pause for an hour").click()
    expect(page.locator("#recording")).to_contain_text("Paused until")
    expect(page.get_by_role("button", name="Record again")).to_be_focused()
    settings = desk.state("settings")
    alarm = page.evaluate("() => chrome.alarms.get('resume')")
    assert abs(alarm["scheduledTime"] - settings["pausedUntil"]) < 60_000
    assert abs(settings["pausedUntil"] - page.evaluate("() => Date.now()") - HOUR_MS) < 60_000
    tab.goto(f"{site.origins[0]}/second")
    tab.goto("about:blank")
    assert desk.ask("status")["ok"]
    page.evaluate(_PASS_THE_HOUR)
    tab.goto(f"{site.origins[0]}/shop")
    tab.goto(f"{site.origins[0]}/shop/chair")
    tab.goto(f"{site.origins[0]}/landed")
    assert desk.ask("resume") == {"ok": True, "resumed": True}
    assert desk.ask("resume") == {"ok": True, "resumed": False}
    tab.close()
    urls = [url.removeprefix(site.origins[0]) for url in desk.urls()]
    assert urls == ["/article", "/shop", "/shop/chair", "/landed"]
    expect(page.locator("#recording")).to_have_text("Heyho records the pages you visit.")
    assert not desk.state("settings")["paused"]
    assert browser.console() == []


def test_a_double_click_is_no_order_to_the_button_that_comes_after(browser: Browser) -> None:
    page = opened(browser)
    asking = Asking(page)
    page.get_by_label("Excluded pages").fill("bank.example")
    for first, second, reply in (
        ("#pause-hour", "#resume", {"ok": True, "settings": {"paused": True}}),
        ("#find", "#keep", {"ok": True, "visits": 2, "firstAt": 0, "lastAt": 0, "endsUndo": False}),
        ("#delete", "#undo", {"ok": True, "visits": 2, "at": 7}),
        ("#undo", "#find", {"ok": True, "visits": 2}),
    ):
        page.locator(first).click()
        asking.answer(reply)
        expect(page.locator(second)).to_be_visible()
        page.locator(second).dispatch_event("click", {"detail": 2})
        expect(page.locator(second)).to_be_visible()
        assert asking.held == []


def test_the_browsers_restart_resumes(launch: Callable[..., Browser], site: Site) -> None:
    browser = launch()
    page = opened(browser)
    page.get_by_role("button", name="Until the browser restarts").click()
    expect(page.locator("#recording")).to_contain_text("until the browser restarts")
    desk = Desk(browser)
    tab = browser.context.new_page()
    tab.goto(f"{site.origins[0]}/second")
    desk.kill_worker()
    tab.goto(f"{site.origins[0]}/article")
    assert desk.ask("resume") == {"ok": True, "resumed": False}
    assert desk.events("navigated") == []
    browser.context.close()
    browser = launch()
    tab = browser.context.new_page()
    tab.goto(f"{site.origins[0]}/shop")
    tab.goto(f"{site.origins[0]}/landed")
    desk = Desk(browser)
    desk.wait_until("async () => !(await readState('settings')).paused")
    tab.close()
    assert [url.removeprefix(site.origins[0]) for url in desk.urls()] == ["/shop", "/landed"]
    assert browser.console() == []


_PASS_THE_HOUR = """async () => {
  const { openDatabase } = await import("./database.js");
  const database = await openDatabase();
  const pausedUntil = Date.now();
  const state = database.transaction("state", "readwrite").objectStore("state");
  const request = state.get("settings");
  request.onsuccess = () => state.put({ ...request.result, pausedUntil }, "settings");
  await new Promise((resolve) => { state.transaction.oncomplete = resolve; });
  database.close();
  await chrome.storage.session.set({ pausedUntil });
}"""


def test_where_the_settings_cannot_be_read_nothing_is_saved(browser: Browser) -> None:
    desk = Desk(browser)
    desk.change(excluded=["private.example"])
    page = opened(browser)
    excluded, message = page.get_by_label("Excluded pages"), page.locator("#message")
    expect(excluded).to_have_value("private.example")
    excluded.fill("private.example\nbank.example")
    page.evaluate(_UNREADABLE)
    page.get_by_role("button", name="Save").click()
    expect(message).to_have_text(re.compile("Heyho did not answer."))
    assert desk.state("settings")["excluded"] == ["private.example"]
    page.evaluate("() => { globalThis.readState = readBefore; }")
    page.get_by_role("button", name="Save").click()
    expect(message).to_have_text("Saved.")
    assert read_state(page, "settings")["excluded"] == ["private.example", "bank.example"]


_UNREADABLE = """() => {
  globalThis.readBefore = readState;
  globalThis.readState = async () => { throw new Error("this disk is lost"); };
}"""


def paired_meanwhile(page: Page, server: ServerProcess, change: Callable[[], None]) -> None:
    """Pair with a server, and do something else while it makes the token."""
    code = httpx.post(f"{server.base}/pair/codes", headers=server.headers).json()["code"]
    page.get_by_label("Pairing code").fill(code)
    answer = Fetches(page, "/pair")
    page.get_by_role("button", name="Pair").click()
    answer.wait_for_one()
    change()
    answer.let_go()


def test_a_token_is_stored_with_the_address_that_gave_it(
    browser: Browser, server: ServerProcess
) -> None:
    page = opened(browser)
    address, token = page.get_by_label("Server address"), page.get_by_label("Token", exact=True)
    period = page.get_by_label("Minutes between syncs")
    period.fill("7")
    address.fill(server.url)

    def type_on() -> None:
        expect(address).to_have_value(server.base)
        address.fill("https://other.example")
        period.fill("8")

    paired_meanwhile(page, server, type_on)
    expect(page.locator("#message")).to_have_text("What you typed is not saved yet.")
    settings = read_state(page, "settings")
    assert (settings["serverUrl"], len(settings["token"])) == (server.base, 43)
    assert settings["periodMinutes"] == 7
    expect(address).to_have_value("https://other.example")
    expect(token).to_have_value("")
    expect(period).to_have_value("8")
    page.reload()
    paired_meanwhile(page, server, lambda: None)
    expect(page.locator("#message")).to_contain_text("Paired.")
    assert read_state(page, "settings")["token"] == token.input_value() != settings["token"]


def test_a_token_goes_to_no_other_server(browser: Browser, server: ServerProcess) -> None:
    browser.connect(server.url, str(server.token))
    page = opened(browser)
    address, token = page.get_by_label("Server address"), page.get_by_label("Token", exact=True)
    problem = page.locator("#token-problem")
    address.fill("http://localhost:9")
    page.get_by_role("button", name="Save").focus()
    expect(token).to_have_value("")
    expect(problem).to_contain_text("The token of 127.0.0.1 was taken out")
    address.fill(server.base)
    page.get_by_role("button", name="Save").focus()
    expect(token).to_have_value(str(server.token))
    expect(problem).to_have_text("")
    expect(page.locator("#message")).to_have_text("")
    address.fill("http://localhost:9")
    address.press("Enter")
    expect(page.locator("#message")).to_contain_text("Saved.")
    expect(problem).to_contain_text("The token of 127.0.0.1 was taken out")
    settings = read_state(page, "settings")
    assert (settings["serverUrl"], settings["token"]) == ("http://localhost:9/api/v1", "")


def test_a_token_comes_back_after_another_server_was_saved(
    browser: Browser, server: ServerProcess
) -> None:
    browser.connect(server.url, str(server.token))
    page = opened(browser)
    address, token = page.get_by_label("Server address"), page.get_by_label("Token", exact=True)
    message, problem = page.locator("#message"), page.locator("#token-problem")
    address.fill("http://localhost:9")
    expect(message).to_contain_text("The token of 127.0.0.1 was taken out")
    expect(message).to_contain_text("What you typed is not saved yet.")
    page.get_by_label("Pairing code").fill("ABCD-EFGH")
    page.get_by_role("button", name="Pair").click()
    expect(message).to_contain_text("Not paired.")
    expect(problem).to_contain_text("The token of 127.0.0.1 was taken out")
    page.get_by_label("Pairing code").fill("")
    page.get_by_role("button", name="Save").click()
    expect(message).to_contain_text("Saved.")
    assert read_state(page, "settings")["token"] == ""
    address.fill(server.base)
    expect(token).to_have_value(str(server.token))
    expect(problem).to_have_text("")
    page.get_by_role("button", name="Save").click()
    expect(message).to_have_text("Saved.")
    assert read_state(page, "settings")["token"] == str(server.token)


def test_a_token_comes_back_though_something_was_stored_meanwhile(
    browser: Browser, server: ServerProcess
) -> None:
    browser.connect(server.url, str(server.token))
    page = opened(browser)
    address, token = page.get_by_label("Server address"), page.get_by_label("Token", exact=True)
    page.get_by_label("Minutes between syncs").fill("7")
    asking = Asking(page)
    page.get_by_role("button", name="Save").click()
    asking.wait_for("settings")
    address.fill("http://localhost:9")
    expect(token).to_have_value("")
    asking.let_go()
    expect(page.locator("#message")).to_contain_text("What you typed is not saved yet.")
    expect(page.locator("#token-problem")).to_contain_text("The token of 127.0.0.1 was taken out")
    address.fill(server.base)
    expect(token).to_have_value(str(server.token))
    expect(page.locator("#message")).to_have_text("")


def test_a_token_stays_without_an_address(browser: Browser, server: ServerProcess) -> None:
    browser.connect(server.url, str(server.token))
    page = opened(browser)
    address, token = page.get_by_label("Server address"), page.get_by_label("Token", exact=True)
    address.fill("")
    address.press("Enter")
    expect(page.locator("#message")).to_contain_text("Saved.")
    settings = read_state(page, "settings")
    assert (settings["serverUrl"], settings["token"]) == ("", str(server.token))
    address.fill("http://localhost:9")
    page.get_by_role("button", name="Save").focus()
    expect(token).to_have_value(str(server.token))
    expect(page.locator("#token-problem")).to_contain_text("Take it out, unless")


def test_a_code_goes_to_the_server_that_the_page_shows(
    browser: Browser, server: ServerProcess
) -> None:
    """Also when another page has named another one since, and whatever stands for a token."""
    browser.connect(server.url, str(server.token))
    page = opened(browser)
    Desk(browser).change(serverUrl="http://localhost:9", token="another")
    page.get_by_label("Token", exact=True).fill("no token")
    code = httpx.post(f"{server.base}/pair/codes", headers=server.headers).json()["code"]
    page.get_by_label("Pairing code").fill(code)
    page.get_by_role("button", name="Pair").click()
    expect(page.locator("#message")).to_contain_text("Paired.")
    settings = read_state(page, "settings")
    assert (settings["serverUrl"], len(settings["token"])) == (server.base, 43)


def test_a_pairing_that_fails_leaves_the_server_that_is_there(
    browser: Browser, server: ServerProcess
) -> None:
    browser.connect(server.url, str(server.token))
    page = opened(browser)
    before = read_state(page, "settings")
    page.get_by_label("Server address").fill(server.url.replace("127.0.0.1", "localhost"))
    page.get_by_label("Pairing code").fill("ABCD-EFGH")
    page.get_by_role("button", name="Pair").click()
    expect(page.locator("#message")).to_contain_text("Not paired.")
    assert read_state(page, "settings") == before


def test_what_is_not_saved_is_said_beside_what_acts_at_once(browser: Browser) -> None:
    page = opened(browser)
    excluded, message = page.get_by_label("Excluded pages"), page.locator("#message")
    excluded.press_sequentially("bank.example")
    expect(message).to_have_text("What you typed is not saved yet.")
    page.get_by_role("button", name="Pause for an hour").click()
    expect(page.locator("#recording")).to_contain_text("Paused")
    expect(message).to_have_text("What you typed is not saved yet.")
    page.get_by_role("switch", name="Health").click()
    expect(message).to_contain_text("is recorded from now on. What you typed is not saved yet.")
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    asked.value.dismiss()
    expect(excluded).to_have_value("bank.example")
    page.get_by_role("button", name="Save").click()
    expect(message).to_contain_text("Saved.")
    with page.expect_event("close"):
        page.close(run_before_unload=True)


def test_what_is_typed_while_the_address_is_stored_stays(
    browser: Browser, server: ServerProcess
) -> None:
    page = opened(browser)
    page.get_by_label("Server address").fill(server.url)
    page.get_by_label("Pairing code").fill("ABCD-EFGH")
    excluded = page.get_by_label("Excluded pages")
    asking = Asking(page)
    page.get_by_role("button", name="Pair").click()
    asking.wait_for("settings")
    excluded.fill("bank.example")
    asking.let_go()
    expect(page.locator("#pairing-problem")).to_contain_text("Make a new one")
    expect(page.get_by_label("Server address")).to_have_value(server.base)
    expect(excluded).to_have_value("bank.example")


def test_what_acts_at_once_is_sent_before_the_page_can_close(browser: Browser) -> None:
    page = opened(browser)
    asking = Asking(page)
    excluded = {"kind": "exclude", "preset": "banks", "excluded": False}
    for button, request in (
        ("#pause-hour", {"kind": "pause", "until": "hour"}),
        ("#resume", {"kind": "settings", "settings": {"paused": False}}),
        ("[aria-labelledby=preset-banks]", excluded),
        ("[aria-labelledby=preset-banks]", {**excluded, "excluded": True}),
    ):
        assert asking.click(button) == [request]


def test_a_switch_shows_what_was_pressed_last(browser: Browser) -> None:
    page = opened(browser)
    asking = Asking(page)
    switch = page.get_by_role("switch", name="Banks and payments")
    other = page.get_by_role("switch", name="Health")
    for pressed in (switch, switch, switch, other):
        pressed.click()
    expect(switch).not_to_be_checked()
    for _ in range(3):
        asking.let_go()
        expect(switch).not_to_be_checked()
    asking.answer({"ok": False, "error": "There is no room left."})
    expect(page.locator("#message")).to_have_text("There is no room left.")
    expect(other).to_be_checked()
    expect(switch).not_to_be_checked()
    assert read_state(page, "settings")["presets"] == ["health", "intimate", "official", "accounts"]


def test_a_page_that_was_open_for_long_changes_nothing_else(browser: Browser) -> None:
    page = opened(browser)
    desk = Desk(browser)
    desk.change(excluded=["private.example"])  # as the popup does
    page.get_by_label("Minutes between syncs").fill("7")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#message")).to_have_text("Saved.")
    settings = read_state(page, "settings")
    assert (settings["excluded"], settings["periodMinutes"]) == (["private.example"], 7)
