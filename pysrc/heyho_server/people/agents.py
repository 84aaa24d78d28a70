"""Browsers, by what they say of themselves."""

from __future__ import annotations

# The more particular first: nearly all of them also claim to be Chrome and Safari.
_FAMILIES = {
    "Edg/": "Edge",
    "OPR/": "Opera",
    "Vivaldi/": "Vivaldi",
    "Firefox/": "Firefox",
    "Chromium/": "Chromium",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}


def family_of(user_agent: str) -> str:
    """What a person calls this browser; "HeyHo" where it is none that is known."""
    return next((name for mark, name in _FAMILIES.items() if mark in user_agent), "HeyHo")
