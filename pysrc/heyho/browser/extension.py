"""Clock and Browser: the rest of the extension, as seen from an extension page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import js
from pyodide.ffi import JsException

from heyho import texts
from heyho.browser.interop import Callbacks, to_object, to_value
from heyho.errors import HeyhoError
from heyho.ports import Record
from heyho.ports.device import Conditions

CHANNEL = "heyho"
TRIES = 3
FAILURE_COLOUR = "#b3261e"


class SystemClock:
    """The device's wall clock."""

    def now_ms(self) -> float:
        return float(js.Date.now())


class ExtensionBrowser:
    """Browser over chrome.runtime messages, BroadcastChannel and Web Locks.

    An offscreen page has of `chrome` only `runtime`: the service worker makes the other calls.
    """

    def __init__(self) -> None:
        self._channel = js.BroadcastChannel.new(CHANNEL)

    async def set_alarm(
        self, name: str, *, delay_minutes: float, period_minutes: float | None = None
    ) -> None:
        info = {"delayInMinutes": delay_minutes}
        if period_minutes is not None:
            info["periodInMinutes"] = period_minutes
        await self._call("alarms.create", name, info)

    async def clear_alarm(self, name: str) -> None:
        await self._call("alarms.clear", name)

    async def alarm_at(self, name: str) -> float | None:
        alarm = await self._call("alarms.get", name)
        return float(alarm["scheduledTime"]) if alarm else None

    async def show_badge(self, text: str, title: str) -> None:
        await self._call("action.setBadgeText", {"text": text})
        await self._call("action.setTitle", {"title": title})
        if text:
            await self._call("action.setBadgeBackgroundColor", {"color": FAILURE_COLOUR})

    async def recording_changed(self, *, paused: bool, until: float | str | None = None) -> None:
        await self.tell({"kind": "recording", "paused": paused, "until": until})

    def conditions(self) -> Conditions:
        connection = getattr(js.navigator, "connection", None)
        return Conditions(
            online=js.navigator.onLine is not False,
            slow=getattr(connection, "effectiveType", None) in ("slow-2g", "2g", "3g"),
            metered=getattr(connection, "saveData", None) is True,
            cores=int(js.navigator.hardwareConcurrency),
        )

    def publish(self, message: Record) -> None:
        self._channel.postMessage(to_object(message))

    @asynccontextmanager
    async def lock(self, name: str) -> AsyncIterator[bool]:
        acquired: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        released = js.Promise.withResolvers()

        def granted(lock: Any) -> Any:
            if not acquired.done():
                acquired.set_result(bool(lock))
            return released.promise

        callbacks = Callbacks()
        options = to_object({"ifAvailable": True})
        held = js.navigator.locks.request(name, options, callbacks.wrap(granted))
        try:
            yield await acquired
        finally:
            released.resolve()
            await held
            callbacks.release()

    def close(self) -> None:
        js.window.close()

    async def _call(self, call: str, *args: Any) -> Any:
        return (await self.tell({"kind": "chrome", "call": call, "args": list(args)})).get("result")

    async def tell(self, message: Record) -> Record:
        """Have the service worker answer a message. Raises HeyhoError.

        One that ends before it has answered is asked again: whatever it is told may be repeated.
        """
        text = to_object({"target": "background", **message})
        reply = None
        for _ in range(TRIES):
            with suppress(JsException):
                reply = to_value(await js.chrome.runtime.sendMessage(text))
            if isinstance(reply, dict):
                break
        if not isinstance(reply, dict) or reply.get("ok") is False:
            raise HeyhoError(texts.text("error_extension_silent", message["kind"]))
        return reply
