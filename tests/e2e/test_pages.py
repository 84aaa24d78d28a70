"""The popup and the options page, as a person uses them: mouse, keyboard, and mistakes."""

from __future__ import annotations

import httpx
from playwright.sync_api import Page, expect

from harness.backlog import recorded_ids, seed, stored_ids
from harness.browser import ASK_STATUS, Browser, read_state, read_store, wait_for_last_run
from harness.proxy import FaultProxy
from harness.server import ServerProcess
from harness.site import Site


def test_before_a_token_is_there_nothing_is_sent(
    browser: Browser, site: Site, proxy: FaultProxy
) -> None:
    tab = browser.context.new_page()
    tab.goto(f"{site.origins[0]}/article")
    tab.close()
    browser.connect(proxy.url, "")
    popup = browser.open("popup.html")
    expect(popup.get_by_role("status")).to_contain_text("you are not signed in yet")
    with browser.context.expect_page() as opened:
        popup.get_by_role("button", name="Sync now").click()
    expect(opened.value.get_by_label("Token", exact=True)).to_have_value("")
    reply = popup.evaluate(
        """() => chrome.runtime.sendMessage({
          target: "background", kind: "engine", request: { kind: "run", trigger: "manual" },
        })"""
    )
    assert reply["ok"]
    browser.connect(proxy.url, proxy_token())
    browser.sync("Synced 1 visit.")
    assert proxy.syncs == 1
    assert len(read_store(popup, "runs")) == 1
    assert browser.console() == []


def test_a_run_is_shown_while_it_lasts(browser: Browser, proxy: FaultProxy) -> None:
    browser.connect(proxy.url, proxy_token(), concurrency="1")
    popup = browser.open("popup.html")
    seed(popup, 3_000)
    proxy.hold()
    expect(popup.get_by_role("progressbar")).to_have_count(0)
    popup.get_by_role("button", name="Sync now").click()
    bar = popup.get_by_role("progressbar")
    expect(bar).to_be_visible()
    for percent in ("33", "66"):
        proxy.let(1)
        expect(bar).to_have_attribute("aria-valuenow", percent)
    proxy.let()
    expect(popup.get_by_role("status")).to_have_text("Synced 3,000 visits.")
    expect(popup.get_by_role("progressbar")).to_have_count(0)
    assert browser.console() == []


def test_a_popup_opened_in_mid_run_joins_it(browser: Browser, proxy: FaultProxy) -> None:
    browser.connect(proxy.url, proxy_token(), concurrency="1")
    first = browser.open("popup.html")
    seed(first, 3_000)
    proxy.hold()
    first.get_by_role("button", name="Sync now").click()
    second = browser.open("popup.html")
    expect(second.get_by_role("progressbar")).to_be_visible()
    second.get_by_role("button", name="Sync now").click()
    second.evaluate(ASK_STATUS)  # so the request to sync has been answered as well
    proxy.let()
    expect(second.get_by_role("status")).to_have_text("Synced 3,000 visits.")
    assert len(read_store(second, "runs")) == 1


def test_a_run_is_stopped_midway_and_goes_on_later(
    browser: Browser, server: ServerProcess, proxy: FaultProxy
) -> None:
    browser.connect(proxy.url, proxy_token(), concurrency="1")
    popup = browser.open("popup.html")
    ids = seed(popup, 3_000)
    proxy.hold()
    proxy.let(1)
    popup.get_by_role("button", name="Sync now").click()
    expect(popup.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "33")
    popup.get_by_role("button", name="Stop").click()
    expect(popup.get_by_role("status")).to_contain_text("You stopped the sync.")
    expect(popup.get_by_role("button", name="Stop")).to_have_count(0)
    expect(popup.locator("#figure")).to_have_text("2,000")
    [run] = read_store(popup, "runs")
    assert (run["outcome"], run["cancelled"], run["visits"]) == ("partial", True, 1_000)
    proxy.let()
    popup.get_by_role("button", name="Sync now").click()
    expect(popup.get_by_role("status")).to_have_text("Synced 2,000 visits.")
    assert stored_ids(server.data_dir) == sorted(ids)
    assert browser.console() == []


def test_the_keyboard_is_enough(browser: Browser, server: ServerProcess) -> None:
    page = browser.open("options.html")
    expect(page.get_by_role("button", name="Save")).to_be_enabled()
    reach(page, "Server address")
    page.keyboard.type(server.url)
    reach(page, "Token")
    page.keyboard.type(str(server.token))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Saved")
    seed(page, 2)
    popup = browser.open("popup.html")
    expect(popup.get_by_role("button", name="Sync now")).to_be_enabled()
    reach(popup, "Sync now")
    popup.keyboard.press("Enter")
    expect(popup.get_by_role("status")).to_have_text("Synced 2 visits.")
    assert stored_ids(server.data_dir) == recorded_ids(popup)


def test_a_code_pairs_the_device(browser: Browser, server: ServerProcess) -> None:
    page = browser.open("options.html")
    expect(page.get_by_role("button", name="Save")).to_be_enabled()
    code, pair = page.get_by_label("Pairing code"), page.get_by_role("button", name="Pair")
    pair.click()
    expect(page.locator("#pairing-problem")).to_contain_text("address first")
    page.get_by_label("Server address").fill("http://127.0.0.1:9")
    code.fill("K7WM-3XQD")
    pair.click()
    expect(page.locator("#pairing-problem")).to_contain_text("did not answer")
    page.get_by_label("Server address").fill(server.url)
    pair.click()
    expect(page.locator("#pairing-problem")).to_contain_text("Make a new one")
    expect(code).to_have_value("K7WM-3XQD")
    made = httpx.post(f"{server.base}/pair/codes", headers=server.headers).json()["code"]
    code.fill(made.replace("-", "").lower())
    code.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Paired")
    expect(code).to_have_value("")
    expect(page.locator("#pairing-problem")).to_have_text("")
    settings = read_state(page, "settings")
    assert settings["serverUrl"] == server.base
    assert len(settings["token"]) == 43
    seed(page, 2)
    browser.sync("Synced 2 visits.")
    assert stored_ids(server.data_dir) == recorded_ids(page)


def test_pausing_records_nothing(browser: Browser, server: ServerProcess, site: Site) -> None:
    browser.connect(server.url, str(server.token))
    popup = browser.open("popup.html")
    switch = popup.get_by_role("switch", name="Record pages")
    expect(switch).to_be_checked()
    tab = browser.context.new_page()
    tab.goto(f"{site.origins[0]}/article")
    switch.click()
    expect(switch).not_to_be_checked()
    expect_paused(popup, True)
    tab.goto(f"{site.origins[0]}/second")
    tab.goto(f"{site.origins[0]}/landed")
    switch.click()
    expect(switch).to_be_checked()
    expect_paused(popup, False)
    tab.goto(f"{site.origins[1]}/shop")
    expect(tab).to_have_title("A shop of small things")
    tab.close()
    browser.sync("Synced")
    urls = [visit["url"] for visit in read_store(popup, "visits")]
    assert f"{site.origins[0]}/article" in urls
    assert f"{site.origins[1]}/shop" in urls
    assert f"{site.origins[0]}/second" not in urls


def test_mistakes_are_named_and_kept(browser: Browser) -> None:
    page = browser.open("options.html")
    expect(page.get_by_role("button", name="Save")).to_be_enabled()
    page.get_by_label("Server address").fill("http://history.example")
    page.get_by_label("Lanes").fill("11")
    page.get_by_label("Minutes between syncs").fill("often")
    page.get_by_label("Excluded pages").fill("bank.example\n???")
    page.get_by_role("button", name="Save").click()
    address = page.get_by_label("Server address")
    expect(address).to_have_attribute("aria-invalid", "true")
    expect(address).to_be_focused()
    expect(page.locator("#serverUrl-problem")).to_contain_text("use https://")
    expect(page.locator("#concurrency-problem")).to_contain_text("from 1 to 10")
    expect(page.locator("#periodMinutes-problem")).to_contain_text("from 1 to 1440")
    expect(page.locator("#excluded-problem")).to_contain_text("???")
    expect(address).to_have_value("http://history.example")
    expect(page.get_by_label("Excluded pages")).to_have_value("bank.example\n???")
    assert read_state(page, "settings") is None
    address.fill("https://history.example")
    page.get_by_label("Lanes").fill("10")
    page.get_by_label("Minutes between syncs").fill("15")
    page.get_by_label("Excluded pages").fill("bank.example")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved")
    expect(address).to_have_attribute("aria-invalid", "false")
    assert read_state(page, "settings")["serverUrl"] == "https://history.example/api/v1"
    assert page.evaluate("() => chrome.alarms.get('sync')")["periodInMinutes"] == 15
    assert browser.console() == []


def test_settings_come_back(browser: Browser, server: ServerProcess) -> None:
    browser.connect(server.url, str(server.token), strategy="sequential", batchSize="250")
    page = browser.open("options.html")
    expect(page.get_by_label("Server address")).to_have_value(server.base)
    expect(page.get_by_label("Strategy")).to_have_value("sequential")
    expect(page.get_by_label("Visits in a batch")).to_have_value("250")
    seed(page, 1_000)
    browser.sync("Synced 1,000 visits.")
    assert [span["visits"] for span in read_store(page, "runs")[-1]["spans"]] == [250] * 4


def test_a_rejected_visit_goes_into_quarantine(browser: Browser, server: ServerProcess) -> None:
    browser.connect(server.url, str(server.token))
    page = browser.open("database.js")
    seed(page, 5)
    page.evaluate(
        """async () => {
          const { openDatabase } = await import("./database.js");
          const database = await openDatabase();
          const visits = database.transaction("visits", "readwrite").objectStore("visits");
          const spoil = (visit) => visits.put({ ...visit, url: "ftp://x/" });
          visits.get(3).onsuccess = ({ target }) => spoil(target.result);
          await new Promise((resolve) => { visits.transaction.oncomplete = resolve; });
          database.close();
        }"""
    )
    popup = browser.open("popup.html")
    popup.get_by_role("button", name="Sync now").click()
    wait_for_last_run(popup)
    [rejected] = read_store(popup, "rejected")
    assert "url must be" in rejected["reason"]
    assert rejected["record"]["url"] == "ftp://x/"
    assert len(stored_ids(server.data_dir)) == 4
    assert read_state(popup, "status")["quarantined"] == 1
    browser.sync("Nothing to sync.")


def test_a_database_that_cannot_be_opened_is_told(browser: Browser) -> None:
    page = browser.open("database.js")
    page.evaluate(
        """() => new Promise((resolve, reject) => {
          const request = indexedDB.open("heyho", 1000);
          request.onerror = () => reject(request.error);
          request.onsuccess = () => resolve();
        })"""
    )
    popup = browser.open("popup.html")
    expect(popup.get_by_role("status")).to_contain_text("written by a newer Heyho")
    popup.get_by_role("button", name="Sync now").click()
    options = browser.open("options.html")
    expect(options.get_by_role("status")).to_contain_text("could not be read")
    expect(options.get_by_role("button", name="Save")).to_be_disabled()


def proxy_token() -> str:
    from harness.server import TOKEN

    return TOKEN


def reach(page: Page, label: str) -> None:
    """Press Tab until the element of this accessible name has the focus."""
    wanted = page.get_by_label(label, exact=True).or_(
        page.get_by_role("button", name=label, exact=True)
    )
    for _ in range(20):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"Tab does not reach “{label}”")


def expect_paused(page: Page, paused: bool) -> None:
    """Wait until the engine has stored whether recording is paused, and told the recorder."""
    page.evaluate(
        """async (paused) => {
          for (let tries = 0; tries < 3000; tries += 1) {
            const status = await readState("status");
            if (status?.paused === paused) return;
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
          throw new Error("the switch had no effect");
        }""",
        paused,
    )
