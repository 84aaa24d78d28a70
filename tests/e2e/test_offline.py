"""The server is gone, or the network: every page says so, loses nothing, and goes on afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from harness.backlog import recorded_ids, seed, stored_ids
from harness.browser import Browser
from harness.desk import Desk
from harness.server import ServerProcess

VISITS = 970
OUT_OF_REACH = "could not be reached. Check that it runs and that this device is online."

_SOON = "name => chrome.alarms.create(name, { when: Date.now() + 50 })"
_KNOWS = """offline => new Promise((resolve) => {
  if (navigator.onLine !== offline) resolve();
  else addEventListener(offline ? "offline" : "online", resolve, { once: true });
})"""
_ALARM = "name => chrome.alarms.get(name)"
_OFFLINE = "async () => (await chrome.storage.session.get('offline')).offline === true"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """One that comes back at the same address."""
    with ServerProcess(tmp_path / "server") as server:
        server.port = int(server.url.rpartition(":")[2])
        yield server


@pytest.fixture
def desk(browser: Browser, server: ServerProcess) -> Desk:
    desk = Desk(browser)
    desk.change(serverUrl=server.url, token=server.token)
    return desk


@pytest.fixture(params=["the server is gone", "the device is offline"])
def offline(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "the device is offline")


def cut(desk: Desk, server: ServerProcess, *, offline: bool) -> None:
    """Cut the way to the server. Without a network this device would still reach itself, and so
    the server is gone then too."""
    server.stop()
    if offline:
        desk.browser.context.set_offline(True)
        desk.page.evaluate(_SOON, "heartbeat")
        desk.wait_until(_OFFLINE)


def mend(desk: Desk, server: ServerProcess) -> None:
    """Bring the way back."""
    server.start()
    desk.browser.context.set_offline(False)


def test_the_popup(desk: Desk, server: ServerProcess, offline: bool) -> None:
    seed(desk.page, VISITS)
    popup = desk.browser.open("popup.html")
    cut(desk, server, offline=offline)
    popup.get_by_role("button", name="Sync now").click()
    status = popup.get_by_role("status")
    expect(status).to_contain_text("This device is offline." if offline else OUT_OF_REACH)
    expect(popup.locator("#figure")).to_have_text("970")
    if not offline:
        assert desk.page.evaluate(_ALARM, "retry")
    mend(desk, server)
    if not offline:  # else the run itself goes on
        desk.page.evaluate(_SOON, "retry")
    expect(status).to_have_text("Synced 970 visits.")
    assert stored_ids(server.data_dir) == recorded_ids(desk.page)
    assert desk.page.evaluate("() => chrome.action.getBadgeText({})") == ""


def test_the_lab(desk: Desk, server: ServerProcess, offline: bool) -> None:
    seed(desk.page, VISITS)
    lab = desk.browser.open("lab.html")
    start = lab.get_by_role("button", name="Start the lab")
    expect(start).to_be_enabled()
    cut(desk, server, offline=offline)
    start.click()
    expect(lab.locator("#news")).to_contain_text("The lab has stopped. Your server")
    expect(lab.locator("#news")).to_contain_text(OUT_OF_REACH)
    expect(start).to_be_enabled()
    mend(desk, server)
    start.click()
    expect(lab.locator("#chart li").first).to_be_visible()


def test_an_order_to_the_server(desk: Desk, server: ServerProcess, offline: bool) -> None:
    ids = seed(desk.page, VISITS)
    desk.browser.sync("Synced 970 visits.")
    reply = desk.ask("delete", query={"site": "site-5.example"}, alsoServer=True)
    assert reply["visits"] == 10
    cut(desk, server, offline=offline)
    desk.end_undo()
    desk.close_engine()
    desk.ask("deletions")
    desk.wait_until("async () => !(await all('trash')).length")
    page = desk.browser.open("data.html")
    expect(page.locator("#orders")).to_contain_text("Your server has one deletion to carry out.")
    desk.wait_until("async () => await chrome.alarms.get('forget')")
    assert stored_ids(server.data_dir) == sorted(ids)
    mend(desk, server)
    desk.close_engine()
    desk.page.evaluate(_SOON, "forget")
    desk.wait_until("async () => (await readState('orders'))?.length === 0")
    assert stored_ids(server.data_dir) == recorded_ids(desk.page)
    assert len(recorded_ids(desk.page)) == VISITS - 10


@pytest.mark.parametrize(
    ("address", "offline", "says"),
    [
        ("the server's", False, "Nobody answers at"),
        ("https://heyho.example", True, "This device is offline. Connect it, then test again."),
    ],
)
def test_the_test_of_a_connection(
    desk: Desk, server: ServerProcess, address: str, offline: bool, says: str
) -> None:
    page = desk.browser.open("options.html")
    if address != "the server's":
        page.get_by_label("Server address").fill(address)
    server.stop()
    desk.browser.context.set_offline(offline)
    page.evaluate(_KNOWS, offline)  # a page hears of it a moment later
    check = page.get_by_role("button", name="Test the connection")
    check.click()
    expect(page.locator("#verdict")).to_contain_text(says)
    desk.browser.context.set_offline(False)
    server.start()
    page.get_by_label("Server address").fill(server.url)
    check.click()
    expect(page.locator("#verdict")).to_contain_text("It is Heyho")
