"""Workers over the browser's Web Workers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import JsException

from heyho.browser.interop import Callbacks, to_object, to_value
from heyho.ports import Record
from heyho.remote import BOOT_S, HANG_S, RemoteWorker


class BrowserWorkers:
    """Workers, each in a thread with an interpreter of its own.

    Args:
        start_worker: boot.js's function that starts a Web Worker of a name.
        boot_s, hang_s: how patient to be, see `RemoteWorker`.
    """

    def __init__(
        self,
        start_worker: Callable[[str], Any],
        *,
        boot_s: float = BOOT_S,
        hang_s: float = HANG_S,
    ) -> None:
        self._start_worker = start_worker
        self._boot_s = boot_s
        self._hang_s = hang_s

    def start(self) -> RemoteWorker:
        return RemoteWorker(_Thread(self._start_worker), boot_s=self._boot_s, hang_s=self._hang_s)


class _Thread:
    """Line to a Web Worker.

    A worker that closes itself, or that is ended, tells nobody. So it holds a Web Lock for as
    long as it lives; this end asks for the same one, and gets it when the worker is gone.
    """

    def __init__(self, start_worker: Callable[[str], Any]) -> None:
        self._start_worker = start_worker
        self._name = f"heyho-worker-{js.crypto.randomUUID()}"
        self._callbacks = Callbacks()
        self._stop = js.AbortController.new()
        self._watching: asyncio.Future[None] | None = None
        self._worker: Any = None

    def open(self, hear: Callable[[Record], None], lose: Callable[[str], None]) -> None:
        def heard(event: Any) -> None:
            message = to_value(event.data)
            if message["kind"] == "alive":
                self._watching = asyncio.ensure_future(self._watch(lose))
            else:
                hear(message)

        def failed(event: Any) -> None:
            event.preventDefault()
            lose(f"failed ({getattr(event, 'message', None) or 'its script did not load'})")

        self._worker = self._start_worker(self._name)
        self._worker.onmessage = self._callbacks.wrap(heard)
        self._worker.onerror = self._callbacks.wrap(failed)

    def send(self, message: Record) -> None:
        self._worker.postMessage(to_object(message))

    def cut(self) -> None:
        self._worker.onmessage = self._worker.onerror = None
        self._worker.terminate()
        self._stop.abort()
        self._callbacks.release_soon()

    async def _watch(self, lose: Callable[[str], None]) -> None:
        callbacks = Callbacks()
        options = to_object({})
        options.signal = self._stop.signal
        try:
            await js.navigator.locks.request(self._name, options, callbacks.wrap(lambda lock: None))
        except JsException:
            return  # the line was cut first
        finally:
            callbacks.release()
        lose("ended")
