"""How a run is going to send, by the settings and by what is known of its destination."""

from __future__ import annotations

from heyho.model import ServerLimits
from heyho.ports.device import Conditions
from heyho.settings import Settings
from heyho.sync.pace import Pace
from heyho.sync.plan import MAX_LANES, Plan, fixed_plan
from heyho.sync.strategies.auto import Situation, choose


def plan_run(
    settings: Settings,
    pace: Pace,
    limits: ServerLimits,
    conditions: Conditions,
    *,
    batches: int,
) -> Plan:
    """The plan of the strategy that is set; under `auto`, that of the branch it takes."""
    if settings.strategy != "auto":
        return fixed_plan(settings)
    room = pace.gate.room
    return choose(
        Situation(
            batches=batches,
            conditions=conditions,
            send_ms=pace.send_ms,
            read_ms=pace.read_ms,
            lanes=pace.limit.limit if pace.limit else None,
            room=room.at_once if room else MAX_LANES if limits.rate_limits == [] else None,
            workers=settings.workers,
        )
    )
