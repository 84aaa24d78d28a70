"""The composition root of the offscreen page: connects the ports, and listens for requests."""

from __future__ import annotations

import asyncio
from typing import Any

import js
from pyodide.ffi import create_proxy

from heyho import texts
from heyho.archive.service import Archive, ArchivePorts
from heyho.browser.archive import IdbArchiveStore
from heyho.browser.catalog import IdbCatalogStore, SystemCalendar
from heyho.browser.extension import ExtensionBrowser, SystemClock
from heyho.browser.http import FetchTransport
from heyho.browser.idb import Database
from heyho.browser.interop import storage_errors, to_object, to_value
from heyho.browser.sources import BlobFiles, RecorderHistory
from heyho.browser.stores import (
    IdbEventLog,
    IdbLedgerStore,
    IdbRunStore,
    IdbStateStore,
    IdbVisitStore,
)
from heyho.browser.workers import BrowserWorkers
from heyho.catalog.service import CatalogService
from heyho.control import Control
from heyho.errors import HeyhoError
from heyho.front import Front
from heyho.past import Past
from heyho.runs import Boot
from heyho.service import Ports, Service


class Engine:
    """What engine.js calls."""

    def __init__(self, open_database: Any, start_worker: Any, boot: Boot) -> None:
        self._start_worker = start_worker
        self._boot = boot
        self._answers: set[asyncio.Future[None]] = set()
        self._control = asyncio.ensure_future(self._connect(open_database))

    def handle(self, request: Any, respond: Any) -> None:
        """Answer one chrome.runtime message; `respond` is called once."""
        answer = asyncio.ensure_future(self._answer(to_value(request), respond))
        self._answers.add(answer)
        answer.add_done_callback(self._answers.discard)

    async def _connect(self, open_database: Any) -> Control:
        with storage_errors():
            database = Database(await open_database())
        browser, transport = ExtensionBrowser(), FetchTransport()
        ports = Ports(
            clock=SystemClock(),
            events=IdbEventLog(database),
            visits=IdbVisitStore(database),
            ledger=IdbLedgerStore(database),
            state=IdbStateStore(database),
            runs=IdbRunStore(database),
            transport=transport,
            workers=BrowserWorkers(self._start_worker),
            browser=browser,
        )
        catalog = CatalogService(
            clock=ports.clock,
            store=IdbCatalogStore(database),
            state=ports.state,
            calendar=SystemCalendar(),
        )

        async def halt() -> bool:
            return await control.runs.halt()

        def let_go() -> None:
            control.runs.let_go()

        async def resume() -> None:
            await control.runs.resume()

        archive = Archive(
            ports,
            ArchivePorts(
                store=IdbArchiveStore(database),
                history=RecorderHistory(browser.tell),
                files=BlobFiles(),
                caller=transport,
                catalog=catalog,
            ),
            halt=halt,
            let_go=let_go,
            resume=resume,
        )
        services: list[Service] = [
            archive,
            catalog,
            Front(state=ports.state, visits=ports.visits),
            Past(runs=ports.runs, ledger=ports.ledger),
            archive.orders,
        ]
        control = Control(ports, self._boot, services, before_run=archive.before_run)
        control.quiet.linger()
        return control

    async def _answer(self, request: Any, respond: Any) -> None:
        try:
            control = await asyncio.shield(self._control)
        except Exception as error:
            sentence = error.sentence if isinstance(error, HeyhoError) else repr(error)
            respond(to_object({"ok": False, "error": sentence}))
            js.window.close()
            if not isinstance(error, HeyhoError):
                raise
            return
        try:
            respond(to_object(await control.answer(request if isinstance(request, dict) else {})))
        except Exception as error:
            respond(to_object({"ok": False, "error": f"Heyho failed unexpectedly: {error!r}"}))
            raise


def start(open_database: Any, start_worker: Any, source: str, sentences: str) -> Any:
    """Start the engine; returns what engine.js hands its messages to.

    Args:
        open_database: the JavaScript function that resolves to an IDBDatabase.
        start_worker: boot.js's function that starts a Web Worker of a name.
        source: what the interpreter was booted from.
        sentences: the text of the person's `messages.json`; empty where it could not be read.
    """
    if sentences:
        texts.use(texts.from_file(sentences))
    boot = Boot(source, float(js.Date.now()))
    return create_proxy(Engine(open_database, start_worker, boot))
