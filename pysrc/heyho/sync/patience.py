"""Whether and when a batch is tried again within a run.

Exponential backoff with full jitter (M. Brooker, "Exponential Backoff And Jitter", AWS
Architecture Blog, 2015): the pause before a further attempt is drawn evenly from zero to a bound
that doubles with each attempt, so that lanes and devices that failed together do not come back
together.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from heyho.errors import SyncError

BASE_S = 0.5
CAP_S = 30.0
MAX_ATTEMPTS = 5
MAX_DROUGHT_S = 60.0
MAX_WAIT_S = 65.0  # a window of a minute, and a margin


class Patience:
    """A run's patience with its server.

    Args:
        now_s: seconds on a clock that never goes back.
        random: where jitter comes from.
    """

    def __init__(self, *, now_s: Callable[[], float], random: Random) -> None:
        self._now_s = now_s
        self._random = random
        self._success_at = self._waited_to = now_s()

    def succeeded(self) -> None:
        """Note that the server has taken a batch."""
        self._success_at = self._now_s()

    def waited(self, since_s: float) -> None:
        """Note that nothing was asked of the server since then, because its limits forbade it."""
        now_s = self._now_s()
        self._success_at += now_s - max(since_s, self._waited_to, self._success_at)
        self._waited_to = now_s

    @property
    def spent(self) -> bool:
        """Whether nothing at all has got through for `MAX_DROUGHT_S`."""
        return self._now_s() - self._success_at > MAX_DROUGHT_S

    def is_over(self, error: SyncError, *, attempt: int) -> bool:
        """Whether a batch whose attempt, 1 or more, ended in this error waits for the next run.

        It does when the error will not pass by itself, the batch has been tried `MAX_ATTEMPTS`
        times, the patience is spent, or the server asked for more than `MAX_WAIT_S`.
        """
        asked_s = error.retry_after_s or 0.0
        return not error.passes or attempt >= MAX_ATTEMPTS or self.spent or asked_s > MAX_WAIT_S

    def pause_s(self, error: SyncError, *, attempt: int) -> float | None:
        """Seconds to wait after an attempt that ended in this error; None when it `is_over`."""
        if self.is_over(error, attempt=attempt):
            return None
        bound_s = min(CAP_S, BASE_S * 2 ** (attempt - 1))
        return (error.retry_after_s or 0.0) + self._random.uniform(0, bound_s)
