"""A server that takes every batch unread, so that it is nobody's bottleneck."""

from __future__ import annotations

import gzip
import json
from itertools import count
from pathlib import Path

from bench.answer import answer, read_body
from bench.rows import BATCH_SIZE
from heyho_server.api.asgi import Receive, Scope, Send

# It has not counted; whoever sends a batch that is not full is told the wrong number.
_TAKEN = json.dumps({"success": True, "data": {"page_visits_synced": BATCH_SIZE}}).encode()


class Sink:
    """Keeps the bodies of batches as files in a folder, in the order in which they came."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._numbers = count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(receive)
        (self._folder / f"{next(self._numbers)}.gz").write_bytes(body)
        await answer(send, _TAKEN, b"application/json")


def sunk_ids(folder: Path) -> list[str]:
    """The id of each visit in the bodies, as often as it came."""
    return [
        visit["id"]
        for file in folder.glob("*.gz")
        for visit in json.loads(gzip.decompress(file.read_bytes()))["pageVisits"]
    ]
