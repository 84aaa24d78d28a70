"""The composition root of a worker: connects the ports, and takes the engine's messages."""

from __future__ import annotations

import asyncio
from typing import Any

import js
from pyodide.ffi import create_proxy

from heyho.browser.http import FetchTransport
from heyho.browser.idb import Database
from heyho.browser.interop import storage_errors, to_object, to_value
from heyho.browser.stores import IdbVisitStore
from heyho.errands import Errands
from heyho.ports import Record
from heyho.ports.stores import VisitStore


def start(open_database: Any, source: str) -> Any:
    """Start the worker; returns what worker.js hands its messages to.

    Args:
        open_database: the JavaScript function that resolves to an IDBDatabase.
        source: what the interpreter was booted from.
    """
    opening = asyncio.ensure_future(_open(open_database))
    errands = Errands(
        visits=lambda: asyncio.shield(opening),
        transport=FetchTransport(),
        send=_send,
        source=source,
    )
    return create_proxy(lambda message: errands.take(to_value(message)))


async def _open(open_database: Any) -> VisitStore:
    with storage_errors():
        return IdbVisitStore(Database(await open_database()))


def _send(message: Record) -> None:
    js.postMessage(to_object(message))
