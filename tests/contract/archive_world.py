"""The archive on IndexedDB, for its contract. Runs in Pyodide, in a page."""

from __future__ import annotations

import traceback
from typing import Any

import js
from pyodide.ffi import to_js

from contract import archive_contract
from contract.idb_world import stores_on
from heyho.browser.archive import IdbArchiveStore
from heyho.browser.idb import Database
from heyho.browser.sources import BlobFiles
from heyho.errors import HeyhoError


async def check(name: str, raw: Any) -> str:
    """Run one contract; returns the traceback of its failure, or nothing."""
    world = archive_contract.Archived(stores_on(raw), IdbArchiveStore(Database(raw)))
    try:
        await getattr(archive_contract, name)(world)
    except Exception:
        return traceback.format_exc()
    return ""


async def read_file(size: int) -> str:
    """Read a file of some bytes by its URL, then one that is gone."""
    content = bytes(number % 251 for number in range(size))
    url = js.URL.createObjectURL(js.Blob.new(to_js([to_js(content)])))
    pieces = [piece async for piece in BlobFiles().read(url)]
    assert b"".join(pieces) == content
    js.URL.revokeObjectURL(url)
    try:
        async for _ in BlobFiles().read(url):
            pass
    except HeyhoError as error:
        return f"{len(pieces)} {error}"
    return "it was still there"
