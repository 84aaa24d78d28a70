"""Moving windows at their edges, on a clock of the test's own."""

from __future__ import annotations

import asyncio
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heyho_server.limits.limiter import Limiter
from heyho_server.limits.rates import Rate, Rates
from heyho_server.limits.windows import LEEWAY, LEEWAY_MAX_S, SWEEP_S, Windows

RATE = Rate("some", 3, 10)


class Desk:
    """A limiter at a time that the test sets, by a clock that goes on and by the wall's.

    `windows` is what it keeps.
    """

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.wall_s = 5_000.0
        self.windows = Windows(lambda: self.now_s)
        self.limiter = Limiter(Rates(), self.windows)

    def ask(self, at_s: float, key: str = "a", rate: Rate = RATE) -> tuple[bool, int, int]:
        """One request, so many seconds after the start: allowed, remaining, and reset."""
        self.now_s = 1000.0 + at_s
        with patch("time.time", return_value=self.wall_s):
            count = asyncio.run(self.limiter.count(rate, key))
        return count.allowed, count.remaining, count.reset_s


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_each_step_through_a_window_and_out_of_it(desk: Desk) -> None:
    assert desk.ask(0) == (True, 2, 10)
    assert desk.ask(4) == (True, 1, 6)
    assert desk.ask(4.5) == (True, 0, 6)
    assert desk.ask(5) == (False, 0, 5)
    assert desk.ask(9.89) == (False, 0, 1)
    assert desk.ask(9.91) == (True, 0, 5), "the first has just left, a little early"
    assert desk.ask(13.89) == (False, 0, 1)
    assert desk.ask(13.91) == (True, 0, 1), "the second too; the third goes half a second later"
    assert desk.ask(30) == (True, 2, 10), "all have"


def test_a_refused_request_is_not_counted(desk: Desk) -> None:
    assert [desk.ask(0)[0] for _ in range(20)] == [True] * 3 + [False] * 17
    assert desk.ask(10) == (True, 2, 10)


def test_keys_and_rates_share_nothing(desk: Desk) -> None:
    other = Rate("other", 1, 10)
    assert [desk.ask(0)[0] for _ in range(4)] == [True, True, True, False]
    assert desk.ask(0, "b") == (True, 2, 10)
    assert desk.ask(0, "a", other) == (True, 0, 10)
    assert desk.ask(0, "a", other)[0] is False


def test_windows_end_early_by_what_the_way_may_vary(desk: Desk) -> None:
    second, day = Rate("a", 1, 1), Rate("b", 1, 86_400)
    assert desk.ask(0, rate=second)[0]
    assert [desk.ask(at_s, rate=second)[0] for at_s in (0.89, 0.91)] == [False, True]
    assert desk.ask(0, rate=day)[0]
    assert [desk.ask(at_s, rate=day)[0] for at_s in (86_399.89, 86_399.91)] == [False, True]


def test_what_nobody_asks_for_any_more_is_forgotten(desk: Desk) -> None:
    for n in range(100):
        desk.ask(0, str(n))
    desk.ask(SWEEP_S - 1, "late")
    assert len(desk.windows) == 101
    desk.ask(SWEEP_S, "last")
    assert len(desk.windows) == 2


def test_it_is_told_by_the_wall_clock_how_long_ago_the_oldest_was(desk: Desk) -> None:
    """The wall clock is put back by an hour, and nobody is refused for it."""
    assert desk.ask(0) == (True, 2, 10)
    desk.wall_s -= 3_600
    assert desk.ask(2) == (True, 1, 8)
    desk.wall_s += 3_600
    assert desk.ask(12.5) == (True, 2, 10)


@given(
    st.integers(1, 8),
    st.integers(1, 20),
    st.lists(st.floats(0, 5), min_size=1, max_size=60),
)
def test_no_window_ever_holds_more_than_the_quota_and_whoever_waits_is_let_in(
    quota: int, window_s: int, pauses: list[float]
) -> None:
    desk, rate = Desk(), Rate("some", quota, window_s)
    at_s = 0.0
    taken: list[float] = []
    for pause in pauses:
        at_s += pause
        now_s = 1000.0 + at_s
        allowed, remaining, reset_s = desk.ask(at_s, rate=rate)
        enforced_s = window_s - min(window_s * LEEWAY, LEEWAY_MAX_S)
        within = [then for then in taken if then > now_s - enforced_s]
        assert allowed == (len(within) < quota)
        assert remaining == max(0, quota - len(within) - 1)
        assert 1 <= reset_s <= window_s
        if allowed:
            taken.append(now_s)
        else:
            assert within[0] + window_s <= now_s + reset_s + 0.001
