"""Rates: how many requests within how long, as a person writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields

from heyho_server.errors import StartError

MAX_QUOTA = 10_000
MAX_WINDOW_S = 86_400

_UNITS_S = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_RATE = re.compile(r"([0-9]{1,9}) ?/ ?([0-9]{1,9})? ?(second|minute|hour|day)s?")


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `quota` requests within any `window_s` seconds; `name` is what headers call it."""

    name: str
    quota: int
    window_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """The rates that the server keeps to; None where one is off.

    Attributes:
        general: of an address, all requests together but syncs.
        sync_address: of an address, syncs.
        sync_user: of a user, syncs from wherever.
        login: of an email address, attempts to sign in or up.
        pair: of an address, attempts to pair by a code.
    """

    general: Rate | None = Rate("general", 300, 300)
    sync_address: Rate | None = Rate("sync-address", 10, 1)
    sync_user: Rate | None = Rate("sync-user", 5, 1)
    login: Rate | None = Rate("login", 5, 1200)
    pair: Rate | None = Rate("pair", 10, 600)

    def named(self) -> dict[str, Rate | None]:
        """All of them, by the names of their attributes."""
        return {part.name: getattr(self, part.name) for part in fields(self)}

    @property
    def of_a_sync(self) -> list[Rate]:
        """Those that a sync meets."""
        return [rate for rate in (self.sync_address, self.sync_user) if rate is not None]


def read_rates(environment: Mapping[str, str]) -> Rates:
    """The rates from the environment, such as "300/5 minutes" or "off".

    Raises:
        StartError: one of them is none.
    """
    usual = Rates()
    return Rates(
        general=_read(environment, "HEYHO_LIMIT_GENERAL", usual.general),
        sync_address=_read(environment, "HEYHO_LIMIT_SYNC_ADDRESS", usual.sync_address),
        sync_user=_read(environment, "HEYHO_LIMIT_SYNC_USER", usual.sync_user),
        login=_read(environment, "HEYHO_LIMIT_LOGIN", usual.login),
        pair=_read(environment, "HEYHO_LIMIT_PAIR", usual.pair),
    )


def _read(environment: Mapping[str, str], variable: str, usual: Rate | None) -> Rate | None:
    text = environment.get(variable, "").strip().lower()
    if not text:
        return usual
    if text == "off":
        return None
    found = _RATE.fullmatch(text)
    if found is None or usual is None:
        raise StartError(
            f"{variable} is {text!r}, which is no limit; write it as 5/second, as 300/5 minutes, "
            "or as off."
        )
    quota, window_s = int(found[1]), int(found[2] or 1) * _UNITS_S[found[3]]
    if not (1 <= quota <= MAX_QUOTA and 1 <= window_s <= MAX_WINDOW_S):
        raise StartError(
            f"{variable} is {text!r}, which is out of range; allow 1 to {MAX_QUOTA} requests "
            "within a second to a day, or write off."
        )
    return Rate(usual.name, quota, window_s)
