"""Compares what a device believes with what its server has."""

from __future__ import annotations

from fault.server import Server
from heyho.settings import Settings
from heyho.sync.ledger import Ledger
from unit.sync.device import Device


def waiting(device: Device, settings: Settings) -> set[str]:
    """The ids of the visits that are not acknowledged, by what is committed."""
    ledgers = device.database.state.get("ledger", {})
    ledger = Ledger.from_record(ledgers.get(settings.destination, ()))
    return {visit["id"] for seq, visit in device.database.visits.items() if seq not in ledger}


def missing(device: Device, server: Server, settings: Settings) -> set[str]:
    """The visits that count as done, though the server has neither stored nor refused them."""
    done = device.visits.keys() - waiting(device, settings)
    return set(done - server.database.visits.keys() - device.quarantine.keys())


def assert_nothing_is_made_up(device: Device, server: Server) -> None:
    """The server has nothing but visits as they were recorded, and quarantine what it refuses."""
    database = server.database
    assert all(visit == device.visits[key] for key, visit in database.visits.items())
    assert device.quarantine.keys() <= database.refused


def assert_sent_again_with_reason(server: Server, *, lost_workers: int) -> None:
    """A visit goes again only after an answer, or a worker with its answer, was lost."""
    for visit_id, times in server.database.arrivals.items():
        assert times <= 1 + server.unheard[visit_id] + lost_workers, visit_id
