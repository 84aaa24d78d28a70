"""Which visits of a block have a term.

A posting list is what is stored: offsets within the block as sorted little-endian numbers of 16
bits, or a bitmap where that is not longer; its length tells which. To reckon with, it becomes an
int with a bit for each visit: `&`, `|` and `& ~` of ints are what makes search fast in Python.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import compress

BLOCK_SIZE = 16_384
BITMAP_BYTES = BLOCK_SIZE // 8
_FLAGS = bytes.maketrans(b"01", b"\x00\x01")


def pack(offsets: Sequence[int]) -> bytes:
    """The posting list of sorted offsets."""
    if 2 * len(offsets) < BITMAP_BYTES:
        return array("H", offsets).tobytes()
    return _bitmap(offsets)


def append(posting: bytes, offsets: Sequence[int]) -> bytes:
    """The posting list with more offsets behind its own."""
    if len(posting) < BITMAP_BYTES:
        if len(posting) + 2 * len(offsets) < BITMAP_BYTES:
            return posting + array("H", offsets).tobytes()
        return _bitmap([*memoryview(posting).cast("H"), *offsets])
    bits = bytearray(posting)
    for offset in offsets:
        bits[offset >> 3] |= 1 << (offset & 7)
    return bytes(bits)


def unpack(posting: bytes) -> Sequence[int]:
    """The sorted offsets of a posting list."""
    if len(posting) < BITMAP_BYTES:
        return memoryview(posting).cast("H")
    return offsets_of(int.from_bytes(posting, "little"))


def _bitmap(offsets: Iterable[int]) -> bytes:
    bits = bytearray(BITMAP_BYTES)
    for offset in offsets:
        bits[offset >> 3] |= 1 << (offset & 7)
    return bytes(bits)


def union(lists: bytes, lengths: Sequence[int]) -> int:
    """All that is in posting lists that lie one behind the other."""
    found, at = 0, 0
    if len(lengths) == 1 and lengths[0] == BITMAP_BYTES:
        return int.from_bytes(lists, "little")
    bits = bytearray(BITMAP_BYTES)
    view = memoryview(lists)
    for length in lengths:
        posting = view[at : at + length]
        at += length
        if length == BITMAP_BYTES:
            found |= int.from_bytes(posting, "little")
        else:
            for offset in posting.cast("H"):
                bits[offset >> 3] |= 1 << (offset & 7)
    return found | int.from_bytes(bits, "little")


def everything(count: int) -> int:
    """All of so many visits."""
    return (1 << count) - 1


def offsets_of(bits: int) -> list[int]:
    """The offsets of the visits that are in it."""
    size = bits.bit_length()
    return list(compress(range(size), format(bits, "b")[::-1].encode().translate(_FLAGS)))
