"""What a page asks of servers: plain answers, also to why there is none."""

import js

from heyho.pages import bridge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TIMEOUT_MS = 8_000
NO_ANSWER, TOO_LATE, ELSEWHERE = 0, -1, -2


class Web:
    """Servers, as seen from this device."""

    async def get(self, url: str, token: str) -> "tuple[int, Any]":
        """The status, and what the JSON of the answer says, None where there is none.

        Without an answer that a page may read the status is `NO_ANSWER` or `TOO_LATE`; of one that
        leads to another address it is `ELSEWHERE`.
        """
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        options = bridge.to_js({"headers": headers, "credentials": "omit", "redirect": "manual"})
        signal = js.AbortSignal.timeout(TIMEOUT_MS)
        options.signal = signal
        try:
            reply = await js.fetch(url, options)
            text = str(await reply.text())
        except bridge.Failure:
            return TOO_LATE if signal.aborted else NO_ANSWER, None
        if str(reply.type) == "opaqueredirect":
            return ELSEWHERE, None
        return int(reply.status), bridge.parsed(text)

    async def knock(self, url: str) -> bool:
        """Whether anybody answers there at all, be it in words that pages may not read."""
        options = bridge.to_js({"mode": "no-cors", "credentials": "omit", "method": "HEAD"})
        options.signal = js.AbortSignal.timeout(TIMEOUT_MS)
        try:
            await js.fetch(url, options)
        except bridge.Failure:
            return False
        return True

    def is_online(self) -> bool:
        """Whether the device has a network."""
        return bool(js.navigator.onLine)
