"""What the extension knows of its person and its device: settings and identity."""

from __future__ import annotations

import uuid

from heyho.ports import Record, StateStore
from heyho.settings import Settings


class Profile:
    """Settings and identity in the state's `settings` and `device`."""

    def __init__(self, state: StateStore) -> None:
        self._state = state

    async def settings(self) -> Settings:
        """The settings as stored; what another version stored is brought into today's form.

        The recorder reads the stored form itself, with the patterns compiled.

        Raises:
            SettingsError: what is stored cannot be used.
        """
        stored = await self._state.get("settings")
        settings = Settings.from_record(stored or {})
        if stored and stored != settings.to_record():
            await self._state.put("settings", settings.to_record())
        return settings

    async def stored(self) -> Record:
        """The stored form, which may be unusable; empty before the first change."""
        record: Record = await self._state.get("settings") or {}
        return record

    async def store(self, settings: Settings) -> None:
        """Replace the settings."""
        await self._state.put("settings", settings.to_record())

    async def client_id(self) -> str:
        """The device's random name, made at the first call."""
        known = await self._state.get("device")
        if isinstance(known, str) and known:
            return known
        fresh = str(uuid.uuid4())
        await self._state.put("device", fresh)
        return fresh
