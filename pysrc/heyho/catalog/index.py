"""Keeps the catalog up: plans what is to be written, on what is stored.

A plan is a `CatalogChange`: written whole or not at all, and refused if the catalog has changed
meanwhile. So neither a kill nor a second engine loses or doubles a visit in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from heyho.catalog.blocks import DELETED, Block, Entry, entries_of, extended, marked, seqs
from heyho.catalog.categories import Categories
from heyho.catalog.days import LocalTime, period_of
from heyho.catalog.postings import BLOCK_SIZE
from heyho.catalog.rollups import added, counted
from heyho.catalog.terms import VERSION, terms_of
from heyho.ports import Record
from heyho.ports.catalog import CatalogChange, CatalogStore, Outdated
from heyho.ports.stores import StateStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """What is indexed and counted: the state's key `catalog`.

    Attributes:
        revision: another one after each change.
        version: of the terms that were made of visits.
        up_to: the last `seq` that the index has.
        counted_to: the last `seq` that the roll-ups have.
        rules, zone: the rules and the time zone by which they were counted.
        next_block: the number of the next block.
        blocks: the index.
    """

    revision: int = 0
    version: int = VERSION
    up_to: int = 0
    counted_to: int = 0
    rules: str = ""
    zone: str = ""
    next_block: int = 1
    blocks: tuple[Block, ...] = ()

    @staticmethod
    def from_record(record: Mapping[str, Any] | None) -> Catalog:
        """What `to_record` made; an empty catalog where there is none."""
        if not record:
            return Catalog()
        return Catalog(
            revision=record["revision"],
            version=record["version"],
            up_to=record["upTo"],
            counted_to=record["countedTo"],
            rules=record["rules"],
            zone=record["zone"],
            next_block=record["nextBlock"],
            blocks=tuple(map(Block.from_record, record["blocks"])),
        )

    def to_record(self) -> Record:
        """The stored form."""
        return {
            "revision": self.revision,
            "version": self.version,
            "upTo": self.up_to,
            "countedTo": self.counted_to,
            "rules": self.rules,
            "zone": self.zone,
            "nextBlock": self.next_block,
            "blocks": [block.to_record() for block in self.blocks],
        }


@dataclass(slots=True)
class _Draft:
    """A change in the making."""

    before: Catalog
    catalog: Catalog
    drop: list[int] = field(default_factory=list)
    rows: dict[tuple[int, str], bytes] = field(default_factory=dict)
    clear_days: bool = False
    days: dict[str, Record | None] = field(default_factory=dict)

    def done(self, state: Mapping[str, Any] | None = None) -> CatalogChange:
        catalog = replace(self.catalog, revision=self.before.revision + 1)
        return CatalogChange(
            expects=self.before.revision,
            catalog=catalog.to_record(),
            drop=self.drop,
            rows=self.rows,
            clear_days=self.clear_days,
            days=self.days,
            state=state or {},
        )


class Index:
    """The catalog on its store.

    Args:
        block_size: `BLOCK_SIZE`, or less in tests.
    """

    def __init__(
        self,
        store: CatalogStore,
        state: StateStore,
        local: LocalTime,
        *,
        block_size: int = BLOCK_SIZE,
    ) -> None:
        self._block_size = block_size
        self._store = store
        self._state = state
        self._local = local

    async def catalog(self) -> Catalog:
        """The catalog as it is stored."""
        return Catalog.from_record(await self._state.get("catalog"))

    async def categories(self) -> Categories:
        """The rules as they are stored."""
        return Categories(await self._state.get("categories") or ())

    async def is_current(self, catalog: Catalog) -> bool:
        """Whether it was made by today's terms, rules and time zone; an empty one is."""
        rules = (await self.categories()).version
        made_by = (catalog.version, catalog.rules, catalog.zone)
        return catalog.revision == 0 or made_by == (VERSION, rules, self._local.zone)

    async def advance(self, *, chunk: int) -> int:
        """Take up to `chunk` more visits in; returns how many there were. Raises Outdated."""
        before, categories = await self.catalog(), await self.categories()
        draft = _Draft(before, before)
        self._start_over(draft, categories)
        catalog = draft.catalog
        low, high = sorted((catalog.up_to, catalog.counted_to))
        visits = await self._store.after(low, limit=chunk)
        if low < high:  # one of the two is made anew, and goes no further than the other
            visits = [visit for visit in visits if visit["seq"] <= high]
        elif not visits:
            if catalog is not before:
                await self._store.write(draft.done())
            return 0
        last = visits[-1]["seq"] if visits else high
        if catalog.up_to == low:
            await self._enter(draft, visits, categories)
            draft.catalog = replace(draft.catalog, up_to=last)
        if catalog.counted_to == low:
            await self._count(draft, visits, categories)
            draft.catalog = replace(draft.catalog, counted_to=last)
        await self._store.write(draft.done())
        return max(len(visits), 1)

    async def purge(self) -> bool:
        """Write a block anew without the words of its deleted visits; False where none has any.

        A visit that is put back all the same is entered anew. Raises Outdated.
        """
        before = await self.catalog()
        block = next((block for block in before.blocks if block.deleted), None)
        if block is None:
            return False
        draft = _Draft(before, before, drop=[block.id])
        left: list[Entry] = []
        if block.deleted < block.count:
            rows = await self._store.block(block.id)
            if not rows.keys() >= {DELETED, *block.names}:
                raise Outdated
            left = entries_of(block, rows)
        blocks = tuple(other for other in before.blocks if other is not block)
        number = before.next_block
        if left:
            categories = await self.categories()
            made, written = extended(
                None, {}, left, number=number, period=block.period, categories=categories
            )
            draft.rows = {(number, name): row for name, row in written.items()}
            blocks = (*blocks, made)
        draft.catalog = replace(before, next_block=number + 1, blocks=blocks)
        await self._store.write(draft.done())
        return True

    async def reclassify(self) -> bool:
        """Write a block anew whose terms of categories were made by other rules than today's.

        False where none is left. Raises Outdated.
        """
        before, categories = await self.catalog(), await self.categories()
        old = (block for block in before.blocks if block.rules != categories.version)
        block = max(old, key=lambda block: block.last, default=None)
        if block is None:
            return False
        draft = _Draft(before, before)
        await self._extend(draft, block, [], block.period, categories)
        await self._store.write(draft.done())
        return True

    async def forgetting(
        self, visits: Sequence[Record], state: Mapping[str, Any] | None = None
    ) -> CatalogChange:
        """What to write when visits are deleted, in the transaction that deletes them.

        Args:
            visits: whole records, as they are stored.
            state: keys of the state to be put along with it.
        """
        return await self._changing(visits, deleted=True, state=state)

    async def restoring(
        self, visits: Sequence[Record], state: Mapping[str, Any] | None = None
    ) -> CatalogChange:
        """What to write when deleted visits are put back, with the `seq` that they had."""
        return await self._changing(visits, deleted=False, state=state)

    async def _changing(
        self, visits: Sequence[Record], *, deleted: bool, state: Mapping[str, Any] | None
    ) -> CatalogChange:
        before, categories = await self.catalog(), await self.categories()
        draft = _Draft(before, before)
        self._start_over(draft, categories)
        catalog = draft.catalog
        known = {visit["seq"]: visit for visit in visits if visit["seq"] <= catalog.up_to}
        strange = await self._mark(draft, known, deleted=deleted)
        if not deleted:
            await self._enter(draft, strange, categories)
        in_days = [visit for visit in visits if visit["seq"] <= catalog.counted_to]
        await self._count(draft, in_days, categories, sign=-1 if deleted else 1)
        return draft.done(state)

    def _start_over(self, draft: _Draft, categories: Categories) -> None:
        """Drop what was made by other rules than today's."""
        catalog = draft.catalog
        if catalog.version != VERSION:
            draft.drop += [block.id for block in catalog.blocks]
            catalog = replace(catalog, version=VERSION, up_to=0, blocks=())
        if (catalog.rules, catalog.zone) != (categories.version, self._local.zone):
            draft.clear_days = True
            catalog = replace(
                catalog, rules=categories.version, zone=self._local.zone, counted_to=0
            )
        draft.catalog = catalog

    async def _enter(self, draft: _Draft, visits: Sequence[Record], categories: Categories) -> None:
        """Add visits to the blocks of their months."""
        periods: dict[int, list[Entry]] = {}
        for visit in visits:
            at = int(visit["startedAt"])
            entry = Entry(at, visit["seq"], terms_of(visit))
            periods.setdefault(period_of(at), []).append(entry)
        for period, entries in periods.items():
            entries.sort(key=lambda entry: (entry.at, entry.seq))
            blocks = [block for block in draft.catalog.blocks if block.period == period]
            newest = max(blocks, key=lambda block: block.id, default=None)
            if newest is not None and newest.count >= self._block_size:
                newest = None
            left = iter(entries)
            while piece := list(islice(left, self._block_size - (newest.count if newest else 0))):
                await self._extend(draft, newest, piece, period, categories)
                newest = None

    async def _extend(
        self,
        draft: _Draft,
        block: Block | None,
        entries: Sequence[Entry],
        period: int,
        categories: Categories,
    ) -> None:
        rows: dict[str, bytes] = {}
        if block:
            rows = await self._store.block(block.id)
            rows |= {name: row for (own, name), row in draft.rows.items() if own == block.id}
            if not rows.keys() >= block.names:
                raise Outdated
            draft.rows = {key: row for key, row in draft.rows.items() if key[0] != block.id}
            draft.drop.append(block.id)
        number = draft.catalog.next_block
        made, written = extended(
            block, rows, entries, number=number, period=period, categories=categories
        )
        draft.rows |= {(number, name): row for name, row in written.items()}
        others = [own for own in draft.catalog.blocks if own is not block]
        draft.catalog = replace(draft.catalog, next_block=number + 1, blocks=(*others, made))

    async def _mark(
        self, draft: _Draft, visits: dict[int, Record], *, deleted: bool
    ) -> list[Record]:
        """Mark visits as deleted or not; returns those that no block has."""
        periods = {period_of(int(visit["startedAt"])) for visit in visits.values()}
        left = dict(visits)
        blocks = []
        for block in draft.catalog.blocks:
            marked_block = block
            if block.period in periods and left:
                keys = [(block.id, name) for name in (*block.tables, DELETED)]
                *tables, bitmap = await self._store.rows(keys)
                whole = [table for table in tables if table is not None]
                if len(whole) < len(tables):
                    raise Outdated
                offsets = [
                    offset
                    for offset, seq in enumerate(seqs(whole))
                    if left.pop(seq, None) is not None
                ]
                if offsets:
                    marked_block, row = marked(block, bitmap, offsets, deleted=deleted)
                    draft.rows[block.id, DELETED] = row
            blocks.append(marked_block)
        draft.catalog = replace(draft.catalog, blocks=tuple(blocks))
        return list(left.values())

    async def _count(
        self, draft: _Draft, visits: Sequence[Record], categories: Categories, *, sign: int = 1
    ) -> None:
        """Add visits to their days, or take them away."""
        more = counted(visits, self._local, categories)
        names = list(more)
        before = [None] * len(names) if draft.clear_days else await self._store.days(names)
        for name, day in zip(names, before, strict=True):
            draft.days[name] = added(day, more[name], sign=sign)
