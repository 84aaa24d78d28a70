"""What all tests need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

# Imported now: its plugin would do so in the middle of a Playwright test, whose greenlet has its
# own recursion depth, and CPython 3.11 refuses to compile the assertions of a module there.
import hypothesis
import pytest

from harness.texts import source
from heyho import texts

# No test fails because a machine is busy.
hypothesis.settings.register_profile("heyho", deadline=None)
hypothesis.settings.load_profile("heyho")

_FIGURE = "figure"


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """What is said is said in English."""
    texts.use(source("en"))
    yield
    texts.use(source("en"))


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Takes a line about what was measured, to be printed in the end, by test."""
    return lambda text: record_property(_FIGURE, text)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let long tests begin first."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the tests have measured; they may have run in other processes."""
    figures = [
        (test.nodeid, [text for name, text in test.user_properties if name == _FIGURE])
        for test in chain.from_iterable(terminalreporter.stats.values())
        if isinstance(test, pytest.TestReport) and test.when == "teardown"
    ]
    if any(lines for _, lines in figures):
        terminalreporter.section("figures")
    for nodeid, lines in figures:
        if lines:
            terminalreporter.line(nodeid)
        for text in lines:
            terminalreporter.line(f"  {text}")
