"""The domains of a person's visits."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from heyho_server.storage.tables import visits

MAX_LABELS = 16


async def hosts_of(connection: AsyncConnection, user_id: int, domain: str) -> list[str]:
    """The hosts of a person's visits that are the domain or a subdomain of it.

    One step into the index for each host there is, instead of one for each visit.
    """
    mine = visits.c.user_id == user_id
    first = select(visits.c.domain).where(mine).order_by(visits.c.domain).limit(1)
    hosts = select(first.scalar_subquery().label("domain")).cte(recursive=True)
    following = (
        select(visits.c.domain)
        .where(mine, visits.c.domain > hosts.c.domain)
        .order_by(visits.c.domain)
        .limit(1)
        .scalar_subquery()
    )
    hosts = hosts.union_all(select(following).where(hosts.c.domain.is_not(None)))
    found = await connection.scalars(select(hosts.c.domain).where(hosts.c.domain.is_not(None)))
    return [host for host in found if is_of(host, domain)]


def lineage(host: str) -> Iterator[str]:
    """The domains that a host is of: itself, and those of MAX_LABELS labels that it is below.

    A host is any text, and one of dots alone would have hundreds above it.
    """
    yield host
    at = len(host)
    for _ in range(MAX_LABELS):
        at = host.rfind(".", 0, at)
        if at < 0:
            return
        yield host[at + 1 :]


def labels_of(domain: str) -> int:
    """How many labels a domain has, empty ones among them."""
    return domain.count(".") + 1


def is_of(host: str, domain: str) -> bool:
    """Whether a host is the domain or a subdomain of it."""
    return host == domain or host.endswith(f".{domain}")
