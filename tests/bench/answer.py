"""Requests and answers of ASGI, for what the bench itself serves."""

from __future__ import annotations

from heyho_server.api.asgi import Receive, Send


async def read_body(receive: Receive) -> bytes:
    """The whole body of a request."""
    pieces, more = [], True
    while more:
        message = await receive()
        pieces.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(pieces)


async def answer(send: Send, body: bytes, kind: bytes, status: int = 200) -> None:
    """Answer a request with a body, whatever page it came from."""
    headers = [
        (b"content-type", kind),
        (b"content-length", b"%d" % len(body)),
        (b"access-control-allow-origin", b"*"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
