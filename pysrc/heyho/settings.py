"""What the person can set, its limits, and how it is stored."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from heyho import texts
from heyho.errors import SettingsError
from heyho.exclusions import Exclusions, combine, to_regexp
from heyho.presets import NAMES
from heyho.wire import is_number

API_PATH = "/api/v1"
RESTART = "restart"
STRATEGIES = ("auto", "sequential", "concurrent", "parallel")
RANGES = {
    "concurrency": (1, 10),
    "workers": (1, 8),
    "batchSize": (1, 1000),
    "periodMinutes": (1, 1440),
    "keepMonths": (0, 1200),
}
# In a browser a bare number is an IPv4 address, and so may be what is not plain ASCII.
_PRIVATE_HOST = re.compile(
    r"(?!\d+$|0x[\da-f]*$)[a-z\d_-]+|[a-z\d._-]+\.(?:localhost|local|lan|home\.arpa|internal)"
    r"|127\.[\d.]+|10\.[\d.]+|192\.168\.[\d.]+|172\.(?:1[6-9]|2\d|3[01])\.[\d.]+"
    r"|::1|f[cd][0-9a-f]{2}:.*|fe80:.*"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The person's settings, all valid.

    Attributes:
        server_url: the API's base, such as "http://127.0.0.1:8787/api/v1"; empty until the
            person has named a server.
        token: the device token for that server.
        strategy: how batches travel, one of `STRATEGIES`.
        concurrency: lanes of the concurrent strategy, 1..10.
        workers: Web Workers of the parallel strategy, 1..8.
        batch_size: visits in a batch at most, 1..1000.
        period_minutes: minutes between automatic syncs, 1..1440.
        paused: whether nothing is recorded.
        paused_until: when a pause is over by itself: epoch milliseconds, `RESTART` for the
            browser's next start, or None for a pause that lasts until the person ends it.
        excluded: patterns of pages that are never recorded (see `heyho.exclusions`).
        presets: names of those in `heyho.presets` that are never recorded either; all of them
            until the person has chosen.
        recorded: patterns of pages that no preset covers.
        keep_months: months after which visits leave this device; 0 keeps them for ever.
        keep_unsynced: whether those that no server has acknowledged stay all the same.
    """

    server_url: str = ""
    token: str = ""
    strategy: str = "concurrent"
    concurrency: int = 5
    workers: int = 2
    batch_size: int = 1000
    period_minutes: int = 5
    paused: bool = False
    paused_until: float | str | None = None
    excluded: tuple[str, ...] = ()
    presets: tuple[str, ...] = NAMES
    recorded: tuple[str, ...] = ()
    keep_months: int = 0
    keep_unsynced: bool = True

    @property
    def destination(self) -> str:
        """What the ledger is kept for. Another token may mean another database, or another user."""
        return f"{self.server_url}#{sha256(self.token.encode()).hexdigest()[:16]}"

    @property
    def can_sync(self) -> bool:
        """Whether there is a server to sync with."""
        return bool(self.server_url and self.token)

    @property
    def exclusions(self) -> Exclusions:
        """What is never recorded."""
        return Exclusions(self.excluded, self.presets, self.recorded)

    def is_pause_over(self, now_ms: float, *, started: bool = False) -> bool:
        """Whether a pause has come to the end that it was given.

        Args:
            now_ms: epoch milliseconds.
            started: whether the browser has started since the pause began.
        """
        if not self.paused or self.paused_until is None:
            return False
        if isinstance(self.paused_until, str):
            return started
        return now_ms >= self.paused_until

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Settings:
        """Read settings as stored or entered; absent ones take their defaults.

        Raises:
            SettingsError: a sentence for each field that cannot be used.
        """
        problems: dict[str, str] = {}
        default = cls()

        def read(name: str, reader: Any, fallback: Any) -> Any:
            value = record.get(name)
            if value is None:
                return fallback
            try:
                return reader(name, value)
            except ValueError as error:
                problems[name] = str(error)
                return fallback

        settings = cls(
            server_url=read("serverUrl", _server_url, default.server_url),
            token=read("token", _token, default.token),
            strategy=read("strategy", _strategy, default.strategy),
            concurrency=read("concurrency", _integer, default.concurrency),
            workers=read("workers", _integer, default.workers),
            batch_size=read("batchSize", _integer, default.batch_size),
            period_minutes=read("periodMinutes", _integer, default.period_minutes),
            paused=read("paused", _boolean, default.paused),
            paused_until=read("pausedUntil", _pause_end, None) if record.get("paused") else None,
            excluded=read("excluded", _patterns, default.excluded),
            presets=read("presets", _presets, default.presets),
            recorded=read("recorded", _patterns, default.recorded),
            keep_months=read("keepMonths", _integer, default.keep_months),
            keep_unsynced=read("keepUnsynced", _boolean, default.keep_unsynced),
        )
        if problems:
            raise SettingsError(problems)
        return settings

    def to_record(self) -> dict[str, Any]:
        """The stored form. `excludedRegExp` is for the recorder, which runs no Python."""
        return {
            "serverUrl": self.server_url,
            "token": self.token,
            "strategy": self.strategy,
            "concurrency": self.concurrency,
            "workers": self.workers,
            "batchSize": self.batch_size,
            "periodMinutes": self.period_minutes,
            "paused": self.paused,
            "pausedUntil": self.paused_until,
            "excluded": list(self.excluded),
            "presets": list(self.presets),
            "recorded": list(self.recorded),
            "excludedRegExp": combine(self.excluded, self.presets, self.recorded),
            "keepMonths": self.keep_months,
            "keepUnsynced": self.keep_unsynced,
        }


def _server_url(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(texts.text("error_address_text"))
    text = value.strip().rstrip("/")
    if not text:
        return ""
    unusable = ValueError(texts.text("error_address_unusable", text))
    if re.search(r"[\s\\]", text):
        raise unusable
    try:
        parts = urlsplit(text)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        raise unusable from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError(texts.text("error_address_scheme"))
    if "@" in parts.netloc or "?" in text or "#" in text:
        raise ValueError(texts.text("error_address_parts"))
    if parts.scheme == "http" and not _PRIVATE_HOST.fullmatch(host):
        raise ValueError(texts.text("error_address_plain", host))
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path or API_PATH}"


def _token(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(texts.text("error_token_text"))
    token = value.strip()
    if not re.fullmatch(r"[\x21-\x7e]*", token):
        raise ValueError(texts.text("error_token_characters"))
    return token


def _strategy(name: str, value: object) -> str:
    if value not in STRATEGIES:
        raise ValueError(texts.text("error_strategy", ", ".join(STRATEGIES)))
    return str(value)


def _integer(name: str, value: object) -> int:
    low, high = RANGES[name]
    if isinstance(value, str):
        value = _IN_THOUSANDS.sub("", value.strip())
        number = float(value) if value.isdecimal() else math.nan
    else:
        number = value if is_number(value) else math.nan
    if number != number // 1 or not low <= number <= high:
        raise ValueError(texts.text(f"error_number_{name}", low, high))
    return int(number)


def _boolean(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(texts.text("error_boolean", name))
    return value


def _pause_end(name: str, value: object) -> float | str:
    is_time = isinstance(value, (int, float)) and not isinstance(value, bool)
    if value != RESTART and not (is_time and 0 <= float(str(value)) < _END_OF_TIME_MS):
        raise ValueError(texts.text("error_pause_end"))
    return value  # type: ignore[return-value]


def _presets(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ValueError(texts.text("error_presets"))
    return tuple(known for known in NAMES if known in value)  # other versions may know others


def _patterns(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ValueError(texts.text(f"error_list_{name}"))
    patterns = tuple(dict.fromkeys(item.strip() for item in value if item.strip()))
    to_regexp(patterns)
    return patterns


# Between thousands and the rest, in English and in German.
_IN_THOUSANDS = re.compile(r"(?<=\d)[.,](?=\d{3}$)")
_END_OF_TIME_MS = 8.64e15  # of JavaScript's
