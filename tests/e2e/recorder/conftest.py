"""A stage, a desk that looks at the recorder, and a tab."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from e2e.recorder.stage import Stage
from harness.browser import Browser
from harness.desk import Desk


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
