"""Folds what the recorder has written, by the settings as they are."""

from __future__ import annotations

import asyncio
from functools import partial

from heyho.ports.stores import EventLog
from heyho.profile import Profile
from heyho.recording.fold import fold

EVENTS_PER_FOLD = 1000


class Folding:
    """The fold of all events that wait."""

    def __init__(self, events: EventLog, profile: Profile) -> None:
        self._events = events
        self._profile = profile
        self._turn = asyncio.Lock()

    async def fold(self) -> None:
        """Make visits of all events so far. Raises SettingsError, StorageError."""
        async with self._turn:
            settings = await self._profile.settings()
            step = partial(
                fold,
                client_id=await self._profile.client_id(),
                exclusions=settings.exclusions,
            )
            while await self._events.fold(step, limit=EVENTS_PER_FOLD) == EVENTS_PER_FOLD:
                pass
