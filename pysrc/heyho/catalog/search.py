"""Finds visits, the latest first, and reads no more of the index than it takes to fill a page."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

from heyho.catalog.blocks import DELETED, END, Block, lookup, lookup_any, moments, split
from heyho.catalog.categories import UNCLASSIFIED, Categories
from heyho.catalog.index import Catalog
from heyho.catalog.postings import everything, offsets_of
from heyho.catalog.query import Query
from heyho.catalog.terms import CATEGORY, SITE
from heyho.ports import Record
from heyho.ports.catalog import CatalogStore, Outdated

Moment = tuple[int, int]
"""When a visit began (epoch ms), and its `seq`."""
Range = tuple[str, str]
"""Terms from the first on, and before the second."""
FIRST_WAVE = 2
WAVE_GROWTH = 4
READ_AT_ONCE = 200
MOST_READ = 1_000
"""Visits that are read to see whether they match, in one search."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of visits, the latest first; `next` is where another one begins, if there may be."""

    visits: list[Record]
    next: Moment | None


async def search(
    store: CatalogStore,
    catalog: Catalog,
    query: Query,
    categories: Categories,
    *,
    recent: Sequence[Record],
    before: Moment | None,
    limit: int,
) -> Found:
    """Find the latest visits that match.

    Args:
        recent: visits that the index does not have yet, to be looked at one by one.
        before: find only what comes behind this one.
        limit: how many at most.

    Raises:
        Outdated: the catalog has changed meanwhile.
    """
    at_hand = {
        visit["seq"]: visit
        for visit in recent
        if (before is None or (visit["startedAt"], visit["seq"]) < before)
        and query.matches(visit, categories)
    }
    hits = _Hits(store, catalog, query, categories, before=before, want=limit + 1)
    hits.add((int(visit["startedAt"]), seq) for seq, visit in at_hand.items())
    visits: list[Record] = []
    read = 0
    async for moments_ in hits.batches(READ_AT_ONCE if query.must_be_read else limit + 1):
        records = await store.visits([seq for _, seq in moments_ if seq not in at_hand])
        stored = {record["seq"]: record for record in records if record}
        for moment in moments_:
            visit = at_hand.get(moment[1])
            if visit is None:
                visit = stored.get(moment[1])
                if visit is None or not query.is_confirmed_by(visit, categories):
                    continue
            if len(visits) == limit:
                return Found(visits, _moment(visits[-1]))
            visits.append(visit)
        read += len(moments_)
        if query.must_be_read and read >= MOST_READ:
            return Found(visits, moments_[-1])
    return Found(visits, None)


def _moment(visit: Record) -> Moment:
    return int(visit["startedAt"]), visit["seq"]


@dataclass(frozen=True, slots=True)
class _Table:
    """Visits that match, in a table of a block that tells when they began."""

    last: int
    block: int
    period: int
    number: int
    bits: int


class _Hits:
    """What the index says, in order."""

    def __init__(
        self,
        store: CatalogStore,
        catalog: Catalog,
        query: Query,
        categories: Categories,
        *,
        before: Moment | None,
        want: int,
    ) -> None:
        self._store = store
        self._query = query
        self._before = before
        self._want = want
        self._found: list[Moment] = []
        self._tables: deque[_Table] = deque()
        self._left = deque(self._blocks(catalog))
        self._some, self._none = _ranges(query)
        self._sites = _sites(query, categories)
        self._rules = categories.version

    def add(self, moments_: Iterable[Moment]) -> None:
        """Put visits among what is found."""
        self._found += moments_
        self._found.sort()

    async def batches(self, size: int) -> AsyncIterator[list[Moment]]:
        """All of it, up to `size` at a time."""
        wave = FIRST_WAVE
        batch: list[Moment] = []
        while True:
            # Nothing later than these is still to come.
            in_tables = self._tables[0].last if self._tables else None
            in_blocks = self._left[0].last if self._left else None
            ahead = max((at for at in (in_tables, in_blocks) if at is not None), default=None)
            while self._found and (ahead is None or self._found[-1][0] > ahead):
                batch.append(self._found.pop())
                if len(batch) == size:
                    yield batch
                    batch = []
            if ahead is None:
                break
            if in_blocks is not None and (in_tables is None or in_tables <= in_blocks):
                blocks = [self._left.popleft() for _ in range(min(wave, len(self._left)))]
                wave *= WAVE_GROWTH
                await self._evaluate_all(blocks)
            else:
                await self._read()
        if batch:
            yield batch

    def _blocks(self, catalog: Catalog) -> list[Block]:
        """Those in which there may be something, the latest first."""
        query, before = self._query, self._before
        if query.category == "":
            return []
        blocks = [
            block
            for block in catalog.blocks
            if (query.from_ms is None or block.last >= query.from_ms)
            and (query.to_ms is None or block.first < query.to_ms)
            and (before is None or block.first <= before[0])
        ]
        return sorted(blocks, key=lambda block: -block.last)

    async def _evaluate_all(self, blocks: Sequence[Block]) -> None:
        """Learn what is in some blocks, by their tables."""
        keys: dict[tuple[int, str], None] = {}
        for block in blocks:
            for low, high in (*self._some, *self._none):
                keys |= dict.fromkeys((block.id, name) for name in block.pages(low, high))
            if block.deleted:
                keys[block.id, DELETED] = None
        rows = dict(zip(keys, await self._store.rows(list(keys)), strict=True))
        found = [(block, bits) for block in blocks if (bits := self._evaluate(block, rows))]
        if self._sites is not None:
            found = await self._of_category(found, self._sites)
        tables = [
            _Table(block.lasts[number], block.id, block.period, number, part)
            for block, bits in found
            for number, part in split(bits, block)
        ]
        self._tables = deque(sorted([*self._tables, *tables], key=lambda table: -table.last))

    def _evaluate(self, block: Block, rows: dict[tuple[int, str], bytes | None]) -> int:
        def found(low: str, high: str) -> int:
            pages = [rows[block.id, name] for name in block.pages(low, high)]
            return lookup(map(_there, pages), low, high)

        bits = everything(block.count)
        for low, high in self._some:
            if not bits:
                return 0
            bits &= found(low, high)
        for low, high in self._none:
            bits &= ~found(low, high)
        if block.deleted:
            bits &= ~int.from_bytes(_there(rows[block.id, DELETED]), "little")
        return bits

    async def _of_category(
        self, found: Sequence[tuple[Block, int]], sites: Sequence[str]
    ) -> list[tuple[Block, int]]:
        """Of what is found, that which may be of the wanted category.

        Args:
            sites: what a visit must be on, by the terms, where a block was written before the
                rules were changed. The pages of sites are many.
        """
        term = CATEGORY + str(self._query.category)
        by_page = [
            block.by_page([term] if block.rules == self._rules else sites) for block, _ in found
        ]
        keys = [
            (block.id, name)
            for (block, _), names in zip(found, by_page, strict=True)
            for name in names
        ]
        rows = iter(await self._store.rows(keys))
        left = []
        for (block, bits), names in zip(found, by_page, strict=True):
            there = 0
            for terms in names.values():
                there |= lookup_any(_there(next(rows)), terms)
            left.append((block, bits & there))
        return left

    async def _read(self) -> None:
        """Learn when visits began: of one table, or of more where there is little in each."""
        tables: list[_Table] = []
        count = 0
        while self._tables and count < self._want:
            tables.append(self._tables.popleft())
            count += tables[-1].bits.bit_count()
        rows = await self._store.rows([(table.block, f"d{table.number}") for table in tables])
        for table, row in zip(tables, rows, strict=True):
            known = moments(_there(row), table.period, offsets_of(table.bits))
            self._found += filter(self._is_wanted, known)
        self._found.sort()

    def _is_wanted(self, moment: Moment) -> bool:
        query = self._query
        return (
            (self._before is None or moment < self._before)
            and (query.from_ms is None or moment[0] >= query.from_ms)
            and (query.to_ms is None or moment[0] < query.to_ms)
        )


def _there(row: bytes | None) -> bytes:
    if row is None:
        raise Outdated
    return row


def _ranges(query: Query) -> tuple[list[Range], list[Range]]:
    """Of what a visit must have something each; and what it must not have."""
    prefixes = sorted(query.prefixes, key=len, reverse=True)
    some = [_exactly(term) for term in query.terms]
    some += [_exactly(word) for phrase in query.phrases for word in phrase]
    some += [(prefix, prefix + END) for prefix in prefixes]
    none = [_exactly(term) for term in query.without_terms]
    none += [_exactly(phrase[0]) for phrase in query.without if len(phrase) == 1]
    return some, none


def _sites(query: Query, categories: Categories) -> list[str] | None:
    """The terms of which a visit must have one to be of the wanted category, where there are."""
    if not query.category or query.category == UNCLASSIFIED:
        return None
    return [SITE + domain for domain in sorted(categories.domains(query.category))]


def _exactly(term: str) -> Range:
    return term, term + "\0"
