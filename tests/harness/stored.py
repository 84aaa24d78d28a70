"""What the server has, read from its database, and held against what was made."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from harness.journey import Made
from heyho.model import IdlePeriod, Visit

CLOCK_GRAIN_MS = 1.0


@dataclass(frozen=True, slots=True)
class Stored:
    """A visit as the server has it."""

    id: str
    url: str
    title: str
    started_at: int
    ended_at: int
    active_ms: int
    source_id: str | None


def stored_visits(data_dir: Path) -> list[Stored]:
    """Every visit in the database of a running or stopped server."""
    query = (
        "SELECT id, url, title, started_at, ended_at, active_duration_ms, source_page_visit_id "
        "FROM visits ORDER BY started_at, id"
    )
    with closing(sqlite3.connect(data_dir / "heyho.sqlite3")) as database:
        return [Stored(*row) for row in database.execute(query)]


def stored_history(data_dir: Path) -> list[Visit]:
    """The same rows, whole."""
    query = (
        "SELECT id, url, title, domain, started_at, ended_at, active_duration_ms, idle_periods, "
        "tab_id, window_id, transition, source_page_visit_id, anonymous_client_id, seq FROM visits"
    )
    with closing(sqlite3.connect(data_dir / "heyho.sqlite3")) as database:
        database.row_factory = sqlite3.Row
        rows = [dict(row) for row in database.execute(query)]
    for row in rows:
        row["idle_periods"] = tuple(IdlePeriod(*idle) for idle in json.loads(row["idle_periods"]))
    return [Visit(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How stored visits differ from those made: sentences, one for each difference."""

    lost: list[str]
    duplicated: list[str]


def compare(made: Sequence[Made], stored: Sequence[Stored]) -> Verdict:
    """Match each made visit with one stored visit; what is left over is a double."""
    urls = {visit.id: visit.url for visit in stored}
    left = list(stored)
    lost = []
    for wanted in made:
        for visit in left:
            if not _differences(wanted, visit, urls):
                left.remove(visit)
                break
        else:
            near = [_differences(wanted, visit, urls) for visit in left if visit.url == wanted.url]
            lost.append(f"{wanted.url}: {min(near, key=len) if near else 'not there'}")
    return Verdict(lost, [f"{visit.url} at {visit.started_at}" for visit in left])


def _differences(wanted: Made, visit: Stored, urls: dict[str, str]) -> list[str]:
    source = urls.get(visit.source_id or "")
    found = []
    if visit.url != wanted.url:
        found.append(f"the address is {visit.url}")
    if visit.title != wanted.title:
        found.append(f"the title is “{visit.title}”, not “{wanted.title}”")
    if source != wanted.source_url:
        found.append(f"it came from {source}, not {wanted.source_url}")
    earliest, latest = wanted.began_after - CLOCK_GRAIN_MS, wanted.began_before + CLOCK_GRAIN_MS
    if not earliest <= visit.started_at <= latest:
        found.append(f"it began at {visit.started_at}, not in {earliest:.0f}..{latest:.0f}")
    if not 0 <= visit.active_ms <= visit.ended_at - visit.started_at:
        found.append(f"it was active for {visit.active_ms} ms")
    return found
