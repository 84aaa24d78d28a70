"""Request bodies: read in pieces, decompressed in pieces, and never beyond their limits."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from heyho_server.errors import BadBody, BodyTimeout, ClientGone, TooLarge, UnknownEncoding
from heyho_server.settings import Limits

JSON_TYPES = ("application/json", "text/plain", "")


async def read_json(
    headers: Mapping[str, str], pieces: AsyncIterator[bytes], limits: Limits
) -> bytes:
    """Read a body that is to be JSON, without decoding it.

    A Content-Type other than JSON is refused; none at all, or text/plain, is taken for JSON.

    Args:
        headers: of the request, by lower-case name.
        pieces: the body as it arrives; raises ClientGone where it breaks off.

    Raises:
        RequestError: the body cannot be read, or not within the limits.
    """
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in JSON_TYPES:
        raise UnknownEncoding("The body must be JSON: send Content-Type: application/json.")
    return await read_body(headers, pieces, limits)


async def read_body(
    headers: Mapping[str, str], pieces: AsyncIterator[bytes], limits: Limits
) -> bytes:
    """Read a body and decompress it as its Content-Encoding says: gzip, identity or none."""
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise UnknownEncoding(
            "The body is compressed in a way this server does not know: use gzip or none."
        )
    too_large = TooLarge(
        f"The body is larger than {limits.max_body_bytes} bytes; send fewer records at once."
    )
    declared = headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limits.max_body_bytes:
        raise too_large
    gunzip = Gunzip(limits.max_body_bytes) if encoding.endswith("gzip") else None
    body = bytearray()
    arrived = 0
    async for piece in _with_timeout(pieces, limits.body_idle_s):
        arrived += len(piece)
        if arrived > limits.max_body_bytes:
            raise too_large
        body += gunzip.feed(piece) if gunzip is not None else piece
        if len(body) > limits.max_body_bytes:
            raise too_large
    if gunzip is not None:
        gunzip.finish()
    return bytes(body)


class Gunzip:
    """Decompresses one gzip member piece by piece, up to `limit` bytes in all.

    What lies beyond the limit is never decompressed; one byte more comes out, to tell that there
    was more.
    """

    def __init__(self, limit: int) -> None:
        self._room = limit
        self._stream = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)

    def feed(self, piece: bytes) -> bytes:
        if not piece:
            return b""
        if self._stream.eof:
            raise BadBody("The gzip body goes on after its end; send one gzip member.")
        try:
            out = self._stream.decompress(piece, self._room + 1)
        except zlib.error as problem:
            raise BadBody("The body says it is gzip, but cannot be decompressed.") from problem
        if self._stream.unused_data:
            raise BadBody("The gzip body goes on after its end; send one gzip member.")
        self._room -= len(out)
        return out

    def finish(self) -> None:
        """Raises BadBody where the member was cut off."""
        if not self._stream.eof:
            raise BadBody("The gzip body is cut off; send it whole.")


def decode_json(body: bytes) -> Any:
    """Decode strict JSON in UTF-8.

    Not msgspec: it refuses a whole body for one lone surrogate (`"\\ud83d"`, which browsers make
    of a title that was cut in the middle of an emoji), where only one record is at fault. Where a
    name comes twice in an object, the last one counts, as in JavaScript.
    """
    if not body:
        raise BadBody("The body is empty; send a JSON object.")
    try:
        return _DECODER.decode(body.decode("utf-8"))
    except UnicodeDecodeError as problem:
        raise BadBody("The body is not valid UTF-8.") from problem
    except RecursionError as problem:
        raise BadBody("The body is nested too deeply.") from problem
    except _Unacceptable as problem:
        raise BadBody(str(problem)) from problem
    except ValueError as problem:
        at = f" (at character {problem.pos})" if isinstance(problem, json.JSONDecodeError) else ""
        raise BadBody(f"The body is not valid JSON{at}.") from problem


class _Unacceptable(ValueError):
    """JSON that the grammar allows, or Python's decoder does, and this server does not."""


def _constant(name: str) -> Any:
    raise _Unacceptable(f"The body holds {name}, which JSON does not know.")


_DECODER = json.JSONDecoder(parse_constant=_constant)


async def _with_timeout(pieces: AsyncIterator[bytes], idle_s: float) -> AsyncIterator[bytes]:
    while True:
        try:
            async with asyncio.timeout(idle_s):
                piece = await anext(pieces)
        except StopAsyncIteration:
            return
        except TimeoutError as problem:
            raise BodyTimeout("The body stopped arriving before it was whole.") from problem
        yield piece


async def pieces_of(receive: Callable[[], Awaitable[Any]]) -> AsyncIterator[bytes]:
    """The body of an ASGI request, piece by piece.

    Raises:
        ClientGone: the client went away before the body was whole.
    """
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        more = message.get("more_body", False)
        yield message.get("body", b"")
