"""Measures whether the server's memory grows with what it has taken in."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Playwright

from bench.figures import Figure
from bench.plan import Plan
from bench.senders import BATCH, ROOMY, batches, send_all
from harness.processes import peak_memory_mb
from harness.server import ServerProcess

SHARE = 10
SENDERS = 4
GOAL = 1.1


def growth(plan: Plan, _: Playwright) -> list[Figure]:
    """The most memory up to the end against the most up to the first tenth."""
    count = max(plan.backlog // BATCH, SHARE)
    first = count // SHARE
    with tempfile.TemporaryDirectory() as folder, ServerProcess(Path(folder), env=ROOMY) as server:
        send_all(server, batches(first), SENDERS)
        early_mb = peak_memory_mb(server.pid)
        send_all(server, batches(count - first, first), SENDERS)
        late_mb = peak_memory_mb(server.pid)
    return [
        Figure(
            name=f"memory of the server, {count * BATCH:,} visits",
            unit="MB",
            measured=[late_mb],
            against=f"the first {first * BATCH:,}",
            reference=[early_mb],
            goal=GOAL,
        )
    ]
