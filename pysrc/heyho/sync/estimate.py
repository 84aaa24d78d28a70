"""How much longer a run takes."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heapreplace

FEW = 1000
SMOOTHING = 0.3


def smoothed(before: float | None, now: float) -> float:
    """The exponentially weighted mean of a series, from the mean before and the next value."""
    return now if before is None else before + SMOOTHING * (now - before)


def time_left(cycle_s: float, ages_s: Sequence[float], *, batches: int, lanes: int) -> float:
    """Seconds until every batch is done, if each takes a lane `cycle_s` seconds.

    Lanes take the next batch when they are free. So the last round counts in full, however few
    batches there are in it, and the estimate of a steady run does not jump.

    Args:
        cycle_s: how long one batch keeps a lane.
        ages_s: for how long each batch under way has kept its lane.
        batches: how many have not begun.
        lanes: how many lanes there are.
    """
    free_in = [max(0.0, cycle_s - age) for age in ages_s]
    free_in += [0.0] * (lanes - len(free_in))
    if batches > FEW:
        return (sum(free_in) + batches * cycle_s) / len(free_in)
    heapify(free_in)
    for _ in range(batches):
        heapreplace(free_in, free_in[0] + cycle_s)
    return max(free_in)
