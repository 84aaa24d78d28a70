"""Retries: bounded in number and time, with full jitter, and only for what may pass."""

from __future__ import annotations

from random import Random
from statistics import mean

import pytest

from heyho.errors import (
    NotSignedIn,
    RateLimited,
    Refused,
    ServerFailed,
    SyncError,
    TimedOut,
    TooLarge,
    Unintelligible,
    Unreachable,
)
from heyho.sync.patience import BASE_S, CAP_S, MAX_ATTEMPTS, MAX_DROUGHT_S, MAX_WAIT_S, Patience


class Watch:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("kind", [Unreachable, TimedOut, ServerFailed, RateLimited])
def test_what_may_pass_is_tried_again(kind: type[SyncError]) -> None:
    patience = Patience(now_s=Watch(), random=Random(1))
    assert patience.pause_s(kind("no"), attempt=1) is not None


@pytest.mark.parametrize("kind", [NotSignedIn, TooLarge, Refused, Unintelligible])
def test_what_will_not_pass_is_not(kind: type[SyncError]) -> None:
    patience = Patience(now_s=Watch(), random=Random(1))
    assert patience.pause_s(kind("no"), attempt=1) is None


def test_full_jitter() -> None:
    """Evenly from zero to a bound that doubles: half the bound on average."""
    patience = Patience(now_s=Watch(), random=Random(1))
    error = ServerFailed("no")
    for attempt in range(1, MAX_ATTEMPTS):
        bound = min(CAP_S, BASE_S * 2 ** (attempt - 1))
        pauses = [patience.pause_s(error, attempt=attempt) or 0.0 for _ in range(4000)]
        assert 0 <= min(pauses) < 0.01 * bound
        assert 0.99 * bound < max(pauses) <= bound
        assert mean(pauses) == pytest.approx(bound / 2, rel=0.05)


def test_a_batch_has_so_many_attempts() -> None:
    patience = Patience(now_s=Watch(), random=Random(1))
    assert patience.pause_s(ServerFailed("no"), attempt=MAX_ATTEMPTS - 1) is not None
    assert patience.pause_s(ServerFailed("no"), attempt=MAX_ATTEMPTS) is None


def test_a_drought_ends_it_and_success_begins_it_anew() -> None:
    watch = Watch()
    patience = Patience(now_s=watch, random=Random(1))
    watch.now += MAX_DROUGHT_S
    assert patience.pause_s(ServerFailed("no"), attempt=1) is not None
    watch.now += 1
    assert patience.pause_s(ServerFailed("no"), attempt=1) is None
    patience.succeeded()
    assert patience.pause_s(ServerFailed("no"), attempt=1) is not None


def test_time_in_which_nothing_may_be_asked_is_no_drought() -> None:
    watch = Watch()
    patience = Patience(now_s=watch, random=Random(1))
    for lanes_wait_from in (100.0, 110.0):  # the second one's wait lies within that of the first
        watch.now = 150.0
        patience.waited(lanes_wait_from)
    watch.now = 150.0 + MAX_DROUGHT_S
    assert not patience.spent
    watch.now += 1
    assert patience.spent
    patience.succeeded()
    patience.waited(100.0)
    watch.now += MAX_DROUGHT_S + 1
    assert patience.spent, "what came before a success counts for nothing"


def test_a_server_that_asks_for_patience_gets_it_within_reason() -> None:
    patience = Patience(now_s=Watch(), random=Random(1))
    pause = patience.pause_s(RateLimited("no", retry_after_s=7), attempt=1)
    assert pause is not None
    assert 7 <= pause <= 7 + BASE_S
    assert patience.pause_s(RateLimited("no", retry_after_s=MAX_WAIT_S), attempt=1) is not None
    assert patience.pause_s(RateLimited("no", retry_after_s=MAX_WAIT_S + 1), attempt=1) is None
