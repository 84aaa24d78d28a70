"""Where visits from elsewhere come from: the browser's own history, and files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import js
from pyodide.ffi import JsException

from heyho import texts
from heyho.errors import HeyhoError
from heyho.ports import Record


class BlobFiles:
    """Files by the blob: URL that a page of the extension has made."""

    async def read(self, url: str) -> AsyncIterator[bytes]:
        try:
            reader = (await js.fetch(url)).body.getReader()
        except JsException:
            raise _gone() from None
        try:
            while True:
                try:
                    piece = await reader.read()
                except JsException:
                    raise _gone() from None
                if piece.done:
                    return
                yield piece.value.to_bytes()
        finally:
            reader.cancel()


def _gone() -> HeyhoError:
    return HeyhoError(texts.text("error_file_gone"))


Tell = Callable[[Record], Awaitable[Record]]


class RecorderHistory:
    """BrowserHistory by way of the service worker, which may call chrome.history."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    async def read(self, from_ms: int, to_ms: int, *, limit: int) -> list[Record] | None:
        request = {"from": from_ms, "to": to_ms, "limit": limit}
        reply = await self._tell({"kind": "history", "request": request})
        if reply.get("allowed") is False:
            raise HeyhoError(texts.text("error_history_denied"))
        pages: list[Record] | None = reply.get("pages")
        return pages
