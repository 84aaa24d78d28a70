"""Full-text search on PostgreSQL: the column `words`, which is always up to date.

A page is looked for in two steps, because the planner cannot guess how frequent words are that
come together. What is frequent is found among the next visits in time; what is not found there is
rare, and all of it is got by the indexes of words, domains, devices and categories, and then put in
order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    false,
    func,
    literal_column,
    not_,
    select,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncConnection

from heyho_server.storage.tables import visits
from heyho_server.words import Query, Term

WINDOW = 20_000


async def first_matches(
    connection: AsyncConnection,
    within: list[ColumnElement[bool]],
    matching: list[ColumnElement[bool]],
    *,
    limit: int,
    ascending: bool,
) -> list[Any]:
    """The first visits that meet all conditions.

    Args:
        within: what the index of the time knows of: whose, which comes first, and when.
        matching: the rest.
    """

    def in_order(found: Select[Any], columns: FromClause) -> Select[Any]:
        place = (columns.c.started_at, columns.c.id)
        return found.order_by(*(place if ascending else (it.desc() for it in place)))

    async def first_of(some: CTE, *conditions: ColumnElement[bool]) -> list[str]:
        found = in_order(select(some.c.id).where(*conditions), some).limit(limit)
        return list(await connection.scalars(found))

    if not matching:
        found = in_order(select(visits).where(*within), visits).limit(limit)
        return list((await connection.execute(found)).all())
    places = select(visits.c.started_at, visits.c.id)
    # Each apart, or the planner would move the conditions of one into the other.
    next_ones = in_order(places.add_columns(and_(*matching).label("fits")).where(*within), visits)
    near = next_ones.limit(WINDOW).cte("near").prefix_with("MATERIALIZED")
    ids = await first_of(near, near.c.fits)
    if len(ids) < limit:
        every = places.where(*within, *matching).cte("every").prefix_with("MATERIALIZED")
        ids = await first_of(every)
    found = in_order(select(visits).where(within[0], visits.c.id.in_(ids)), visits)
    return list((await connection.execute(found)).all())


def has_words(query: Query) -> ColumnElement[bool]:
    """Visits whose title and address hold what is asked."""
    conditions = [_has_marked(term) for term in query.terms if term.marked]
    if plain := [term for term in query.terms if not term.marked]:
        conditions.append(_has(bindparam("asked", expression(plain), TSQUERY, unique=True)))
    return and_(*conditions)


def expression(terms: Sequence[Term]) -> str:
    """Terms in PostgreSQL's language; every word of them is quoted, and is only letters anyway."""
    return " & ".join(_term(term) for term in terms)


def _has(asked: ColumnElement[Any]) -> ColumnElement[bool]:
    return literal_column("visits.words").op("@@", is_comparison=True)(asked)


def _has_marked(term: Term) -> ColumnElement[bool]:
    """Visits that hold a term which PostgreSQL cuts into words, as migration 0002 does."""
    simple: ColumnElement[Any] = literal_column("'simple'::regconfig")
    letters = func.regexp_replace(term.marked, "[^[:alnum:]]+", " ", "g")
    # Null where it finds no word, which no text holds.
    asked = func.nullif(cast(func.phraseto_tsquery(simple, letters), Text), "")
    has = _has(cast(asked.concat(":*") if term.is_prefix else asked, TSQUERY))
    return not_(func.coalesce(has, false())) if term.is_excluded else has


def _term(term: Term) -> str:
    *whole, last = (f"'{word}'" for word in term.words)
    words = " <-> ".join([*whole, f"{last}:*" if term.is_prefix else last])
    return f"!({words})" if term.is_excluded else f"({words})"
