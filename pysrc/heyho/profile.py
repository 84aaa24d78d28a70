"""What the extension knows of its person and its device: settings and identity."""

from __future__ import annotations

import asyncio
import uuid

from heyho.ports import Record
from heyho.ports.stores import StateStore
from heyho.settings import Settings


class Profile:
    """Settings and identity in the state's `settings` and `device`."""

    def __init__(self, state: StateStore) -> None:
        self._state = state
        self._changing = asyncio.Lock()

    async def settings(self) -> Settings:
        """The settings as stored; what another version stored is brought into today's form.

        The recorder reads the stored form itself, with the patterns compiled.

        Raises:
            SettingsError: what is stored cannot be used.
        """
        async with self._changing:
            stored = await self._stored()
            settings = Settings.from_record(stored)
            if stored and stored != settings.to_record():
                await self._state.put("settings", settings.to_record())
        return settings

    async def check(self, changes: Record) -> Settings:
        """What `change` would make of the settings, or the SettingsError that it would raise."""
        return _changed(await self._stored(), changes)

    async def change(self, changes: Record) -> tuple[Record, Settings]:
        """Change some settings; returns what was stored before, and the settings after.

        Args:
            changes: values by field. One that is a function is given the settings as they are
                stored then, and returns the value: nobody else's change is lost in between.

        Raises:
            SettingsError: they cannot be used; nothing is changed.
        """
        async with self._changing:
            before = await self._stored()
            after = _changed(before, changes)
            await self._state.put("settings", after.to_record())
        return before, after

    async def _stored(self) -> Record:
        record: Record = await self._state.get("settings") or {}
        return record

    async def client_id(self) -> str:
        """The device's random name, made at the first call."""
        known = await self._state.get("device")
        if isinstance(known, str) and known:
            return known
        fresh = str(uuid.uuid4())
        await self._state.put("device", fresh)
        return fresh


def _changed(stored: Record, changes: Record) -> Settings:
    values = {
        name: value(Settings.from_record(stored)) if callable(value) else value
        for name, value in changes.items()
    }
    return Settings.from_record({**stored, **values})
