"""The first run: with a server and without, by keyboard, and back."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page, expect

from harness.asking import Asking, Fetches
from harness.browser import Browser, read_state
from harness.desk import Desk
from harness.proxy import FaultProxy
from harness.server import ServerProcess
from harness.site import Site


def greeted(launch: Callable[..., Browser]) -> tuple[Browser, Page]:
    browser = launch(welcome=True)
    page = browser.welcome_page()
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome to Heyho")
    expect(page.locator("html")).to_have_attribute("data-ready", "true")
    return browser, page


def heading(page: Page, text: str) -> None:
    found = page.get_by_role("heading", level=2)
    expect(found).to_have_text(text)
    expect(found).to_be_focused()


def test_pairing_at_the_first_run(launch: Callable[..., Browser], server: ServerProcess) -> None:
    browser, page = greeted(launch)
    expect(page.get_by_text("Step 1 of 3")).to_be_visible()
    page.get_by_role("link", name="Go on").click()
    heading(page, "A server of your own")
    connect = page.get_by_role("button", name="Connect")
    connect.click()
    expect(page.locator("#serverUrl-problem")).to_contain_text("address first")
    page.get_by_label("Server address").fill(server.url)
    connect.click()
    expect(page.locator("#pairing-problem")).to_have_text("Enter the code, or a token.")
    page.get_by_label("Pairing code").fill("K7WM-3XQD")
    connect.click()
    expect(page.locator("#pairing-problem")).to_contain_text("Make a new one")
    assert read_state(page, "settings") is None
    code = httpx.post(f"{server.base}/pair/codes", headers=server.headers).json()["code"]
    page.get_by_label("Pairing code").fill(code)
    page.get_by_label("Pairing code").press("Enter")
    heading(page, "The history you have already")
    expect(page.locator("#connected")).to_contain_text("It is Heyho 0.1.0.")
    settings = read_state(page, "settings")
    assert (settings["serverUrl"], len(settings["token"])) == (server.base, 43)
    assert page.get_by_role("link", name="Import it").get_attribute("href") == "data.html#import"
    page.get_by_role("link", name="Go on without it").click()
    heading(page, "Heyho is recording")
    expect(page.get_by_text("puzzle piece")).to_be_visible()
    page.get_by_role("link", name="Back").click()
    heading(page, "The history you have already")
    page.go_back()
    heading(page, "Heyho is recording")
    assert browser.console() == []


def test_a_wrong_token_is_told_and_stores_nothing(
    launch: Callable[..., Browser], server: ServerProcess
) -> None:
    _, page = greeted(launch)
    page.goto(page.url + "#server")
    page.get_by_label("Server address").fill(server.url)
    page.get_by_label("Token", exact=True).fill("wrong")
    page.get_by_role("button", name="Connect").click()
    expect(page.locator("#verdict")).to_contain_text("does not know this token")
    assert read_state(page, "settings") is None
    page.get_by_label("Token", exact=True).fill(str(server.token))
    page.get_by_role("button", name="Connect").click()
    heading(page, "The history you have already")


def test_a_token_that_a_server_accepted_goes_to_no_other(
    launch: Callable[..., Browser], server: ServerProcess
) -> None:
    _, page = greeted(launch)
    page.goto(page.url + "#server")
    address, token = page.get_by_label("Server address"), page.get_by_label("Token", exact=True)
    address.fill("http://localhost:9")
    token.fill(str(server.token))
    address.fill(server.url)  # nobody has accepted it yet: the address was a mistake
    expect(token).to_have_value(str(server.token))
    page.get_by_role("button", name="Connect").click()
    heading(page, "The history you have already")
    page.go_back()
    heading(page, "A server of your own")
    address.fill("http://localhost:9")
    expect(token).to_have_value("")
    expect(page.locator("#token-problem")).to_contain_text("The token of 127.0.0.1 was taken out")
    page.get_by_role("button", name="Connect").click()
    expect(page.locator("#pairing-problem")).to_have_text("Enter the code, or a token.")
    address.fill(server.url)
    expect(token).to_have_value(str(server.token))


@pytest.mark.parametrize("held", ["/pair", "/auth/me"])
def test_who_goes_on_without_a_server_has_none(
    launch: Callable[..., Browser], server: ServerProcess, held: str
) -> None:
    browser, page = greeted(launch)
    page.goto(page.url + "#server")
    heading(page, "A server of your own")
    code = httpx.post(f"{server.base}/pair/codes", headers=server.headers).json()["code"]
    page.get_by_label("Server address").fill(server.url)
    page.get_by_label("Pairing code").fill(code)
    answer, asking = Fetches(page, held, "/summary"), Asking(page)
    page.get_by_role("button", name="Connect").click()
    asking.wait_for("settings")
    asking.let_go()
    answer.wait_for_one()
    page.get_by_role("link", name="Keep it on this device").click()
    heading(page, "The history you have already")
    page.get_by_role("link", name="Go on without it").click()
    heading(page, "Heyho is recording")
    answer.let_go()
    answer.wait_for_one()
    answer.let_go()
    expect(page.locator("#token")).not_to_have_value("")
    heading(page, "Heyho is recording")
    page.goto(page.url.replace("#done", "#server"))
    heading(page, "A server of your own")
    expect(page.locator("#verdict")).to_be_hidden()
    page.get_by_role("button", name="Connect").click()
    asking.wait_for("settings")
    assert [request.get("dryRun") for request in asking.held] == [True]
    asking.stop()
    asking.let_go()
    answer.stop()
    heading(page, "The history you have already")
    assert read_state(page, "settings")["serverUrl"] == server.base
    assert browser.console() == []


def test_without_a_server_by_keyboard_and_nothing_leaves(
    launch: Callable[..., Browser], proxy: FaultProxy, site: Site
) -> None:
    browser, page = greeted(launch)
    press(page, "Go on")
    heading(page, "A server of your own")
    press(page, "Keep it on this device")
    heading(page, "The history you have already")
    press(page, "Back")
    heading(page, "A server of your own")
    press(page, "Keep it on this device")
    press(page, "Go on without it")
    heading(page, "Heyho is recording")
    tab = browser.context.new_page()
    tab.goto(f"{site.origins[0]}/article")
    tab.close()
    popup = browser.open("popup.html")
    expect(popup.locator("#figure")).to_have_text("1")
    assert proxy.syncs == 0
    assert browser.console() == []


def test_it_is_there_once(launch: Callable[..., Browser]) -> None:
    browser, _ = greeted(launch)
    browser.context.close()
    browser = launch()
    Desk(browser)
    assert not [page for page in browser.context.pages if "welcome" in page.url]


def press(page: Page, name: str) -> None:
    """Reach a link by Tab, and press Enter."""
    wanted = page.get_by_role("link", name=name, exact=True)
    for _ in range(20):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"Tab does not reach “{name}”")
