"""What the service worker leaves out: no store has a trace of it."""

from __future__ import annotations

import json
import time
from pathlib import Path

from playwright.sync_api import Page, expect

from e2e.recorder.stage import NAVIGATED_TO, TITLED, Stage, kinds_of
from harness.browser import EXTENSION, Browser
from harness.desk import Desk


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
    other.wait_for_load_state()
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
    desk.wait_until(TITLED, stage.at("/regret"))
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
    named = f"http://user-7261:secret-7261@{stage.host}"
    tab.goto(f"{named}/reading")
    desk.wait_until(TITLED, stage.at("/reading"))
    desk.change(paused=True)
    desk.change(paused=False)
    tab.evaluate("() => history.pushState(null, '', '/reading/more')")
    desk.wait_until(NAVIGATED_TO, stage.at("/reading/more"))
    kept = desk.everything()
    assert "secret-7261" not in kept
    assert "user-7261" not in kept
    stage.leave(tab, desk)
    assert set(desk.urls()) == {stage.at("/reading"), stage.at("/reading/more")}
    assert "secret-7261" not in desk.everything()


def test_incognito_windows_leave_no_trace(browser: Browser, desk: Desk, stage: Stage) -> None:
    manifest = json.loads((EXTENSION / "manifest.json").read_text())
    assert manifest["incognito"] == "not_allowed"
    assert browser.context.browser is not None
    session = browser.context.browser.new_browser_cdp_session()
    context = session.send("Target.createBrowserContext")["browserContextId"]
    target = {"url": stage.at("/incognito"), "browserContextId": context}
    with browser.context.expect_page() as opened:
        session.send("Target.createTarget", target)
    hidden = opened.value
    tab = browser.context.new_page()
    stage.leave(tab, desk)
    expect(hidden).to_have_title("/incognito")
    stage.leave(tab, desk)
    assert "incognito" not in desk.everything()
    assert desk.page.evaluate("() => chrome.extension.isAllowedIncognitoAccess()") is False


def test_pause_and_resume(desk: Desk, tab: Page, stage: Stage) -> None:
    tab.goto(stage.at("/open"))
    desk.wait_until(TITLED, stage.at("/open"))
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
