"""Chromium with the built extension, the real server, and a proxy between them that can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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


@pytest.fixture
def launch(playwright: Playwright, tmp_path: Path) -> Iterator[Callable[..., Browser]]:
    """Starts a browser on the test's one profile; all are closed at the test's end."""
    started: list[Browser] = []

    def start(**options: Any) -> Browser:
        browser = Browser(profile=tmp_path / "profile", playwright=playwright, **options)
        started.append(browser.__enter__())
        return browser

    yield start
    for browser in started:
        browser.__exit__(None, None, None)


@pytest.fixture
def browser(launch: Callable[..., Browser]) -> Browser:
    return launch()
