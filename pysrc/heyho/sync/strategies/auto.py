"""Chooses how a run sends: the decision tree above the strategies.

The tree is that of the document that Heyho comes from, with measured inputs instead of questions.
"""

from __future__ import annotations

from dataclasses import dataclass

from heyho.ports.device import Conditions
from heyho.sync.plan import MAX_LANES, SAFE_LANES, Plan

FEW_LANES = 2
SHORT_MS = 1000.0
"""A backlog that takes no longer one by one is not worth more than a second lane."""
BOOT_MS = 1500.0
"""What workers have to save before they are worth their start."""
WORKER_SHARE = 0.6
"""What a worker adds to the preparing, in engines: they share the database and the cores. Two
workers were measured to take 0.82 to 0.84 of the time that the engine alone takes."""
TYPICAL_SEND_MS = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the tree asks about.

    Attributes:
        batches: how many wait.
        conditions: the device and its connection.
        send_ms: how long one request took lately, or None.
        read_ms: how long preparing one batch took lately, or None.
        lanes: how many lanes the server bore lately, or None.
        room: how many requests the server's quotas leave now; None when it has told nothing, and
            `MAX_LANES` or more when there are no quotas.
        workers: how many the person allows.
    """

    batches: int
    conditions: Conditions
    send_ms: float | None
    read_ms: float | None
    lanes: int | None
    room: int | None
    workers: int


def choose(now: Situation) -> Plan:
    """Walk down the tree."""
    send_ms = now.send_ms or TYPICAL_SEND_MS
    if now.batches <= 1:
        return Plan("sequential", 1, 0, adapts=False, why="one batch waits")
    if now.conditions.metered:
        return Plan("sequential", 1, 0, adapts=False, why="the connection is metered")
    if now.conditions.slow:
        return Plan("concurrent", FEW_LANES, 0, adapts=True, why="the connection is slow")
    if now.batches * send_ms <= SHORT_MS:
        return Plan("concurrent", FEW_LANES, 0, adapts=False, why="the backlog is short")
    lanes, why = _lanes(now)
    workers = min(now.workers, now.conditions.cores)
    if workers > 1 and now.read_ms and now.read_ms > send_ms / lanes:
        shared_ms = max(now.read_ms / (workers * WORKER_SHARE), send_ms / lanes)
        if now.batches * (now.read_ms - shared_ms) > BOOT_MS:
            lanes = max(lanes, workers)
            return Plan("parallel", lanes, workers, adapts=True, why="preparing takes longest")
    return Plan("concurrent", lanes, 0, adapts=True, why=why)


def _lanes(now: Situation) -> tuple[int, str]:
    most = MAX_LANES if now.room is None else max(1, min(now.room, MAX_LANES))
    if now.lanes is not None:
        return min(now.lanes, most), "as many lanes as the server bore last time"
    if now.room is None:
        return SAFE_LANES, "a server that tells no limits"
    if most < MAX_LANES:
        return most, "as many lanes as the server's limits leave room for"
    return MAX_LANES, "a server with room for all lanes"
