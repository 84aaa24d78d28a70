"""What the bench measures beside its rows, as data."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from playwright.sync_api import Playwright

from bench.catalog import catalog
from bench.crowd import crowd
from bench.dashboard import dashboard
from bench.figures import Figure
from bench.growth import growth
from bench.ingest import ingest_postgres, ingest_sqlite
from bench.memory import memory
from bench.plan import Plan
from bench.planning import planning
from bench.preparing import preparing
from bench.search import search
from harness.processes import Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One subject, of which there may be several figures.

    Attributes:
        name: what --rows is matched with.
        measure: carries it out.
        with_backlog: whether it is about a long backlog, and left out where there is none.
        metered: whether it reads what processes use, and is left out where the system hides it.
    """

    name: str
    measure: Callable[[Plan, Playwright], list[Figure]]
    with_backlog: bool = False
    metered: bool = False


CHECKS = [
    Check(name="Preparing", measure=preparing),
    Check(name="Planning", measure=planning),
    Check(name="Catalog", measure=catalog),
    Check(name="Dashboard", measure=dashboard),
    Check(name="Memory", measure=memory, with_backlog=True, metered=True),
]

# Of the server alone.
SERVER_CHECKS = [
    Check(name="SQLite", measure=ingest_sqlite),
    Check(name="PostgreSQL", measure=ingest_postgres),
    Check(name="Crowd", measure=crowd),
    Check(name="Search", measure=search, with_backlog=True),
    Check(name="Growth", measure=growth, with_backlog=True, metered=True),
]


def planned(pattern: re.Pattern[str], plan: Plan, checks: Sequence[Check] = CHECKS) -> list[Check]:
    """Those in whose name a regular expression is found, and which can be measured here."""
    return [
        check
        for check in checks
        if pattern.search(check.name)
        and (plan.backlog or not check.with_backlog)
        and (Meter.works_here() or not check.metered)
    ]
