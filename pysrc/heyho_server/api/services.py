"""What the handlers work with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from litestar import Request

from heyho_server.limiter import Limiter
from heyho_server.settings import Limits
from heyho_server.storage.database import Database
from heyho_server.storage.intake.delivery import Intake

AnyRequest = Request[Any, Any, Any]


def system_now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Attributes:
    now_ms: the clock, in epoch milliseconds.
    """

    database: Database
    intake: Intake
    limits: Limits
    limiter: Limiter
    now_ms: Callable[[], int] = system_now_ms
