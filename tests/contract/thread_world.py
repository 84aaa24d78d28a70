"""Workers on Web Workers, for the contract suite. Runs in Pyodide, in a page."""

from __future__ import annotations

import asyncio
import gc
import traceback
from itertools import count
from typing import Any

import js

from contract import worker_contract
from contract.idb_world import stores_on
from contract.store_contract import fill
from heyho.browser.interop import Callbacks, to_object
from heyho.browser.workers import BrowserWorkers
from heyho.errors import HeyhoError
from heyho.model import SeqRange
from heyho.ports.network import Worker
from heyho.remote import BOOT_S

_names = count(1)


async def check(name: str, raw: Any, base: str, dead: str) -> str:
    """Run one contract; returns the traceback of its failure, or nothing."""
    await fill(stores_on(raw), 1, worker_contract.VISITS)
    names: dict[Worker, int] = {}
    harm = js.BroadcastChannel.new("harm")

    def start(boots: bool) -> Worker:
        number = next(_names)
        script = f"/harmed.js?{number}" if boots else "/idle.js"
        worker = BrowserWorkers(
            lambda name: js.startWorker(name, script),
            boot_s=BOOT_S if boots else 1.0,
        ).start()
        names[worker] = number
        return worker

    async def held() -> None:
        await js.fetch(f"{base}/held?{name}")

    async def aborted() -> None:
        await js.fetch(f"{base}/aborted?{name}")

    world = worker_contract.World(
        start=start,
        harm=lambda worker, fate: harm.postMessage(to_object([names[worker], fate])),
        url=lambda path: dead + path if path == "/dead" else f"{base}{path}?{name}",
        held=held,
        aborted=aborted,
    )
    try:
        await getattr(worker_contract, name)(world)
    except Exception:
        return traceback.format_exc()
    finally:
        harm.close()
        for worker in names:
            worker.close()
    return await left_behind()


async def refusal() -> str:
    """What a worker says that cannot open the database."""
    worker = BrowserWorkers(js.startWorker).start()
    try:
        await worker.payload(SeqRange(1, 2), client_id="device")
    except HeyhoError as error:
        return f"{type(error).__name__}: {error.sentence}"
    finally:
        worker.close()
    return "none"


async def left_behind() -> str:
    """What JavaScript could still call, a moment after everything was closed; or nothing."""
    for _ in range(100):
        held = [each for each in gc.get_objects() if isinstance(each, Callbacks) and each._proxies]
        if not held:
            return ""
        await asyncio.sleep(0.05)
    return f"{len(held)} times callbacks were not released"
