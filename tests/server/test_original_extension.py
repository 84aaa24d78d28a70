"""The original extension on our server: a whole session, answer by answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sqlalchemy import select

from heyho_server.storage.tables import tab_aggregates, visits
from server.inside import Inside, bearer, inside

SESSION = json.loads(
    (Path(__file__).parent / "sessions" / "original_extension.json").read_text(encoding="utf-8")
)


def filled(value: Any, known: dict[str, str]) -> Any:
    """A part of the session with what answers have brought in place of its name."""
    if isinstance(value, dict):
        return {name: filled(inner, known) for name, inner in value.items()}
    return known.get(value, value) if isinstance(value, str) else value


def learn(expected: Any, answer: Any, known: dict[str, str]) -> None:
    """Note what an answer brings where the session has a name for it."""
    if isinstance(expected, dict) and isinstance(answer, dict):
        for name in expected.keys() & answer.keys():
            learn(expected[name], answer[name], known)
    elif isinstance(expected, str) and expected.startswith("<"):
        known.setdefault(expected, answer)


@inside()
async def test_a_session_of_the_original_extension(house: Inside) -> None:
    await house.add("ada@example.org")
    known: dict[str, str] = {}
    for exchange in SESSION["exchanges"]:
        house.now_ms += exchange.get("after_s", 0) * 1000
        answer = await house.client.request(
            exchange["method"],
            exchange["path"],
            json=filled(exchange.get("body"), known),
            headers=bearer(known[exchange["token"]]) if "token" in exchange else {},
        )
        learn(exchange["answer"], answer.json(), known)
        expected = filled(exchange["answer"], known)
        assert (answer.status_code, answer.json()) == (exchange["status"], expected), exchange
    assert len(set(known.values())) == 3
    c = visits.c
    columns = (
        *(c.id, c.url, c.title, c.domain, c.started_at, c.ended_at),
        *(c.active_duration_ms, c.category),
    )
    async with house.database.read() as connection:
        stored = await connection.execute(select(*columns).order_by(c.id))
        assert [list(row) for row in stored] == SESSION["stored"]
        details = await connection.scalar(select(c.details).where(c.id == "pv_1")) or {}
        assert details["metadata"] == {"hasVideo": True, "wordCount": 120}
        assert (details["categoryConfidence"], details["categoryMethod"]) == (0.85, "metadata")
        assert list(await connection.scalars(select(tab_aggregates.c.id))) == [
            "agg_1700000000000_41"
        ]
