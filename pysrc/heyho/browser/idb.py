"""IndexedDB transactions from Python.

A transaction closes when JavaScript has run its microtasks and no request is pending, and an
`await` in Python takes longer than that. So everything a transaction does happens in callbacks:
its body issues requests, and hands what depends on their results to `then`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from heyho.browser.interop import callbacks, storage_error, storage_errors, to_object

import js  # isort: skip


class Transaction:
    """One transaction under way; lives as long as the body's callbacks do."""

    def __init__(self, transaction: Any, wrap: Callable[[Callable[..., Any]], Any]) -> None:
        self._transaction = transaction
        self._wrap = wrap
        self.failure: BaseException | None = None

    def store(self, name: str) -> Any:
        """An object store of this transaction."""
        return self._transaction.objectStore(name)

    def then(self, request: Any, step: Callable[[Any], None]) -> None:
        """Call `step` with the request's result; an exception in it undoes the transaction."""

        def succeeded(event: Any) -> None:
            try:
                step(event.target.result)
            except BaseException as error:  # noqa: BLE001 (it goes on in `transact`)
                self.failure = error
                self._transaction.abort()

        request.onsuccess = self._wrap(succeeded)

    def tolerate(self, request: Any, error_name: str) -> None:
        """Let the transaction go on when this request fails with that error."""

        def failed(event: Any) -> None:
            if event.target.error.name == error_name:
                event.preventDefault()
                event.stopPropagation()

        request.onerror = self._wrap(failed)


class Database:
    """An open database.

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
            BaseException: what a step raised; nothing has been written.
        """
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with callbacks() as wrap, storage_errors():
            raw = self._database.transaction(to_object(list(stores)), mode)
            transaction = Transaction(raw, wrap)

            def completed(_: Any) -> None:
                if not ended.done():
                    ended.set_result(None)

            def aborted(_: Any) -> None:
                if not ended.done():
                    ended.set_exception(transaction.failure or storage_error(raw.error))

            raw.oncomplete = wrap(completed)
            raw.onabort = wrap(aborted)
            body(transaction)
            await ended

    async def ask(self, store: str, request: Callable[[Any], Any]) -> Any:
        """Make one read-only request of a store and return its raw result."""
        results: list[Any] = []

        def body(transaction: Transaction) -> None:
            transaction.then(request(transaction.store(store)), results.append)

        await self.transact([store], "readonly", body)
        return results[0]


def between(first: int, last: int) -> Any:
    """The key range of both ends and everything between them."""
    return js.IDBKeyRange.bound(first, last)
