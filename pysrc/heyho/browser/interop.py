"""Values across the bridge: JSON-like ones by copy, callbacks and errors in one place."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import js
from pyodide.ffi import JsException, create_proxy

from heyho import texts
from heyho.errors import StorageBlocked, StorageError, StorageFull, StorageTooNew


def to_object(value: Any) -> Any:
    """A JavaScript copy of a JSON-like value: dictionaries are plain objects, None is null."""
    return js.JSON.parse(json.dumps(value))


def to_value(value: Any) -> Any:
    """A Python copy of a JSON-like JavaScript value; null and undefined become None."""
    text = js.JSON.stringify(value)
    return json.loads(text) if isinstance(text, str) else None


class Callbacks:
    """Python callables that JavaScript may call until they are released, all at once."""

    def __init__(self) -> None:
        self._proxies: list[Any] = []

    def wrap(self, function: Callable[..., Any]) -> Any:
        """The form in which JavaScript can call a function."""
        proxy = create_proxy(function)
        self._proxies.append(proxy)
        return proxy

    def release_soon(self) -> None:
        """Release them after the call under way, which may be one of them."""
        asyncio.get_running_loop().call_soon(self.release)

    def release(self) -> None:
        """Give their memory back; none of them may be called any more."""
        while self._proxies:
            self._proxies.pop().destroy()


def storage_error(error: Any) -> StorageError:
    """The StorageError of a DOMException, or of what openDatabase rejects with."""
    name = getattr(error, "name", "")
    if name == "QuotaExceededError":
        return StorageFull(texts.text("error_storage_full"))
    if name == "UnknownError":
        # Which is what Chromium says when not a single byte can be written.
        return StorageError(texts.text("error_storage_disk"))
    if name == "BlockedError":
        return StorageBlocked(texts.text("error_storage_blocked"))
    if name == "VersionError":
        return StorageTooNew(texts.text("error_storage_newer"))
    return StorageError(texts.text("error_storage_refused", getattr(error, "message", error)))


@contextmanager
def storage_errors() -> Iterator[None]:
    """Translates what IndexedDB throws into StorageError."""
    try:
        yield
    except JsException as error:
        raise storage_error(error.js_error if hasattr(error, "js_error") else error) from error
