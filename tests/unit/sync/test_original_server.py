"""Our extension on the original server: nothing is lost, and nothing is doubled."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from pathlib import Path
from typing import Any

import pytest

from heyho.ports import Record
from heyho.ports.network import Reply
from heyho.testing.loop import jumping
from unit.sync.device import Device

HOUR_S = 3600.0
FIXTURE = json.loads(
    (Path(__file__).parent / "sessions" / "original_server.json").read_text(encoding="utf-8")
)


class OriginalServer:
    """Answers by a script, and keeps what it is told to, by id.

    Attributes:
        script: what is still to come.
        visits: what it has, as it came last.
    """

    def __init__(self) -> None:
        self.script: deque[Record] = deque()
        self.visits: dict[str, Record] = {}

    async def answer(self, method: str, url: str, body: Record | None, token: str | None) -> Reply:
        """An `Answer`."""
        if method == "GET":
            return as_reply(FIXTURE["config"])
        exchange = self.script.popleft()
        assert body is not None
        sent = {visit["id"]: visit for visit in body["pageVisits"]}
        assert list(sent) == exchange["sent"]
        self.visits |= {visit_id: sent[visit_id] for visit_id in exchange["stores"]}
        return as_reply(exchange["reply"])


def as_reply(told: Record) -> Reply:
    return Reply(told["status"], told.get("headers", {}), json.dumps(told["body"]))


@pytest.mark.parametrize("session", FIXTURE["sessions"], ids=lambda session: session["what"])
def test_a_session(session: Any) -> None:
    @jumping
    async def replay() -> None:
        server = OriginalServer()
        device = Device(
            server.answer,
            visits=session["visits"],
            strategy="sequential",
            batchSize=session.get("batchSize", 2),
        )
        for run in session["runs"]:
            server.script.extend(run["exchanges"])
            result = await device.sync()
            assert (result.run.outcome, list(server.script)) == (run["outcome"], [])
            await asyncio.sleep(HOUR_S)
        assert await device.waiting() == []
        assert device.quarantine == session["quarantine"]
        kept = {key: visit for key, visit in device.visits.items() if key not in device.quarantine}
        assert server.visits == kept
        assert (await device.sync()).run.outcome == "nothing"

    replay()
