"""A server made of parts: what a request meets on its way, from the outside in, and the database.

    Server(Latency(0.3), First(2, Says(503)), Quota(SlidingLog("sync", 5, 1)))

takes 300 ms for everything, fails twice, and takes five batches a second from then on.
"""

from __future__ import annotations

import asyncio
import json
import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

from heyho.ports import Record
from heyho.ports.network import Reply
from heyho.testing.network import reply
from unit.sync.servers import receipt, refusal


def visit_id(number: int) -> str:
    """The id of the visit with that number."""
    return f"visit-{number:04}"


def now_s() -> float:
    """Seconds of the running loop's clock."""
    return asyncio.get_running_loop().time()


@dataclass(slots=True)
class Database:
    """What a server keeps, and what it takes.

    Attributes:
        rejects: the visits that it rejects by name, and stores the others of their batch.
        chokes_on: the visits that make it refuse the whole batch with 400.
        visits: by id; one that comes again is kept once.
        stored_s: when each came first.
        arrivals: how often each came; a batch that is refused as a whole does not count.
        refused: the visits that will never be taken: rejected by name, or refused all alone.
    """

    rejects: frozenset[str] = frozenset()
    chokes_on: frozenset[str] = frozenset()
    visits: dict[str, Record] = field(default_factory=dict)
    stored_s: dict[str, float] = field(default_factory=dict)
    arrivals: Counter[str] = field(default_factory=Counter)
    refused: set[str] = field(default_factory=set)

    def take(self, visits: Collection[Record], *, at_s: float) -> Reply:
        """Take a batch, as far as that is possible."""
        ids = {visit["id"] for visit in visits}
        if ids & self.chokes_on:
            return refusal(400, "Cannot read this")
        self.refused |= ids & self.rejects
        kept = [visit for visit in visits if visit["id"] not in self.rejects]
        for visit in kept:
            self.visits[visit["id"]] = visit
            self.stored_s.setdefault(visit["id"], at_s)
        self.arrivals.update(ids)
        errors = [{"record_id": key, "message": "odd"} for key in sorted(ids & self.rejects)]
        return receipt(len(kept), errors)

    def restore(self, as_of_s: float) -> None:
        """Go back to how things were at a time."""
        for visit_id, at_s in list(self.stored_s.items()):
            if at_s > as_of_s:
                del self.visits[visit_id], self.stored_s[visit_id], self.arrivals[visit_id]

    @property
    def resent(self) -> int:
        """How often a visit came that had come before."""
        return self.arrivals.total() - len(self.arrivals)


@dataclass(slots=True)
class Request:
    """One request on its way.

    Attributes:
        visits: None where it asks for the server's limits.
        json_bytes: the size of the body.
        database: where it leads.
        receipt: the database's answer, once it has arrived there.
    """

    visits: list[Record] | None
    json_bytes: int
    database: Database
    receipt: Reply | None = None

    @property
    def ids(self) -> list[str]:
        """The ids of its visits."""
        return [visit["id"] for visit in self.visits or ()]

    def arrive(self, *, at_s: float) -> Reply:
        """Reach the database."""
        self.receipt = self.database.take(self.visits or (), at_s=at_s)
        return self.receipt

    def was_heard(self, answer: Reply) -> bool:
        """Whether an answer is that of the database."""
        receipt = self.receipt
        return receipt is not None and (receipt.status, receipt.text) == (
            answer.status,
            answer.text,
        )


Onward = Callable[[Request], Awaitable[Reply]]


class Part(ABC):
    """Something that requests meet; it lets them go onward, or does not.

    Attributes:
        of_config: whether `GET /config` meets it too.
    """

    of_config: ClassVar[bool] = False

    @abstractmethod
    async def meet(self, request: Request, onward: Onward) -> Reply:
        """Answer a request."""


class Server:
    """Parts and a database.

    Args:
        parts: from the outside in.
        rejects, chokes_on: the numbers of visits that the database does not take, see there.
        rate_limits: the quotas that `GET /config` tells of.
        max_records, max_body_bytes: the limits that it tells of.

    Attributes:
        on_the_way: the requests that have neither reached the database nor been answered.
        unheard: how often a visit was stored, or rejected, without an answer that says so.
        requests: how many batches were sent.
        refused_knowingly: how many got a 429 that were sent after the first answer had come.
    """

    def __init__(
        self,
        *parts: Part,
        rejects: Iterable[int] = (),
        chokes_on: Iterable[int] = (),
        rate_limits: Any = None,
        max_records: int = 1000,
        max_body_bytes: int = 10_000_000,
    ) -> None:
        self.database = Database(
            rejects=frozenset(map(visit_id, rejects)), chokes_on=frozenset(map(visit_id, chokes_on))
        )
        self.on_the_way: list[Request] = []
        self.unheard: Counter[str] = Counter()
        self.requests = 0
        self.refused_knowingly = 0
        self._heard_s = math.inf
        self._config = {
            "maxRecords": max_records,
            "maxBodyBytes": max_body_bytes,
            "rateLimits": rate_limits,
        }
        self._parts = parts

    async def answer(self, method: str, url: str, body: Record | None, token: str | None) -> Reply:
        """An `Answer`."""
        visits = None if body is None else body["pageVisits"]
        request = Request(visits, len(json.dumps(body, separators=(",", ":"))), self.database)
        self.requests += visits is not None
        self.on_the_way.append(request)
        began_s, heard = now_s(), False
        try:
            answer = await self._meet(self._parts, request)
            heard = request.was_heard(answer)
        finally:
            self.on_the_way.remove(request)
            if request.receipt and request.receipt.status == 200 and not heard:
                self.unheard.update(request.ids)
        self.refused_knowingly += answer.status == 429 and began_s > self._heard_s
        if visits is not None:
            self._heard_s = min(self._heard_s, now_s())
        if answer.status in (400, 413) and len(request.ids) == 1:
            self.database.refused.update(request.ids)
        return answer

    async def _meet(self, parts: tuple[Part, ...], request: Request) -> Reply:
        if not parts:
            return (
                reply(200, self._config) if request.visits is None else request.arrive(at_s=now_s())
            )
        first, *rest = parts
        onward = partial(self._meet, tuple(rest))
        if request.visits is None and not first.of_config:
            return await onward(request)
        return await first.meet(request, onward)
