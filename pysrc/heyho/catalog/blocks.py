"""The parts of the index: blocks of up to `BLOCK_SIZE` visits that began in the same month.

A block never changes: with more visits it is written anew, under another number. So whoever still
reads the old one finds it gone, and begins again. Only which of its visits were deleted since is
written over.

Its rows are named: `w0`, `w1`, ... are pages of terms in order, each with its posting list;
`d0`, `d1`, ... say of `TABLE_SIZE` visits each their `seq` and when they began; `x` is a bitmap of
those deleted.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate
from operator import add
from typing import Any

from heyho.catalog import postings
from heyho.catalog.categories import CATEGORIES, UNCLASSIFIED, Categories
from heyho.catalog.days import period_begin_ms
from heyho.catalog.terms import CATEGORY, DEVICE, SITE

PAGE_BYTES = 8_192
SITES_BYTES = 16_384
"""Of a page of sites, of which a category has dozens: so they take fewer reads. In UTF-8 it is up
to four times as long, and still counted in 16 bits."""
TABLE_SIZE = 2_048
PAGES_KEPT = 128
"""Pages that need not be unpacked again for the next letter."""
DELETED = "x"
END = "\U0010ffff"
_NEWLINE = ord("\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What is known of a block without reading it.

    Attributes:
        id: its number, which no other block ever has.
        period: the month, see `heyho.catalog.days`.
        first, last: when the earliest and the latest of its visits began, in epoch ms.
        count: its visits, with those deleted since.
        deleted: how many of them were.
        rules: the version of the rules by which its terms of categories were made.
        terms: the first term of each page, in order.
        lasts: when the latest visit of each table began.
    """

    id: int
    period: int
    first: int
    last: int
    count: int
    deleted: int
    rules: str
    terms: tuple[str, ...]
    lasts: tuple[int, ...]

    def to_record(self) -> dict[str, Any]:
        """The stored form."""
        return {
            "id": self.id,
            "period": self.period,
            "first": self.first,
            "last": self.last,
            "count": self.count,
            "deleted": self.deleted,
            "rules": self.rules,
            "terms": "\n".join(self.terms),
            "lasts": list(self.lasts),
        }

    @staticmethod
    def from_record(record: Mapping[str, Any]) -> Block:
        """What `to_record` made; a block without terms of categories has no rules."""
        terms = tuple(record["terms"].split("\n"))
        known = {"rules": "", **record}
        return Block(**{**known, "terms": terms, "lasts": tuple(record["lasts"])})

    @property
    def tables(self) -> list[str]:
        """The names of its tables of visits."""
        return [f"d{number}" for number in range(len(self.lasts))]

    @property
    def names(self) -> set[str]:
        """The names of all its rows, but for that of deleted visits."""
        return {*self.tables, *(f"w{number}" for number in range(len(self.terms)))}

    def pages(self, low: str, high: str) -> list[str]:
        """The names of the pages with terms from `low` on and before `high`."""
        return [f"w{number}" for number in range(self._page(low), bisect_left(self.terms, high))]

    def by_page(self, terms: Iterable[str]) -> dict[str, list[str]]:
        """Some terms by the name of the page that each is in, if the block has it."""
        found: dict[str, list[str]] = {}
        for term in terms:
            found.setdefault(f"w{self._page(term)}", []).append(term)
        return found

    def _page(self, term: str) -> int:
        return max(bisect_right(self.terms, term) - 1, 0)


@dataclass(frozen=True, slots=True)
class Entry:
    """A visit as a block knows it."""

    at: int
    seq: int
    terms: Iterable[str]


def lookup(pages: Iterable[bytes], low: str, high: str) -> int:
    """Which visits have a term from `low` on and before `high`."""
    found = 0
    for page in pages:
        if high == low + "\0":
            found |= _exactly(page, low)
            continue
        terms, lengths, begin = _unpack(page)
        first, last = bisect_left(terms, low), bisect_left(terms, high)
        if first < last:
            begin += sum(lengths[:first])
            wanted = lengths[first:last]
            found |= postings.union(page[begin : begin + sum(wanted)], wanted)
    return found


def lookup_any(page: bytes, terms: Iterable[str]) -> int:
    """Which visits have one of some terms, each of which is in this page if it is in the block."""
    found = 0
    for term in terms:
        found |= _exactly(page, term)
    return found


def split(bits: int, block: Block) -> Iterator[tuple[int, int]]:
    """The tables with visits of a block that are in `bits`: their numbers, and which visits."""
    whole = postings.everything(TABLE_SIZE)
    for number in range(len(block.lasts)):
        if part := bits >> (number * TABLE_SIZE) & whole:
            yield number, part


def moments(table: bytes, period: int, offsets: Iterable[int]) -> list[tuple[int, int]]:
    """When some visits of a table began, and their `seq`."""
    numbers = memoryview(table).cast("I")
    half, base = len(numbers) // 2, period_begin_ms(period)
    return [(numbers[half + offset] + base, numbers[offset]) for offset in offsets]


def seqs(tables: Iterable[bytes]) -> Iterator[int]:
    """The `seq` of each visit of a block, from its tables in order."""
    for table in tables:
        numbers = memoryview(table).cast("I")
        yield from numbers[: len(numbers) // 2]


def extended(
    block: Block | None,
    rows: Mapping[str, bytes],
    entries: Sequence[Entry],
    *,
    number: int,
    period: int,
    categories: Categories,
) -> tuple[Block, dict[str, bytes]]:
    """A block with more visits in it, or none, and its rows.

    Args:
        block: what is extended, or None for nothing.
        rows: all rows of `block`.
        entries: no more than there is room for.
        number: of the new one.
        period: the month in which all of them began.
        categories: the rules by which its terms of categories are made anew.
    """
    count = block.count if block else 0
    lists: dict[str, bytes] = {}
    for name, row in rows.items():
        if name.startswith("w"):
            terms, lengths, begin = _unpack(row)
            for term, length in zip(terms, lengths, strict=True):
                lists[term] = row[begin : begin + length]
                begin += length
    added: dict[str, list[int]] = {}
    for offset, entry in enumerate(entries, count):
        for term in entry.terms:
            if term in added:
                added[term].append(offset)
            else:
                added[term] = [offset]
    for term, offsets in added.items():
        known = lists.get(term)
        lists[term] = postings.append(known, offsets) if known else postings.pack(offsets)
    _classify(lists, categories)
    firsts, pages = _paged(lists)
    written = {f"w{number}": page for number, page in enumerate(pages)}
    tables, lasts = _tables(block, rows, entries, period)
    written |= tables
    if block and block.deleted:
        written[DELETED] = rows[DELETED]
    ats = [entry.at for entry in entries]
    if block:
        ats += [block.first, block.last]
    made = Block(
        id=number,
        period=period,
        first=min(ats),
        last=max(ats),
        count=count + len(entries),
        deleted=block.deleted if block else 0,
        rules=categories.version,
        terms=tuple(firsts),
        lasts=tuple(lasts),
    )
    return made, written


def entries_of(block: Block, rows: Mapping[str, bytes]) -> list[Entry]:
    """The visits of a block that were not deleted, from all its rows."""
    terms_of: list[list[str]] = [[] for _ in range(block.count)]
    for name, row in rows.items():
        if name.startswith("w"):
            terms, lengths, begin = _unpack(row)
            for term, length in zip(terms, lengths, strict=True):
                for offset in postings.unpack(row[begin : begin + length]):
                    terms_of[offset].append(term)
                begin += length
    known = (
        moment
        for name in block.tables
        for moment in moments(rows[name], block.period, range(len(rows[name]) // 8))
    )
    gone = rows.get(DELETED, b"").ljust(postings.BITMAP_BYTES, b"\0")
    return [
        Entry(at, seq, terms)
        for offset, ((at, seq), terms) in enumerate(zip(known, terms_of, strict=True))
        if not gone[offset >> 3] >> (offset & 7) & 1
    ]


def marked(
    block: Block, bitmap: bytes | None, offsets: Iterable[int], *, deleted: bool
) -> tuple[Block, bytes]:
    """The block with some of its visits deleted, or not any more; and its bitmap of those."""
    bits = bytearray(bitmap or bytes(postings.BITMAP_BYTES))
    for offset in offsets:
        if deleted:
            bits[offset >> 3] |= 1 << (offset & 7)
        else:
            bits[offset >> 3] &= ~(1 << (offset & 7))
    count = int.from_bytes(bits, "little").bit_count()
    return replace(block, deleted=count), bytes(bits)


def _classify(lists: dict[str, bytes], categories: Categories) -> None:
    """Put the visits to sites on which pages of a category may be under the term of it."""
    for category in CATEGORIES:
        if category == UNCLASSIFIED:
            continue
        found = [
            lists[site]
            for domain in categories.domains(category)
            if (site := SITE + domain) in lists
        ]
        lists.pop(CATEGORY + category, None)
        if found:
            bits = postings.union(b"".join(found), [*map(len, found)])
            lists[CATEGORY + category] = postings.pack(postings.offsets_of(bits))


def _tables(
    block: Block | None, rows: Mapping[str, bytes], entries: Sequence[Entry], period: int
) -> tuple[dict[str, bytes], list[int]]:
    """The tables of a block that is extended, and when the latest visit of each began."""
    numbers, ats = array("I"), array("I")
    for name in block.tables if block else ():
        table = memoryview(rows[name]).cast("I")
        half = len(table) // 2
        numbers.extend(table[:half])
        ats.extend(table[half:])
    base = period_begin_ms(period)
    numbers.extend(entry.seq for entry in entries)
    # What lies outside of all months is put at the ends of the first and of the last.
    ats.extend(min(max(entry.at - base, 0), 2**32 - 1) for entry in entries)
    tables, lasts = {}, []
    for number, begin in enumerate(range(0, len(ats), TABLE_SIZE)):
        piece = ats[begin : begin + TABLE_SIZE]
        tables[f"d{number}"] = numbers[begin : begin + TABLE_SIZE].tobytes() + piece.tobytes()
        lasts.append(max(piece) + base)
    return tables, lasts


def _paged(lists: Mapping[str, bytes]) -> tuple[list[str], list[bytes]]:
    """The first term of each page, and the pages."""
    terms = sorted(lists)
    sites_end = bisect_left(terms, DEVICE)
    lengths = map(len, map(lists.__getitem__, terms))
    sizes = list(accumulate(map(add, map((3).__add__, map(len, terms)), lengths)))
    firsts, pages = [], []
    begin = 0
    while begin < len(terms):
        before = sizes[begin - 1] if begin else 0
        if begin < sites_end:
            end = min(bisect_right(sizes, before + SITES_BYTES), sites_end)
        else:
            end = bisect_right(sizes, before + PAGE_BYTES)
        end = max(end, begin + 1)
        firsts.append(terms[begin])
        pages.append(_pack(terms[begin:end], [lists[term] for term in terms[begin:end]]))
        begin = end
    return firsts, pages


def _pack(terms: Sequence[str], lists: Sequence[bytes]) -> bytes:
    """How many terms and how much text there is, the lists' lengths, the text, and the lists."""
    text = "\n".join(terms).encode()
    head = array("H", [len(terms), len(text), *map(len, lists)])
    return b"".join((head.tobytes(), text, *lists))


def _exactly(page: bytes, term: str) -> int:
    """Which visits have this term; the page is not unpacked for it."""
    begin, end = _text(page)
    text = term.encode(errors="surrogatepass")
    at = page.find(text, begin, end)
    while at >= 0:
        after = at + len(text)
        if (at == begin or page[at - 1] == _NEWLINE) and (after == end or page[after] == _NEWLINE):
            number = page.count(_NEWLINE, begin, at)
            lengths = memoryview(page)[4:begin].cast("H")
            first = end + sum(lengths[:number])
            return postings.union(page[first : first + lengths[number]], [lengths[number]])
        at = page.find(text, after, end)
    return 0


@lru_cache(maxsize=PAGES_KEPT)
def _unpack(page: bytes) -> tuple[list[str], array[int], int]:
    """The terms, the lengths of their lists, and where the lists begin."""
    begin, end = _text(page)
    return page[begin:end].decode().split("\n"), array("H", page[4:begin]), end


def _text(page: bytes) -> tuple[int, int]:
    """Where the text of a page begins and ends."""
    count, size = memoryview(page)[:4].cast("H")
    begin = 4 + 2 * count
    return begin, begin + size
