"""The transport on fetch, for the contract suite. Runs in Pyodide, in a page."""

from __future__ import annotations

import gzip
import traceback

from pyodide.ffi import to_js

from contract import transport_contract
from heyho.browser.http import FetchTransport
from heyho.ports.stores import Payload


async def check(name: str, base: str, dead: str) -> str:
    """Run one contract against a server; returns the traceback of its failure, or nothing."""

    def payload(text: str) -> Payload:
        packed = gzip.compress(text.encode())
        body = to_js(packed).buffer
        return Payload(1, len(text.encode()), len(packed), None, body)

    network = transport_contract.Network(
        transport=FetchTransport(),
        url=lambda path: dead + path if path == "/dead" else base + path,
        payload=payload,
    )
    try:
        await getattr(transport_contract, name)(network)
    except Exception:
        return traceback.format_exc()
    return ""
