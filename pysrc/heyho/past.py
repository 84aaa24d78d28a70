"""Past syncs, and the visits that servers refused, for pages to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from heyho.ports import Record
from heyho.ports.stores import LedgerStore, RunStore
from heyho.service import Handler

AT_MOST = 100
PARTS = 60


class Past:
    """Answers `runs` {limit, before} and `refused` {limit}.

    The first replies `runs`, newest first, each a run's record with its `key`, and `next`: what
    to give as `before` to read on, None where there is nothing older. The second replies
    `refused`, the latest first: `url`, `title`, `startedAt`, `reason` and `when` of each.
    """

    def __init__(self, *, runs: RunStore, ledger: LedgerStore) -> None:
        self._runs = runs
        self._ledger = ledger

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """See heyho.control.Service."""
        return {"runs": self._answer_runs, "refused": self._answer_refused}

    async def step(self) -> bool:
        """Nothing of it can wait."""
        return False

    async def _answer_runs(self, request: Record) -> Record:
        limit, before = _limit(request), request.get("before")
        found = await self._runs.latest(
            limit + 1, before=int(before) if isinstance(before, (int, float)) else None
        )
        shown = found[:limit]
        return {
            "runs": [
                {**run, "spans": thinned(run.get("spans") or [], _took_ms(run)), "key": key}
                for key, run in shown
            ],
            "next": shown[-1][0] if len(found) > limit else None,
        }

    async def _answer_refused(self, request: Record) -> Record:
        return {
            "refused": [
                {
                    "url": kept["record"].get("url", ""),
                    "title": kept["record"].get("title", ""),
                    "startedAt": kept["record"].get("startedAt"),
                    "reason": kept["reason"],
                    "when": kept["when"],
                }
                for kept in await self._ledger.quarantine(_limit(request))
            ]
        }


def thinned(spans: Sequence[Record], took_ms: float) -> list[Record]:
    """Spans as they can be told apart in a drawing of the whole run.

    Those of a lane which were sent one after the other, and fit into one of `PARTS` parts of the
    run, become one, with the sums of their visits and bytes, and how many there are in `batches`.
    """
    part_ms = took_ms / PARTS

    def place(span: Record) -> tuple[Any, ...]:
        plain = span["status"] == 200 and not span.get("rejected") and not span.get("waited")
        # Whatever is not plain, or can be seen by itself, stays alone.
        alone = not plain or span["end"] - span["start"] >= part_ms
        return span["lane"], span["start"] if alone else span["start"] // part_ms, alone

    result = []
    in_order = sorted(spans, key=lambda span: (span["lane"], span["start"]))
    for _, group in groupby(in_order, key=place):
        together = list(group)
        if len(together) == 1:
            result += together
            continue
        result.append(
            {
                **together[0],
                "end": max(span["end"] for span in together),
                "visits": sum(span["visits"] for span in together),
                "bytes": sum(span["bytes"] for span in together),
                "batches": len(together),
            }
        )
    return result


def _took_ms(run: Record) -> float:
    return float(run.get("endedAt") or run["startedAt"]) - float(run["startedAt"])


def _limit(request: Record) -> int:
    asked = request.get("limit")
    return min(max(int(asked), 1), AT_MOST) if isinstance(asked, (int, float)) else AT_MOST
