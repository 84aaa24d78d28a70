"""Transport over the browser's fetch."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import js
from pyodide.ffi import JsException

from heyho import texts
from heyho.browser.interop import to_object
from heyho.errors import TimedOut, Unreachable
from heyho.ports import Record
from heyho.ports.network import Reply
from heyho.ports.stores import Payload
from heyho.wire import TRIAL_HEADER


class FetchTransport:
    """Transport and Caller.

    Sends no cookies, follows no redirect (it could lead the history elsewhere).
    """

    async def post(
        self, url: str, payload: Payload, *, token: str, timeout_s: float, trial: bool = False
    ) -> Reply:
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        if trial:
            headers[TRIAL_HEADER] = "1"
        return await self._fetch(
            url, token, timeout_s, method="POST", headers=headers, body=payload.body
        )

    async def get(self, url: str, *, token: str | None, timeout_s: float) -> Reply:
        return await self._fetch(url, token, timeout_s, method="GET")

    async def call(self, url: str, body: Record, *, token: str, timeout_s: float) -> Reply:
        headers = {"Content-Type": "application/json"}
        return await self._fetch(
            url, token, timeout_s, method="POST", headers=headers, body=json.dumps(body)
        )

    async def _fetch(
        self,
        url: str,
        token: str | None,
        timeout_s: float,
        *,
        method: str,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> Reply:
        controller = js.AbortController.new()
        signed = {"Authorization": f"Bearer {token}"} if token else {}
        options = to_object(
            {
                "method": method,
                "headers": {**(headers or {}), **signed},
                "credentials": "omit",
                "redirect": "error",
            }
        )
        options.signal = controller.signal
        if body is not None:
            options.body = body
        try:
            async with asyncio.timeout(timeout_s):
                response = await js.fetch(url, options)
                text = await response.text()
        except TimeoutError:
            raise TimedOut(texts.text("error_timed_out", _host(url), f"{timeout_s:.0f}")) from None
        except JsException:
            raise Unreachable(texts.text("error_unreachable", _host(url))) from None
        finally:
            controller.abort()
        return Reply(
            status=response.status,
            headers=js.Object.fromEntries(response.headers).to_py(),
            text=text,
        )


def _host(url: str) -> str:
    return urlsplit(url).netloc
