"""What pages are told of a deletion while it goes on, and when it is over."""

from __future__ import annotations

import asyncio

from heyho.ports import Record
from heyho.ports.device import Browser

TELL_S = 0.25


class Telling:
    """Tells pages of deletions by messages of the kind `deletions`."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._at: object = None
        self._told_s = 0.0

    def goes_on(self, deletion: Record) -> None:
        """So many visits are in the trash now; told every `TELL_S` at most.

        One that is over within that time is not told of before its end.
        """
        now_s = asyncio.get_running_loop().time()
        if self._at != deletion["at"]:
            self._at, self._told_s = deletion["at"], now_s
        elif now_s - self._told_s >= TELL_S:
            self._told_s = now_s
            self._publish({name: deletion.get(name) for name in ("at", "visits", "total")})

    def is_over(self) -> None:
        """Visits were deleted, or brought back."""
        self._publish(None)

    def _publish(self, moving: Record | None) -> None:
        self._browser.publish({"target": "page", "kind": "deletions", "moving": moving})
