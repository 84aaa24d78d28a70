"""Full-text search on SQLite: the index, how visits get into it, and how it is asked.

`visit_search` holds no texts, only their words. Its rowid is the visit's `search_key`, which is
`started_at << SLOT_BITS` and the first free slot from there, so that the latest matches are those
with the largest rowids. Only where a millisecond has more visits than slots does a key lie in one
of the next milliseconds, SPILL_MS later at most.

Beside title and address each visit has its owner there, its device, its category and its domain,
in words that begin with MARK, which nobody types. They only narrow what is looked at: each match
is looked up in `visits`, and judged there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    column,
    exists,
    literal_column,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import Join

from heyho_server.storage.filters import Filter
from heyho_server.storage.tables import visits
from heyho_server.words import Term

SLOT_BITS = 15
SPILL_MS = 100
CHUNK = 500
MARK = "\N{CYRILLIC LETTER MULTIOCULAR O}"

IS_WAITING = text("visits.search_key IS NULL")
rowid: ColumnElement[int] = literal_column("visit_search.rowid")

_search = table("visit_search", column("rowid"))
# As the triggers of migration 0002 have it.
_INSERT = f"""
INSERT INTO visit_search (rowid, owner, title, url)
SELECT
  search_key,
  '{MARK}u' || user_id || ' {MARK}v' || hex(anonymous_client_id)
    || ifnull(' {MARK}c' || hex(category), '') || ' ' || domain || ' {MARK}',
  title,
  url
FROM visits WHERE search_key = ?
"""  # noqa: S608 - MARK is a constant

# With the last slot of its millisecond that is taken.
_WAITING = f"""
SELECT user_id, id, started_at, (
  SELECT max(search_key) FROM visits AS other
  WHERE other.search_key >= visits.started_at << {SLOT_BITS}
    AND other.search_key < (visits.started_at + 1) << {SLOT_BITS}
)
FROM visits WHERE search_key IS NULL ORDER BY user_id, started_at LIMIT ?
"""  # noqa: S608 - SLOT_BITS is a constant
_SET_KEY = "UPDATE visits SET search_key = ? WHERE user_id = ? AND id = ?"


class _CrossJoin(Join):
    """A join whose order is SQLite's to keep: the index first, visits by what it found."""

    inherit_cache = True


@compiles(_CrossJoin)
def _compile_cross_join(join: _CrossJoin, compiler: Any, **options: Any) -> str:
    left, right = (compiler.process(side, asfrom=True) for side in (join.left, join.right))
    return f"{left} CROSS JOIN {right} ON {compiler.process(join.onclause, **options)}"


async def index_some(connection: AsyncConnection, limit: int = CHUNK) -> int:
    """Make some of the waiting visits searchable; needs a write transaction.

    Returns:
        How many; fewer than `limit` where no more are waiting.
    """
    waiting: Sequence[Any] = (await connection.exec_driver_sql(_WAITING, (limit,))).all()
    taken: set[int] = set()
    keyed: list[tuple[int, int, str]] = []
    for user_id, visit_id, started_at, last in waiting:
        key, end = started_at << SLOT_BITS, (started_at + 1) << SLOT_BITS
        if last is not None:
            key = last + 1
        while key < end and key in taken:
            key += 1
        if key >= end:
            await _set_keys(connection, keyed)
            del keyed[:]
            key = await _free_key(connection, started_at << SLOT_BITS)
        taken.add(key)
        keyed.append((key, user_id, visit_id))
    if keyed:
        await _set_keys(connection, keyed)
        await connection.exec_driver_sql(_INSERT, [(key,) for key in sorted(taken)])
    return len(waiting)


async def _set_keys(connection: AsyncConnection, keyed: list[tuple[int, int, str]]) -> None:
    if keyed:
        await connection.exec_driver_sql(_SET_KEY, list(keyed))


async def _free_key(connection: AsyncConnection, taken: int) -> int:
    """The first key after one that is taken which no visit has."""
    gap = """
    SELECT search_key + 1 FROM visits AS one WHERE search_key >= ? AND NOT EXISTS (
      SELECT 1 FROM visits AS another WHERE another.search_key = one.search_key + 1
    ) ORDER BY search_key LIMIT 1
    """
    return int((await connection.exec_driver_sql(gap, (taken,))).scalar_one())


async def longest_wait(connection: AsyncConnection) -> int | None:
    """When the first of the visits that wait for the index was stored; None where none does."""
    first = """
    SELECT min(stored_at) FROM (
      SELECT stored_at FROM visits WHERE search_key IS NULL ORDER BY user_id, started_at LIMIT 500
    )
    """
    found: int | None = (await connection.exec_driver_sql(first)).scalar_one()
    return found


async def is_alone(connection: AsyncConnection, user_id: int) -> bool:
    """Whether nobody else has visits, so that the index need not tell whose they are."""
    others = or_(
        exists(select(1).where(visits.c.user_id < user_id)),
        exists(select(1).where(visits.c.user_id > user_id)),
    )
    return not await connection.scalar(select(others))


def select_searched(wanted: Filter, user_id: int, *, alone: bool, ascending: bool) -> Select[Any]:
    """The searchable visits that a filter means, in the order of their keys."""
    joined = _CrossJoin(_search, visits, literal_column("visits.search_key") == rowid)
    found = (
        select(visits)
        .select_from(joined)
        .where(
            text("visit_search MATCH :expression").bindparams(
                expression=expression(wanted, user_id, alone=alone)
            ),
            *wanted.conditions(user_id),
        )
        .order_by(rowid if ascending else rowid.desc())
    )
    if wanted.from_at is not None:
        found = found.where(wanted.from_at << SLOT_BITS <= rowid)
    if wanted.to_at is not None:
        found = found.where((wanted.to_at + SPILL_MS) << SLOT_BITS > rowid)
    return found


def expression(wanted: Filter, user_id: int, *, alone: bool) -> str:
    """What the index is asked, in FTS5's language; every word of it is quoted."""
    parts = [_term(term) for term in wanted.query.wanted]
    if wanted.domain is not None:
        parts.append(_owner(f"{wanted.domain} {MARK}"))
    if wanted.device is not None:
        parts.append(_owner(f"{MARK}v{wanted.device.encode().hex()}"))
    if wanted.category is not None:
        parts.append(_owner(f"{MARK}c{wanted.category.encode().hex()}"))
    if not (alone and parts):
        parts.append(_owner(f"{MARK}u{user_id}"))
    asked = " AND ".join(parts)
    unwanted = "".join(f" NOT {_term(term)}" for term in wanted.query.excluded)
    return f"({asked}){unwanted}"


def _term(term: Term) -> str:
    return f"({{title url}} : {_quoted(' '.join(term.words))}{' *' if term.is_prefix else ''})"


def _owner(words: str) -> str:
    return f"(owner : {_quoted(words)})"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
