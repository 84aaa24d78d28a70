"""Visits with the words of a real history: a few that are everywhere, very many that are rare."""

from __future__ import annotations

import gzip
import json
import random
from bisect import bisect
from collections.abc import Iterator
from itertools import accumulate

from bench.senders import BATCH, START_MS

STEP_MS = 30_000
WORDS = 30_000
SITES = 3_000
RARE_DEVICE_EVERY = 5_000

_SYLLABLES = [a + b for a in "bdfgklmnprstv" for b in "aeiou"]
# Zipf's law: the n-th most frequent word is 1/n as frequent as the first.
_ZIPF = list(accumulate(1 / rank for rank in range(1, WORDS + 1)))


def word(rank: int) -> str:
    """The word of a rank, from 0 for the most frequent one."""
    letters = ""
    rank += len(_SYLLABLES)
    while rank:
        rank, last = divmod(rank, len(_SYLLABLES))
        letters += _SYLLABLES[last]
    return letters


def site(rank: int) -> str:
    """The site of a rank."""
    return f"{word(rank)}.example"


def bodies(count: int) -> Iterator[bytes]:
    """Bodies of sync requests, with `BATCH` visits each."""
    for number in range(count):
        records = [record(number * BATCH + n) for n in range(BATCH)]
        yield gzip.compress(json.dumps({"pageVisits": records}).encode(), compresslevel=1)


def record(number: int) -> dict[str, object]:
    """A visit; one of two words that never meet is in the title of every fourth visit."""
    chance = random.Random(number)
    words = [word(_rank(chance, WORDS)) for _ in range(6)]
    if number % 4 < 2:
        words[chance.randrange(6)] = ("evenly", "oddly")[number % 4]
    host = site(_rank(chance, SITES))
    start = START_MS + number * STEP_MS
    return {
        "id": f"0197b000-0000-7000-8000-{number:012d}",
        "url": f"https://{host}/{words[0]}/{number}",
        "title": " ".join(words),
        "domain": host,
        "startedAt": start,
        "endedAt": start + STEP_MS // 2,
        "durationSeconds": STEP_MS / 2000,
        "activeDuration": STEP_MS // 4,
        "engagementRate": 0.5,
        "idlePeriods": [],
        "tabId": 1,
        "windowId": 1,
        "transition": "link",
        "sourcePageVisitId": None,
        "anonymousClientId": "phone" if number % RARE_DEVICE_EVERY == 0 else "laptop",
        "seq": number + 1,
    }


def _rank(chance: random.Random, count: int) -> int:
    return bisect(_ZIPF, chance.random() * _ZIPF[count - 1])
