"""IndexedDB transactions from Python.

A transaction closes when JavaScript has run its microtasks and no request is pending, and an
`await` in Python takes longer than that. So everything a transaction does happens in callbacks:
its body issues requests, and hands what depends on their results to `then`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import js

from heyho.browser.interop import Callbacks, storage_error, storage_errors, to_object


class Transaction:
    """One transaction under way."""

    def __init__(self, transaction: Any, callbacks: Callbacks) -> None:
        self._transaction = transaction
        self._callbacks = callbacks
        self.failure: Exception | None = None

    def store(self, name: str) -> Any:
        """An object store of this transaction."""
        return self._transaction.objectStore(name)

    def then(self, request: Any, step: Callable[[Any], None]) -> None:
        """Call `step` with the request's result; an exception in it undoes the transaction."""

        def succeeded(event: Any) -> None:
            try:
                step(event.target.result)
            except Exception as error:  # noqa: BLE001 (it goes on in `transact`)
                self.failure = error
                self._transaction.abort()

        request.onsuccess = self._callbacks.wrap(succeeded)

    def tolerate(self, request: Any, error_name: str) -> None:
        """Let the transaction go on when this request fails with that error."""

        def failed(event: Any) -> None:
            if event.target.error.name == error_name:
                event.preventDefault()
                event.stopPropagation()

        request.onerror = self._callbacks.wrap(failed)


class Database:
    """An open database.

    Whoever waits here may be cancelled: what was asked of the database happens all the same.

    Args:
        database: an IDBDatabase.
    """

    def __init__(self, database: Any) -> None:
        self._database = database

    async def transact(
        self, stores: Sequence[str], mode: str, body: Callable[[Transaction], None]
    ) -> None:
        """Run `body` and wait until its transaction is complete.

        Raises:
            StorageError: the browser refused; nothing has been written.
            Exception: what a step raised; nothing has been written.
        """
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        callbacks = Callbacks()

        def completed(_: Any) -> None:
            callbacks.release_soon()
            if not ended.done():
                ended.set_result(None)

        def aborted(_: Any) -> None:
            callbacks.release_soon()
            if not ended.done():
                ended.set_exception(transaction.failure or storage_error(raw.error))

        with storage_errors():
            raw = self._database.transaction(to_object(list(stores)), mode)
            raw.oncomplete, raw.onabort = callbacks.wrap(completed), callbacks.wrap(aborted)
            transaction = Transaction(raw, callbacks)
            body(transaction)
        await ended

    async def ask(
        self,
        store: str,
        request: Callable[[Any], Any],
        read: Callable[[Any], Any] = lambda result: result,
    ) -> Any:
        """Make one read-only request of a store, and return what `read` makes of its result.

        `read` is called in the request's own callback, as soon as the result is there. The end
        of the transaction is not waited for: the database gets to it only after all the requests
        that other transactions have made in the meantime.
        """
        answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        callbacks = Callbacks()

        def succeeded(event: Any) -> None:
            callbacks.release_soon()
            if answered.done():
                return
            try:
                answered.set_result(read(event.target.result))
            except Exception as error:  # noqa: BLE001 (it goes on in whoever asked)
                answered.set_exception(error)

        def failed(event: Any) -> None:
            callbacks.release_soon()
            if not answered.done():
                answered.set_exception(storage_error(event.target.error))

        with storage_errors():
            pending = request(self._database.transaction(store).objectStore(store))
            pending.onsuccess, pending.onerror = callbacks.wrap(succeeded), callbacks.wrap(failed)
        return await answered


def between(first: Any, last: Any) -> Any:
    """The key range of both ends and everything between them."""
    return js.IDBKeyRange.bound(first, last)
