"""Chromium with the built extension, the real server, and a proxy between them that can fail."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright, expect, sync_playwright

from harness.browser import Browser
from harness.proxy import FaultProxy
from harness.server import ServerProcess
from harness.site import Site, serve_site

# No test fails because a machine is busy.
expect.set_options(timeout=30_000)


_LOG_LINES = 40
_STARTED = pytest.StashKey[list[Browser]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what the pages showed to the report of a test that failed."""
    report = yield
    if report.when == "call" and report.failed:
        for browser in item.stash.get(_STARTED, []):
            for page in browser.context.pages:
                with suppress(Exception):
                    report.sections.append((page.url, page.locator("body").aria_snapshot()))
            report.sections.append(("crashes", str(browser.crashes)))
            with suppress(Exception):
                report.sections.append(("console", "\n".join(browser.console())))
                end = browser.log.read_text(errors="replace").splitlines()[-_LOG_LINES:]
                report.sections.append(("end of Chromium's log", "\n".join(end)))
    return report


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Of a module, not of the session: while it runs, no other test can run an event loop."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    with serve_site() as site:
        yield site


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path / "server") as server:
        yield server


@pytest.fixture
def proxy(server: ServerProcess) -> Iterator[FaultProxy]:
    with FaultProxy(server.url) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("profiles")


@pytest.fixture(scope="module")
def greeted(playwright: Playwright, profiles: Path) -> Path:
    """A profile whose person has been greeted, and of which nothing else is known.

    A copy of it starts in half the time of a new profile.
    """
    greeted = profiles / "greeted"
    if not greeted.exists():
        profile = profiles / "new"
        with Browser(profile=profile, playwright=playwright) as browser:
            pass
        browser.log.unlink()
        shutil.rmtree(profile / "Default" / "IndexedDB")
        profile.rename(greeted)
    return greeted


@pytest.fixture
def launch(
    playwright: Playwright, greeted: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Browser]]:
    """Starts a browser on the test's one profile; all are closed at the test's end.

    The profile is new for who wants to be welcomed, or brings a changed extension: Chromium would
    go on with the service worker that it knows. Else it is a copy.
    """
    started = request.node.stash.setdefault(_STARTED, [])
    profile = tmp_path / "profile"

    def start(**options: Any) -> Browser:
        if not profile.exists() and not options.keys() & {"welcome", "extension"}:
            shutil.copytree(greeted, profile)
        browser = Browser(profile=profile, playwright=playwright, **options)
        started.append(browser.__enter__())
        return browser

    yield start
    for browser in started:
        browser.__exit__(None, None, None)


@pytest.fixture
def browser(launch: Callable[..., Browser]) -> Browser:
    return launch()
