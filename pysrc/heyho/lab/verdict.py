"""Which way suits, and why. Pure: from what was measured to a verdict that a page puts in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from heyho.lab.measure import Bounds, Measure
from heyho.lab.ways import WAYS

TIE_RATIO = 0.1
TIE_MS = 60.0
"""Less than that is chance, or nobody feels it: the simpler way wins. Where two measures of the
same way usually differ by more, so do two of different ways."""
HELD_SHARE = 0.8
"""The share of the best time for which the server's limits account, where they decide."""

Reason = Literal[
    "unfinished",
    "one_batch",
    "limited",
    "quota",
    "same",
    "batches",
    "connections",
    "enough",
    "lanes",
    "auto",
    "workers",
]
"""
- unfinished: fewer than two ways came to their end.
- one_batch: there was nothing to send at once.
- limited: the server's limits decide, so that the differences say little.
- quota: more lanes did not help, because the server's limits hold them back.
- same: one by one is as quick as anything.
- batches: there were no more batches than lanes.
- connections: more lanes have to wait for the browser's connections.
- enough: more lanes did not help.
- lanes: each further lane helped, or there was none to compare with.
- auto: the number of lanes that followed the server beat every fixed one.
- workers: preparing in threads of their own was worth it.
"""
_BY_WAY: dict[str, Reason] = {"sequential": "same", "auto": "auto", "parallel": "workers"}
_SIMPLE = {way.name: place for place, way in enumerate(WAYS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What to tell the person.

    Attributes:
        best: the way that suits; None where there is nothing to tell.
        compared: the one to compare it with: one by one, or the slowest.
        quota, window_s: the server's limit that decides, where it does.
        failed: the ways that did not come to their end.
        batches: how many there were.
        quickest: a way that took clearly less than the best, where that was chance; else None.
        chance_ms: by how much two measures of the same way usually differed.
    """

    reason: Reason
    best: Measure | None = None
    compared: Measure | None = None
    quota: int | None = None
    window_s: float | None = None
    failed: tuple[str, ...] = ()
    batches: int = 0
    quickest: Measure | None = None
    chance_ms: float = 0.0

    def to_record(self) -> dict[str, Any]:
        """The stored form."""
        return {
            "reason": self.reason,
            "best": self.best.way if self.best else None,
            "bestMs": self.best.ms if self.best else None,
            "compared": self.compared.way if self.compared else None,
            "comparedMs": self.compared.ms if self.compared else None,
            "changes": self.best.changes if self.best else None,
            "quota": self.quota,
            "windowS": self.window_s,
            "failed": list(self.failed),
            "batches": self.batches,
            "quickest": self.quickest.way if self.quickest else None,
            "quickestMs": self.quickest.ms if self.quickest else None,
            "chanceMs": self.chance_ms,
        }


def judge(measures: Sequence[Measure], bounds: Bounds) -> Verdict:
    """Choose the quickest way, and among those that are about as quick the simplest one."""
    whole = sorted((it for it in measures if it.is_whole), key=lambda it: _SIMPLE[it.way])
    failed = tuple(it.way for it in measures if not it.is_whole)
    if len(whole) < 2:
        return Verdict(reason="unfinished", failed=failed, batches=bounds.batches)
    quickest = min(whole, key=lambda it: it.ms)
    least_ms = quickest.ms
    chance_ms = median(it.spread_ms for it in whole)
    tie_ms = max(TIE_MS, TIE_RATIO * least_ms)
    best = next(it for it in whole if it.ms <= least_ms + max(tie_ms, chance_ms))
    others = [it for it in whole if it is not best]
    compared = whole[0] if best is not whole[0] else max(others, key=lambda it: it.ms)
    reason = _reason(best, whole, bounds, least_ms)
    quota = bounds.quota if reason in ("limited", "quota") else None
    return Verdict(
        reason=reason,
        best=best,
        compared=compared,
        quota=quota.quota if quota else None,
        window_s=quota.window_s if quota else None,
        failed=failed,
        batches=bounds.batches,
        quickest=quickest if best.ms > least_ms + tie_ms else None,
        chance_ms=chance_ms,
    )


def _reason(best: Measure, whole: Sequence[Measure], bounds: Bounds, least_ms: float) -> Reason:
    if bounds.batches < 2:
        return "one_batch"
    if bounds.quota_ms >= HELD_SHARE * least_ms:
        return "limited"
    if best.way in _BY_WAY:
        return _BY_WAY[best.way]
    more = [it for it in whole if it.way.startswith("concurrent") and it.lanes > best.lanes]
    return _why_no_more(best, more[0], bounds) if more else "lanes"


def _why_no_more(best: Measure, more: Measure, bounds: Bounds) -> Reason:
    """Why a way with more lanes is no better."""
    if bounds.is_held(more.lanes):
        return "quota"
    if bounds.batches <= best.lanes:
        return "batches"
    return "connections" if bounds.connections <= best.lanes + 1 else "enough"
