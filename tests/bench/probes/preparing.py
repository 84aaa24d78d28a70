"""Preparing batches as the engine does, without sending them. Runs in Pyodide, in a page."""

from __future__ import annotations

from typing import Any

import js

from heyho.browser.http import FetchTransport
from heyho.browser.idb import Database
from heyho.browser.interop import to_object
from heyho.browser.stores import IdbVisitStore
from heyho.model import SeqRange
from heyho.sync.ahead import reading_ahead
from heyho.sync.batches import cut
from heyho.sync.carriers import OwnThread
from heyho.sync.lanes import Lanes
from heyho.sync.strategies import Verdict
from heyho.sync.strategies.concurrent import concurrent


async def prepare(raw: Any, first: int, last: int, size: int, lanes: int) -> Any:
    """Prepare all visits of a range; returns the seconds it took, and the bytes that came of it."""
    batches = [SeqRange(first, last)]
    sent_bytes = 0
    begun = js.performance.now()
    async with reading_ahead(
        IdbVisitStore(Database(raw)),
        cut(batches, size=size),
        client_id="seeded",
        depth=lanes,
        ready={},
        timed=lambda _: None,
    ) as ahead:
        carrier = OwnThread(ahead, FetchTransport())

        async def send(seqs: SeqRange, *, number: int, lane: int) -> Verdict:
            nonlocal sent_bytes
            payload = await carrier.payload(seqs)
            sent_bytes += payload.sent_bytes
            carrier.let_go(payload)
            return Verdict.DELIVERED

        await concurrent(Lanes(lanes))(cut(batches, size=size), send)
    return to_object([(js.performance.now() - begun) / 1000, sent_bytes])
