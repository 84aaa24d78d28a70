"""Batches of visits, and clients that send them to a server as fast as it takes them."""

from __future__ import annotations

import gzip
import http.client
import json
import random
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from harness.server import ServerProcess

BATCH = 1000
START_MS = 1_700_000_000_000
STEP_MS = 20_000
WORDS = [
    *("python", "weather", "review", "recipe", "release", "notes", "guide", "museum", "train"),
    *("garden", "kernel", "letter", "market", "theory", "island", "camera", "winter", "violin"),
]
# On, and with room: a bench has one address and one user.
ROOMY = {f"HEYHO_LIMIT_{name}": "10000/second" for name in ("GENERAL", "SYNC_ADDRESS", "SYNC_USER")}


@dataclass(frozen=True, slots=True)
class Sending:
    """How long it took, and how long each batch took from its request to its answer."""

    seconds: float
    latencies_s: list[float]


def batches(count: int, first: int = 0) -> Iterator[bytes]:
    """Bodies of sync requests with `BATCH` visits each, all different, compressed by gzip."""
    for number in range(first, first + count):
        records = [record(number * BATCH + n) for n in range(BATCH)]
        yield gzip.compress(json.dumps({"pageVisits": records}).encode(), compresslevel=6)


def record(number: int) -> dict[str, object]:
    """One visit of many: the same for the same number, of some hundred sites."""
    chance = random.Random(number)
    domain = f"{chance.choice(WORDS)}{chance.randrange(20)}.example"
    words = chance.choices(WORDS, k=4)
    start = START_MS + number * STEP_MS
    end = start + chance.randrange(1000, STEP_MS)
    idle = [{"start": start, "end": start + 900, "reason": "hidden"}] * (chance.random() < 0.3)
    return {
        "id": f"0197a000-0000-7000-8000-{number:012d}",
        "url": f"https://{domain}/{'/'.join(words[:2])}/{number}?from=feed",
        "title": f"{' '.join(words)} {number}",
        "domain": domain,
        "startedAt": start,
        "endedAt": end,
        "durationSeconds": (end - start) / 1000,
        "activeDuration": (end - start) // 2,
        "engagementRate": 0.5,
        "idlePeriods": idle,
        "tabId": chance.randrange(1, 900),
        "windowId": 1,
        "transition": "link",
        "sourcePageVisitId": None,
        "anonymousClientId": "bench",
        "seq": number + 1,
    }


def send_all(server: ServerProcess, bodies: Iterable[bytes], senders: int) -> Sending:
    """Send each body once; whoever of the senders is free takes the next.

    Raises:
        AssertionError: a batch was not stored whole.
    """
    left = iter(bodies)
    taking = threading.Lock()
    latencies_s: list[float] = []
    problems: list[BaseException] = []

    def work() -> None:
        try:
            latencies_s.extend(_send(connection(), server, body) for body in iter(take, None))
        except BaseException as problem:
            problems.append(problem)

    def take() -> bytes | None:
        with taking:
            return None if problems else next(left, None)

    local = threading.local()

    def connection() -> http.client.HTTPConnection:
        if not hasattr(local, "connection"):
            local.connection = http.client.HTTPConnection(urlsplit(server.url).netloc)
        kept: http.client.HTTPConnection = local.connection
        return kept

    threads = [threading.Thread(target=work) for _ in range(senders)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    if problems:
        raise problems[0]
    return Sending(seconds, latencies_s)


def _send(connection: http.client.HTTPConnection, server: ServerProcess, body: bytes) -> float:
    headers = {"content-type": "application/json", "content-encoding": "gzip", **server.headers}
    start = time.perf_counter()
    connection.request("POST", "/api/v1/data/sync", body, headers)
    with connection.getresponse() as response:
        answer = response.read()
    took_s = time.perf_counter() - start
    assert response.status == 200, answer
    assert json.loads(answer)["data"]["page_visits_synced"] == BATCH, answer
    return took_s
