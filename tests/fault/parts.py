"""What can happen to a request, and when."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from fault.server import Onward, Part, Request, now_s, visit_id
from heyho.errors import Unreachable
from heyho.ports.network import Reply
from unit.sync.enforcers import Counter, Headers, draft_headers
from unit.sync.servers import refusal

HOTEL = "<html><h1>Welcome to the hotel</h1></html>"
NGINX_413 = "<html><h1>413 Request Entity Too Large</h1></html>"


@dataclass
class Latency(Part):
    """Everything takes its time: half of it there, half of it back.

    Attributes:
        jitter: each request takes up to this much longer, as a share.
        load_s: how much longer it takes for each other request under way.
    """

    of_config = True
    seconds: float
    jitter: float = 0.0
    load_s: float = 0.0
    _under_way: int = field(default=0, init=False)
    _random: Random = field(default_factory=lambda: Random(1), init=False)

    async def meet(self, request: Request, onward: Onward) -> Reply:
        slow_s = self.seconds * (1 + self.jitter * self._random.random())
        slow_s += self.load_s * self._under_way
        self._under_way += 1
        try:
            await asyncio.sleep(slow_s / 2)
            answer = await onward(request)
            await asyncio.sleep(slow_s / 2)
        finally:
            self._under_way -= 1
        return answer


@dataclass
class Uplink(Part):
    """A slow line, which those who send at once share."""

    bytes_per_s: float
    _senders: int = field(default=0, init=False)

    async def meet(self, request: Request, onward: Onward) -> Reply:
        self._senders += 1
        try:
            for _ in range(20):
                await asyncio.sleep(request.json_bytes / 20 * self._senders / self.bytes_per_s)
        finally:
            self._senders -= 1
        return await onward(request)


@dataclass
class Says(Part):
    """The server answers with a status of its own, and stores nothing."""

    status: int
    message: str = "no"
    headers: Mapping[str, str] = field(default_factory=dict)

    async def meet(self, request: Request, onward: Onward) -> Reply:
        return refusal(self.status, self.message, **self.headers)


@dataclass
class Writes(Part):
    """Something before the server answers with a text of its own; nothing is stored."""

    status: int
    text: str

    async def meet(self, request: Request, onward: Onward) -> Reply:
        return Reply(self.status, {}, self.text)


@dataclass
class Breaks(Part):
    """The connection breaks, before the server has stored the batch or after it."""

    of_config = True
    stored: bool = False

    async def meet(self, request: Request, onward: Onward) -> Reply:
        if self.stored:
            await onward(request)
        raise Unreachable("Your server could not be reached.")


@dataclass
class Silent(Part):
    """No answer ever comes, though the batch may be stored."""

    stored: bool = False

    async def meet(self, request: Request, onward: Onward) -> Reply:
        if self.stored:
            await onward(request)
        await asyncio.sleep(1e6)
        raise AssertionError("somebody waited for this")


@dataclass
class Drips(Part):
    """The answer comes, byte by byte."""

    bytes_per_s: float

    async def meet(self, request: Request, onward: Onward) -> Reply:
        answer = await onward(request)
        await asyncio.sleep(len(answer.text) / self.bytes_per_s)
        return answer


@dataclass
class Truncates(Part):
    """Only the beginning of the answer comes."""

    keeps: int = 20

    async def meet(self, request: Request, onward: Onward) -> Reply:
        answer = await onward(request)
        return replace(answer, text=answer.text[: self.keeps])


@dataclass
class Miscounts(Part):
    """The answer says that more visits were stored, or fewer, than there were."""

    by: int

    async def meet(self, request: Request, onward: Onward) -> Reply:
        answer = await onward(request)
        if answer.status != 200:
            return answer
        told = json.loads(answer.text)
        told["data"]["page_visits_synced"] += self.by
        return replace(answer, text=json.dumps(told))


@dataclass
class Misnames(Part):
    """The answer rejects a visit that was not in the batch, instead of one that was."""

    async def meet(self, request: Request, onward: Onward) -> Reply:
        answer = await onward(request)
        if answer.status != 200:
            return answer
        told: dict[str, Any] = json.loads(answer.text)
        told["data"]["page_visits_synced"] -= 1
        told["data"]["validation_errors"].append({"record_id": "another", "message": "odd"})
        return replace(answer, text=json.dumps(told))


@dataclass
class Takes(Part):
    """More visits or bytes than these are refused with 413; by a proxy, where `bare`."""

    visits: float = math.inf
    json_bytes: float = math.inf
    bare: bool = False

    async def meet(self, request: Request, onward: Onward) -> Reply:
        if len(request.ids) <= self.visits and request.json_bytes <= self.json_bytes:
            return await onward(request)
        return Reply(413, {}, NGINX_413) if self.bare else refusal(413, "Batch size exceeded")


@dataclass
class Quota(Part):
    """Takes what its counters allow, and refuses the rest with 429.

    Attributes:
        headers: how it says how things stand.
        retry_after: whether a 429 tells how long to wait.
        served_s: when batches were taken.
    """

    counters: tuple[Counter, ...]
    headers: Headers = draft_headers
    retry_after: bool = True
    served_s: list[float] = field(default_factory=list, init=False)

    async def meet(self, request: Request, onward: Onward) -> Reply:
        at_s = now_s()
        if full := [c.reset_s(at_s) for c in self.counters if not c.open(at_s)]:
            answer = refusal(429, "Too many requests")
            told = {"retry-after": str(max(1, math.ceil(max(full))))} if self.retry_after else {}
        else:
            for counter in self.counters:
                counter.count(at_s)
            self.served_s.append(at_s)
            told = {}
        headers = {**told, **self.headers(self.counters, at_s)}
        if not full:
            answer = await onward(request)
        return replace(answer, headers={**answer.headers, **headers})


@dataclass
class Restored(Part):
    """At a time the server goes back to a backup of another time."""

    at_s: float
    as_of_s: float

    async def meet(self, request: Request, onward: Onward) -> Reply:
        if now_s() >= self.at_s:
            request.database.restore(self.as_of_s)
            self.at_s = math.inf
        return await onward(request)


@dataclass
class First(Part):
    """A part that the first so many batches meet."""

    count: int
    part: Part

    async def meet(self, request: Request, onward: Onward) -> Reply:
        self.count -= 1
        return await (self.part.meet(request, onward) if self.count >= 0 else onward(request))


@dataclass
class Every(Part):
    """A part that one batch in so many meets: the last of each."""

    count: int
    part: Part
    _seen: int = field(default=0, init=False)

    async def meet(self, request: Request, onward: Onward) -> Reply:
        self._seen += 1
        meets = self._seen % self.count == 0
        return await (self.part.meet(request, onward) if meets else onward(request))


@dataclass
class Between(Part):
    """A part that is there for a while, in seconds from the start."""

    of_config = True
    from_s: float
    to_s: float
    part: Part

    async def meet(self, request: Request, onward: Onward) -> Reply:
        meets = self.from_s <= now_s() < self.to_s
        meets &= request.visits is not None or self.part.of_config
        return await (self.part.meet(request, onward) if meets else onward(request))


@dataclass
class Having(Part):
    """A part that every batch with a visit meets; not more often than `times`."""

    number: int
    part: Part
    times: float = math.inf

    async def meet(self, request: Request, onward: Onward) -> Reply:
        meets = visit_id(self.number) in request.ids and self.times > 0
        self.times -= meets
        return await (self.part.meet(request, onward) if meets else onward(request))


@dataclass
class Sometimes(Part):
    """One of some parts, met by chance, a share of all requests."""

    share: float
    parts: tuple[Part, ...]
    _random: Random = field(default_factory=lambda: Random(2), init=False)

    async def meet(self, request: Request, onward: Onward) -> Reply:
        if self._random.random() >= self.share:
            return await onward(request)
        return await self._random.choice(self.parts).meet(request, onward)


@dataclass
class Script(Part):
    """A part for each request in turn, and none after them; None lets a request pass."""

    parts: list[Part | None]

    async def meet(self, request: Request, onward: Onward) -> Reply:
        part = self.parts.pop(0) if self.parts else None
        return await (part.meet(request, onward) if part else onward(request))
