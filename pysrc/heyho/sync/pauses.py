"""How long to wait after a failed run."""

from __future__ import annotations

FIRST_PAUSE_MIN = 0.5  # the shortest alarm that Chrome keeps
GROWTH = 2.0


def retry_delay_min(
    failures: int, *, period_minutes: float, retry_after_s: float | None = None
) -> float | None:
    """Minutes until the next try after `failures` failed runs in a row, 1 or more.

    The pause doubles with each failure and is never shorter than the server asked for. None
    means that the periodic sync comes first anyway.
    """
    pause: float = FIRST_PAUSE_MIN * GROWTH ** (min(failures, 32) - 1)
    if retry_after_s is not None:
        pause = max(pause, retry_after_s / 60)
    return pause if pause < period_minutes else None
