"""How long Heyho waits after failures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heyho.sync.pauses import FIRST_PAUSE_MIN, retry_delay_min


def test_the_pause_doubles_until_the_periodic_sync_is_sooner() -> None:
    pauses = [retry_delay_min(failures, period_minutes=5) for failures in range(1, 7)]
    assert pauses == [0.5, 1, 2, 4, None, None]


@pytest.mark.parametrize(
    ("retry_after_s", "pause_min"),
    [(0, 0.5), (30, 0.5), (90, 1.5), (299, pytest.approx(299 / 60)), (300, None), (3600, None)],
)
def test_the_server_can_ask_for_a_longer_pause_but_not_for_a_shorter(
    retry_after_s: float, pause_min: float | None
) -> None:
    assert retry_delay_min(1, period_minutes=5, retry_after_s=retry_after_s) == pause_min


@given(
    st.integers(1, 10**6),
    st.integers(1, 1440),
    st.none() | st.floats(0, 3600),
)
def test_a_pause_is_one_that_chrome_keeps_and_before_the_next_sync(
    failures: int, period_minutes: int, retry_after_s: float | None
) -> None:
    pause = retry_delay_min(failures, period_minutes=period_minutes, retry_after_s=retry_after_s)
    assert pause is None or FIRST_PAUSE_MIN <= pause < period_minutes
    if pause is not None and retry_after_s is not None:
        assert pause >= retry_after_s / 60
