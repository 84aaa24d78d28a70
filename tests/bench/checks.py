"""What the bench measures beside its rows, as data."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from playwright.sync_api import Playwright

from bench.figures import Figure
from bench.plan import Plan
from bench.planning import planning
from bench.preparing import preparing


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One subject, of which there may be several figures.

    Attributes:
        name: what --rows is matched with.
        measure: carries it out.
        with_backlog: whether it is about a long backlog, and left out where there is none.
    """

    name: str
    measure: Callable[[Plan, Playwright], list[Figure]]
    with_backlog: bool = False


CHECKS = [
    Check(name="Preparing", measure=preparing),
    Check(name="Planning", measure=planning),
]


def planned(pattern: re.Pattern[str], plan: Plan, checks: Sequence[Check] = CHECKS) -> list[Check]:
    """Those in whose name a regular expression is found, and which the plan has room for."""
    return [
        check
        for check in checks
        if pattern.search(check.name) and (plan.backlog or not check.with_backlog)
    ]
