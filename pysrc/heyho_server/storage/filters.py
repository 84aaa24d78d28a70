"""Filters: which of a person's visits are meant."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, tuple_

from heyho_server.storage.tables import visits
from heyho_server.words import Query

EVERYTHING = Query()


@dataclass(frozen=True, slots=True)
class Place:
    """A visit's place in the order of time."""

    started_at: int
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which visits are meant: all that meet each condition that is given.

    Attributes:
        from_at, to_at: started in `[from_at, to_at)`.
        domain: a host, which stands for its subdomains as well.
        device: its anonymous client id.
    """

    from_at: int | None = None
    to_at: int | None = None
    domain: str | None = None
    device: str | None = None
    category: str | None = None
    query: Query = EVERYTHING

    def conditions(self, user_id: int) -> list[ColumnElement[bool]]:
        """All of them but the query, which each kind of database answers in its own way."""
        domain = [] if self.domain is None else [of_domain(self.domain)]
        return [*self.of_time(user_id), *domain, *self.of_origin()]

    def of_time(self, user_id: int) -> list[ColumnElement[bool]]:
        """Whose, from when, and until when."""
        found = [visits.c.user_id == user_id]
        if self.from_at is not None:
            found.append(visits.c.started_at >= self.from_at)
        if self.to_at is not None:
            found.append(visits.c.started_at < self.to_at)
        return found

    def of_origin(self) -> list[ColumnElement[bool]]:
        """By which device, and of which category."""
        found = []
        if self.device is not None:
            found.append(visits.c.anonymous_client_id == self.device)
        if self.category is not None:
            found.append(visits.c.category == self.category)
        return found


def of_domain(domain: str) -> ColumnElement[bool]:
    """Visits of the host and of its subdomains."""
    ending = f".{domain}"
    end = func.substr(visits.c.domain, func.length(visits.c.domain) - len(ending) + 1)
    is_longer = func.length(visits.c.domain) > len(ending)
    return or_(visits.c.domain == domain, is_longer & (end == ending))


def beyond(place: Place, *, ascending: bool) -> ColumnElement[bool]:
    """Visits that come after a place."""
    position = tuple_(visits.c.started_at, visits.c.id)
    other = tuple_(place.started_at, place.id)
    if ascending:
        return (visits.c.started_at >= place.started_at) & (position > other)
    return (visits.c.started_at <= place.started_at) & (position < other)
