"""Measures how evenly the server answers while many send at once."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from playwright.sync_api import Playwright

from bench.figures import Figure
from bench.plan import Plan
from bench.senders import ROOMY, Sending, batches, send_all
from harness.postgres import postgres
from harness.server import ServerProcess

BATCHES = 320
SENDERS = 16
GOAL = 5.0


def crowd(plan: Plan, _: Playwright) -> list[Figure]:
    """The slowest hundredth of batches against the median, on each kind of database."""
    bodies = list(batches(BATCHES))
    figures = []
    for kind in ("SQLite", "PostgreSQL"):
        sendings = [_send(bodies, kind) for _ in range(plan.runs)]
        figures.append(
            Figure(
                name=f"the slowest of 100 batches, {SENDERS} senders, {kind}",
                unit="ms",
                measured=[_quantile_ms(sending, 0.99) for sending in sendings],
                against="the median batch",
                reference=[median(sending.latencies_s) * 1000 for sending in sendings],
                goal=GOAL,
            )
        )
    return figures


def _send(bodies: list[bytes], kind: str) -> Sending:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        options: tuple[str, ...] = ()
        if kind == "PostgreSQL":
            url = stack.enter_context(postgres()).create_database()
            options = ("--database-url", url.render_as_string(hide_password=False))
        server = stack.enter_context(ServerProcess(folder / "data", extra_args=options, env=ROOMY))
        return send_all(server, bodies, SENDERS)


def _quantile_ms(sending: Sending, share: float) -> float:
    ordered = sorted(sending.latencies_s)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000
