"""An engine that is killed at any await of a run: nothing is lost, and little is sent again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fault.life import End, Lives
from fault.parts import Latency
from fault.server import Server

LANES, BATCH = 2, 3
SETTINGS: dict[str, Any] = {"concurrency": LANES, "workers": LANES, "batchSize": BATCH}
every_strategy = pytest.mark.parametrize(
    "strategy", ["sequential", "concurrent", "parallel", "auto"]
)


def healthy() -> Server:
    return Server(Latency(0.3))


def choosy() -> Server:
    return Server(Latency(0.3), rejects=[2], chokes_on=[13])


def every_end(
    server: Callable[[], Server], strategy: str, *, transaction_s: float = 0.0, **how: Any
) -> Iterator[Lives]:
    """Lives of which the first ended, at each of its steps."""
    whole = Lives(server(), visits=15, transaction_s=transaction_s)
    whole.run(**SETTINGS, strategy=strategy)
    for step in range(1, whole.steps):
        ended = Lives(server(), visits=15, transaction_s=transaction_s)
        ended.run(End(step, **how), **SETTINGS, strategy=strategy)
        ended.assert_nothing_is_wrong()
        yield ended


@every_strategy
def test_whenever_it_is_killed(strategy: str) -> None:
    for killed in every_end(choosy, strategy):
        killed.run(**SETTINGS, strategy=strategy)
        killed.assert_all_has_arrived()


@pytest.mark.parametrize(
    ("strategy", "lanes"), [("sequential", 1), ("concurrent", LANES), ("parallel", LANES)]
)
def test_no_more_than_two_batches_a_lane_are_in_flight(strategy: str, lanes: int) -> None:
    """One travels, and the acknowledgement of the one before is being written. So many can be."""
    in_flight = set()
    for killed in every_end(healthy, strategy, transaction_s=0.2, arrive=True):
        in_flight |= set(killed.in_flight)
        killed.run(**SETTINGS, strategy=strategy)
        killed.assert_all_has_arrived()
    assert max(in_flight) == 2 * lanes * BATCH


@every_strategy
def test_whenever_the_person_ends_it(strategy: str) -> None:
    for cancelled in every_end(choosy, strategy, transaction_s=0.2, by="cancel"):
        cancelled.run(**SETTINGS, strategy=strategy)
        cancelled.assert_all_has_arrived()
