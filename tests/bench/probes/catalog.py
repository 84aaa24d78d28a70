"""The catalog as the engine keeps it and asks it. Runs in Pyodide, in a page."""

from __future__ import annotations

from typing import Any

import js

from heyho.browser.catalog import IdbCatalogStore, SystemCalendar
from heyho.browser.extension import SystemClock
from heyho.browser.idb import Database
from heyho.browser.interop import to_object, to_value
from heyho.browser.stores import IdbStateStore
from heyho.catalog.service import CatalogService


def _service(raw: Any) -> CatalogService:
    database = Database(raw)
    return CatalogService(
        clock=SystemClock(),
        store=IdbCatalogStore(database),
        state=IdbStateStore(database),
        calendar=SystemCalendar(),
    )


async def index(raw: Any) -> Any:
    """Index all visits; returns the seconds of each step."""
    service = _service(raw)
    took, more = [], True
    while more:
        begun = js.performance.now()
        more = await service.step()
        took.append((js.performance.now() - begun) / 1000)
    return to_object(took)


async def ask(raw: Any, request: Any, times: int) -> Any:
    """Ask so often; returns the slowest answer's milliseconds, and what the last one found."""
    service = _service(raw)
    asked = to_value(request)
    took = []
    for _ in range(times):
        begun = js.performance.now()
        reply = await service.handlers[asked["kind"]](asked)
        took.append(js.performance.now() - begun)
    found = reply["visits"]
    return to_object([max(took), len(found) if isinstance(found, list) else found])


async def size(raw: Any) -> Any:
    """The bytes of the rows of the index, and the letters of the days."""
    database = Database(raw)
    words = await database.ask("words", _all, lambda rows: [row.byteLength for row in rows])
    days = await database.ask("days", _all, lambda rows: [len(row) for row in rows])
    return to_object([sum(words), sum(days)])


def _all(store: Any) -> Any:
    return store.getAll()
