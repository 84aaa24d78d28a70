"""How long to wait after a failed run."""

from __future__ import annotations

from heyho.sync.quota import MAX_RETRY_S

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


def quiet_until_ms(not_before: object, now_ms: float) -> float:
    """Until when the server wants to be left alone, in epoch milliseconds; 0 if it does not.

    It never asks for more than an hour: what is left beyond that comes from a clock set back.

    Args:
        not_before: what was stored of its wish.
    """
    if not isinstance(not_before, (int, float)):
        return 0.0
    return not_before if 0 < not_before - now_ms <= 1000 * MAX_RETRY_S else 0.0
