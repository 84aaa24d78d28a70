"""Values across the bridge: JSON-like ones by copy, callbacks and errors in one place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import js
from pyodide.ffi import JsException, create_proxy

from heyho.errors import StorageBlocked, StorageError, StorageFull, StorageTooNew


def to_object(value: Any) -> Any:
    """A JavaScript copy of a JSON-like value: dictionaries are plain objects, None is null."""
    return js.JSON.parse(json.dumps(value))


def to_value(value: Any) -> Any:
    """A Python copy of a JSON-like JavaScript value; null and undefined become None."""
    text = js.JSON.stringify(value)
    return json.loads(text) if isinstance(text, str) else None


@contextmanager
def callbacks() -> Iterator[Callable[[Callable[..., Any]], Any]]:
    """Gives a function that wraps Python callables for JavaScript until the block ends."""
    proxies: list[Any] = []

    def wrap(function: Callable[..., Any]) -> Any:
        proxy = create_proxy(function)
        proxies.append(proxy)
        return proxy

    try:
        yield wrap
    finally:
        for proxy in proxies:
            proxy.destroy()


def storage_error(error: Any) -> StorageError:
    """The StorageError of a DOMException, or of what openDatabase rejects with."""
    name = getattr(error, "name", "")
    if name == "QuotaExceededError":
        return StorageFull(
            "There is no room left on this device. Free some space; nothing is lost."
        )
    if name == "BlockedError":
        return StorageBlocked(
            "Another Heyho page still uses the old database. Close Heyho's pages, then try again."
        )
    if name == "VersionError":
        return StorageTooNew(
            "The history was written by a newer Heyho. Install that version again; nothing is lost."
        )
    return StorageError(f"The browser's database refused: {getattr(error, 'message', error)}")


@contextmanager
def storage_errors() -> Iterator[None]:
    """Translates what IndexedDB throws into StorageError."""
    try:
        yield
    except JsException as error:
        raise storage_error(error.js_error if hasattr(error, "js_error") else error) from error
