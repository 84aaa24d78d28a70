"""Measures how long the server looks for a page of visits, and adds them up, over HTTP."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
from playwright.sync_api import Playwright

from bench.figures import Figure
from bench.library import STEP_MS, bodies, site, word
from bench.plan import Plan
from bench.senders import BATCH, ROOMY, START_MS, send_all
from harness.postgres import postgres
from harness.server import ServerProcess
from heyho_server.settings import DATABASE_FILE

SENDERS = 4
TIMES = 10
"""Each question is asked so often in a run; the slowest answer counts."""
LIMIT_MS = 100.0
FIGURES_LIMIT_MS = 1000.0
PATIENCE_S = 1800.0

_ANALYZED = (
    "SELECT bool_or(last_autoanalyze IS NOT NULL AND n_mod_since_analyze * 5 < n_live_tup) "
    "FROM pg_stat_user_tables WHERE relname LIKE 'visits%'"
)
Parameters = Mapping[str, str | int]


def questions(count: int) -> dict[str, Parameters]:
    """What is asked, by its name, of so many visits."""
    middle = START_MS + count // 2 * STEP_MS
    return {
        "the latest": {},
        "a rare word": {"q": word(25_000)},
        "a word of every hundredth visit": {"q": word(40)},
        "the most frequent word": {"q": word(0)},
        "two frequent words": {"q": f"{word(0)} {word(1)}"},
        "two frequent words that never meet": {"q": "evenly oddly"},
        "a frequent and a rare word": {"q": f"{word(0)} {word(25_000)}"},
        "two letters": {"q": word(0)[:2]},
        "no word of the kind": {"q": "nowhere"},
        "a phrase": {"q": f'"{word(0)} {word(2)}"'},
        "one word and not another": {"q": f"evenly -{word(0)}"},
        "a frequent word, the oldest first": {"q": "evenly", "order": "asc"},
        "a frequent word until the middle": {"q": "evenly", "to": middle},
        "two words that never meet, of a time": {
            "q": "evenly oddly",
            "from": middle,
            "to": middle + 90 * 86_400_000,
        },
        "a frequent word on a frequent site": {"q": "evenly", "domain": site(0)},
        "a frequent word on a rare site": {"q": "evenly", "domain": site(2_900)},
        "a rare site": {"domain": site(2_900)},
        "a frequent site until the middle": {"domain": site(0), "to": middle},
        "a rare device": {"device": "phone"},
        "a rare device and a frequent word": {"device": "phone", "q": "evenly"},
        "a device that is not there": {"device": "tablet", "q": "evenly"},
    }


def search(plan: Plan, _: Playwright) -> list[Figure]:
    """The slowest of several answers to each question, on each kind of database."""
    return [figure for kind in ("SQLite", "PostgreSQL") for figure in _of(kind, plan)]


def _of(kind: str, plan: Plan) -> Iterator[Figure]:
    count = max(plan.backlog // BATCH, 1)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        options: tuple[str, ...] = ()
        if kind == "PostgreSQL":
            cluster = stack.enter_context(postgres())
            url = cluster.create_database()
            options = ("--database-url", url.render_as_string(hide_password=False))
        server = stack.enter_context(ServerProcess(folder, extra_args=options, env=ROOMY))
        send_all(server, bodies(count), SENDERS)
        if kind == "SQLite":
            _wait_until(lambda: _is_searchable(folder / DATABASE_FILE))
        else:
            _wait_until(lambda: cluster.ask(str(url.database), _ANALYZED) == [["t"]])
        client = stack.enter_context(
            httpx.Client(base_url=server.base, headers=server.headers, timeout=60)
        )
        for name, parameters in questions(count * BATCH).items():
            measured = [_slowest_ms(client, "/visits", parameters) for _ in range(plan.runs)]
            yield _figure(f"{kind}, {name}", measured, LIMIT_MS)
        measured = [_slowest_ms(client, "/data/figures", {}, 1) for _ in range(plan.runs)]
        yield _figure(f"{kind}, figures of all", measured, FIGURES_LIMIT_MS)


def _is_searchable(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        waiting = "SELECT 1 FROM visits WHERE search_key IS NULL LIMIT 1"
        return connection.execute(waiting).fetchone() is None


def _wait_until(condition: Callable[[], bool]) -> None:
    """Wait for the work that the database, or the server, does in the background."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the database did not come to rest")
        time.sleep(1)


def _slowest_ms(
    client: httpx.Client, path: str, parameters: Parameters, times: int = TIMES
) -> float:
    slowest = 0.0
    for _ in range(times):
        start = time.perf_counter()
        client.get(path, params=parameters).raise_for_status()
        slowest = max(slowest, time.perf_counter() - start)
    return slowest * 1000


def _figure(name: str, measured: list[float], limit_ms: float) -> Figure:
    return Figure(
        name=name,
        unit="ms",
        measured=measured,
        against="the limit",
        reference=[limit_ms],
        goal=1.0,
    )
