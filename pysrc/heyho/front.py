"""The page in front of the person: whether it is recorded, and if not, why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from heyho.exclusions import Exclusions
from heyho.ports import Record
from heyho.ports.stores import StateStore, VisitStore
from heyho.profile import Profile
from heyho.service import Handler
from heyho.settings import Settings
from heyho.wire import domain_of

Standing = Literal["recorded", "paused", "excluded", "preset", "browser", "other"]

# What browsers show of their own. An empty tab has no address at all.
_BROWSERS_OWN = frozenset(
    {"", "about", "chrome", "chrome-extension", "chrome-search", "chrome-untrusted", "devtools"}
    | {"brave", "edge", "opera", "vivaldi", "view-source"}
)


class Front:
    """Answers `page` {url}.

    The reply has `state`; `pattern`, the first one that excludes the page, or None; `site`, its
    domain, empty where it has none; and `visits`, how many of that domain are kept.
    """

    def __init__(self, *, state: StateStore, visits: VisitStore) -> None:
        self._profile = Profile(state)
        self._visits = visits

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """See heyho.control.Service."""
        return {"page": self._answer_page}

    async def step(self) -> bool:
        """Nothing of it can wait."""
        return False

    async def _answer_page(self, request: Record) -> Record:
        url = str(request.get("url") or "")
        state, pattern = standing(url, await self._profile.settings())
        site = domain_of(url) if state in ("recorded", "paused", "excluded", "preset") else ""
        return {
            "state": state,
            "pattern": pattern,
            "site": site,
            "visits": await self._visits.count_of(site) if site else 0,
        }


def standing(url: str, settings: Settings) -> tuple[Standing, str | None]:
    """Whether a page is recorded or what keeps it from that, and the pattern that excludes it."""
    scheme = url.partition(":")[0].lower()
    if scheme not in ("http", "https"):
        return ("browser" if scheme in _BROWSERS_OWN else "other"), None
    for pattern in settings.excluded:
        if url in Exclusions([pattern]):
            return "excluded", pattern
    for name in settings.presets:
        if url in Exclusions((), [name], settings.recorded):
            return "preset", name
    return ("paused" if settings.paused else "recorded"), None
