"""Memory pressure: V8 does not see all of the memory that a run leaves to its garbage collector.

The results of IndexedDB's requests and the bodies of fetches belong to objects that only a major
collection frees, and most of their memory lies outside of V8's heap, where it is not counted. So
V8 sees no reason to collect, and a long run would pile up more than a hundred megabytes. What it
does count is an ArrayBuffer: one of more than 64 MiB makes it begin a major collection, which goes
on beside the work. Nobody touches that buffer, so it takes no memory from the machine.
"""

from __future__ import annotations

from contextlib import suppress

import js
from pyodide.ffi import JsException

_SEEN_BYTES = 96 * 2**20
_EVERY_BYTES = 6_000_000
"""Of JSON. Once and a half as much lies about beside it by then."""


class MemoryPressure:
    """Lets V8 know, from time to time, that much has been read."""

    def __init__(self) -> None:
        self._unseen_bytes = 0

    def add(self, json_bytes: int) -> None:
        """As much was read, and will soon be garbage."""
        self._unseen_bytes += json_bytes
        if self._unseen_bytes >= _EVERY_BYTES:
            self._unseen_bytes = 0
            with suppress(JsException):  # where there is no room for it, V8 has begun already
                js.ArrayBuffer.new(_SEEN_BYTES).transfer(0)
