"""Time zones that a person can choose from."""

from __future__ import annotations

from zoneinfo import available_timezones

UTC = "UTC"
_AREAS = (
    *("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia"),
    *("Europe", "Indian", "Pacific"),
)

# By area and city; the other names there are stand for one of these, or for nowhere.
ZONES = (UTC, *sorted(name for name in available_timezones() if name.split("/")[0] in _AREAS))


def known_zone(name: str | None) -> str:
    """The zone of this name, or else UTC."""
    return name if name in ZONES else UTC
