"""What the handlers work with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from litestar import Request

from heyho_server.limits.limiter import Limiter
from heyho_server.metrics import Metrics
from heyho_server.people.passwords import Passwords
from heyho_server.settings import Limits
from heyho_server.storage.database import Database
from heyho_server.storage.intake.delivery import Intake

AnyRequest = Request[Any, Any, Any]


def system_now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Attributes:
    registration_open: whether anybody may sign up.
    metrics_token: opens the metrics to other machines.
    now_ms: the clock, in epoch milliseconds.
    """

    database: Database
    intake: Intake
    limits: Limits
    limiter: Limiter
    passwords: Passwords = field(default_factory=Passwords)
    registration_open: bool = False
    metrics: Metrics = field(default_factory=Metrics)
    metrics_token: str | None = field(default=None, repr=False)
    now_ms: Callable[[], int] = system_now_ms
