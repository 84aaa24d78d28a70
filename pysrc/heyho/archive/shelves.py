"""The catalog, kept in step with what is deleted and what comes back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from heyho.catalog.service import CatalogService
from heyho.ports import Record
from heyho.ports.catalog import CatalogChange

Write = Callable[["CatalogChange | None"], Awaitable[None]]
"""Writes in one transaction; it is called again where that raises Outdated."""


class Shelves:
    """What search and figures know changes in the same transaction as the visits do."""

    def __init__(self, catalog: CatalogService) -> None:
        self._catalog = catalog

    async def forget(self, visits: Sequence[Record], write: Write) -> None:
        """Write that visits are gone."""
        if visits:
            await self._catalog.change(lambda: self._catalog.index.forgetting(visits), write)
        else:
            await write(None)

    async def bring_back(self, visits: Sequence[Record], write: Write) -> None:
        """Write that visits are back, by the numbers that they had."""
        if visits:
            await self._catalog.change(lambda: self._catalog.index.restoring(visits), write)
        else:
            await write(None)
