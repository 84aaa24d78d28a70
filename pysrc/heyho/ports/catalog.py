"""The index over all visits, and the days of the person's calendar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from heyho.ports import Record


class Outdated(Exception):
    """The catalog has changed since a change of it was planned: plan it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogChange:
    """What is to be written into the catalog, all of it or nothing.

    Attributes:
        expects: the `revision` of the catalog that it was planned on; 0 where there was none.
        catalog: the next value of the state's key `catalog`, with another `revision`.
        drop: blocks whose rows go.
        rows: rows of blocks to be put, by block and name.
        clear_days: whether all days go before `days` are put.
        days: whole days to be put, or to be deleted where they are None.
        state: other keys of the state to be put along with it.
    """

    expects: int
    catalog: Record
    drop: Sequence[int] = ()
    rows: Mapping[tuple[int, str], bytes] = field(default_factory=dict)
    clear_days: bool = False
    days: Mapping[str, Record | None] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)


class CatalogStore(Protocol):
    """The index and the roll-ups, and the visits that they are made of."""

    async def rows(self, keys: Sequence[tuple[int, str]]) -> list[bytes | None]:
        """Rows of blocks by block and name; None for one that is not there."""
        ...

    async def block(self, block: int) -> dict[str, bytes]:
        """All rows of a block by name."""
        ...

    async def days(self, days: Sequence[str]) -> list[Record | None]:
        """Days by name; None for one that is not there."""
        ...

    async def days_between(self, first: str, last: str) -> dict[str, Record]:
        """All days from the first to the last one, in order."""
        ...

    async def write(self, change: CatalogChange) -> None:
        """Write in one transaction. Raises Outdated, and nothing has been written."""
        ...

    async def visits(self, seqs: Sequence[int]) -> list[Record | None]:
        """Visits by `seq`, with the fields in `CATALOG_FIELDS`; None for one that is not there."""
        ...

    async def after(self, seq: int, *, limit: int) -> list[Record]:
        """The first visits with a greater `seq`, with the fields in `CATALOG_FIELDS`."""
        ...

    async def count_after(self, seq: int, *, most: int) -> int:
        """How many visits have a greater `seq`; from `most` on, about how many, at no more cost."""
        ...

    async def by_id(self, visit_id: str) -> Record | None:
        """A visit by its id, with the fields in `CATALOG_FIELDS`."""
        ...

    async def begun_between(self, first: float, last: float, *, limit: int) -> list[Record]:
        """The earliest visits that began in a time (epoch ms, both included), as above."""
        ...


CATALOG_FIELDS = (
    *("seq", "id", "url", "title", "domain", "startedAt", "endedAt", "activeDuration"),
    *("transition", "sourcePageVisitId", "anonymousClientId"),
)


class Calendar(Protocol):
    """The device's local time."""

    def zone(self) -> str:
        """The time zone's name."""
        ...

    def offset_min(self, at_ms: float) -> int:
        """How many minutes the local time is ahead of UTC at a moment (epoch ms)."""
        ...
