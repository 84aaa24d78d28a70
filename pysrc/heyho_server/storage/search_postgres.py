"""Full-text search on PostgreSQL: the column `words`, which is always up to date."""

from __future__ import annotations

from sqlalchemy import ColumnElement, bindparam, literal_column
from sqlalchemy.dialects.postgresql import TSQUERY

from heyho_server.words import Query, Term


def has_words(query: Query) -> ColumnElement[bool]:
    """Visits whose title and address hold what is asked."""
    asked = bindparam("asked", expression(query), TSQUERY, unique=True)
    return literal_column("visits.words").op("@@", is_comparison=True)(asked)


def expression(query: Query) -> str:
    """A query in PostgreSQL's language; every word of it is quoted, and is only letters anyway."""
    return " & ".join(_term(term) for term in query.terms)


def _term(term: Term) -> str:
    *whole, last = (f"'{word}'" for word in term.words)
    words = " <-> ".join([*whole, f"{last}:*" if term.is_prefix else last])
    return f"!({words})" if term.is_excluded else f"({words})"
