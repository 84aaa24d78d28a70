"""Blocks and posting lists: what was put in is found in them."""

from __future__ import annotations

from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from heyho.catalog import blocks, postings
from heyho.catalog.blocks import (
    Block,
    Entry,
    extended,
    lookup,
    lookup_any,
    marked,
    moments,
    seqs,
    split,
)
from heyho.catalog.categories import Categories
from heyho.catalog.days import period_begin_ms

PERIOD = 2026 * 12 + 10
BEGIN = period_begin_ms(PERIOD)
RULES = Categories()
offsets = st.sets(st.integers(0, postings.BLOCK_SIZE - 1), max_size=50).map(sorted)


@given(offsets, st.integers(1, 3000), st.integers(0, postings.BLOCK_SIZE - 3000))
def test_posting_lists_keep_their_offsets(some: list[int], length: int, begin: int) -> None:
    many = list(range(begin, begin + length))
    assert postings.offsets_of(postings.union(postings.pack(some), [2 * len(some)])) == some
    packed = postings.pack(many)
    assert len(packed) == min(2 * length, postings.BITMAP_BYTES)
    assert postings.offsets_of(postings.union(packed, [len(packed)])) == many
    for lists in ([packed, postings.pack(some)], [postings.pack(some), packed]):
        both = postings.union(b"".join(lists), [len(one) for one in lists])
        assert postings.offsets_of(both) == sorted({*many, *some})
    more = [offset for offset in some if offset >= begin + length]
    longer = postings.append(packed, more)
    assert postings.offsets_of(postings.union(longer, [len(longer)])) == many + more


terms = st.sets(st.text("abcü", min_size=1, max_size=4), min_size=1, max_size=5)


@given(st.lists(st.lists(terms, min_size=1, max_size=6), min_size=1, max_size=4), st.text("abü"))
@settings(deadline=None)
def test_an_extended_block_finds_what_each_extension_brought(
    lots: list[list[set[str]]], prefix: str
) -> None:
    with patch.multiple(blocks, TABLE_SIZE=4, PAGE_BYTES=20):
        block: Block | None = None
        rows: dict[str, bytes] = {}
        put: list[Entry] = []
        for number, lot in enumerate(lots):
            entries = [
                Entry(BEGIN + 1000 - len(put) - at, 7 + len(put) + at, own)
                for at, own in enumerate(lot)
            ]
            put += entries
            block, rows = extended(
                block, rows, entries, number=number, period=PERIOD, categories=RULES
            )
        assert block
        assert Block.from_record(block.to_record()) == block
        assert {*rows} == {*block.tables, *(f"w{at}" for at in range(len(block.terms)))}
        pages = [rows[name] for name in block.pages(prefix, prefix + blocks.END)]
        bits = lookup(pages, prefix, prefix + blocks.END)
        expected = [any(term.startswith(prefix) for term in entry.terms) for entry in put]
        assert [bits >> at & 1 for at in range(len(put))] == expected
        found = []
        for number, part in split(bits, block):
            table = rows[f"d{number}"]
            found += moments(table, PERIOD, postings.offsets_of(part))
            assert max(at for at, _ in found) <= block.lasts[0]
        assert found == [(e.at, e.seq) for e, has in zip(put, expected, strict=True) if has]
        assert list(seqs(rows[name] for name in block.tables)) == [entry.seq for entry in put]
        assert (block.first, block.last) == (put[-1].at, put[0].at)


texts = st.text("\x01abü", min_size=1, max_size=4)


@given(
    st.lists(st.sets(texts, min_size=1), min_size=1, max_size=12),
    st.sets(texts | st.just("\x01\ud800")),
)
def test_any_of_some_terms_is_found_by_the_pages_they_would_be_in(
    own: list[set[str]], wanted: set[str]
) -> None:
    with patch.multiple(blocks, PAGE_BYTES=20, SITES_BYTES=40):
        entries = [Entry(BEGIN + at, at, has) for at, has in enumerate(own)]
        block, rows = extended(None, {}, entries, number=1, period=PERIOD, categories=RULES)
    bits = 0
    for name, some in block.by_page(sorted(wanted)).items():
        bits |= lookup_any(rows[name], some)
    assert [bits >> at & 1 == 1 for at in range(len(own))] == [bool(has & wanted) for has in own]


def test_deleted_visits_are_marked_and_unmarked() -> None:
    entries = [Entry(BEGIN + at, at, {"a"}) for at in range(5)]
    block, _ = extended(None, {}, entries, number=1, period=PERIOD, categories=RULES)
    block, row = marked(block, None, [1, 3], deleted=True)
    assert (block.deleted, postings.offsets_of(int.from_bytes(row, "little"))) == (2, [1, 3])
    block, row = marked(block, row, [3, 4], deleted=False)
    assert (block.deleted, postings.offsets_of(int.from_bytes(row, "little"))) == (1, [1])
