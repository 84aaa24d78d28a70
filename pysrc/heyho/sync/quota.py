"""What one HTTP answer says of quotas, whichever way it says it.

Sources, the first that speaks of a thing wins:

- `Retry-After` (RFC 9110, section 10.2.3), in seconds or as a date in any of the three forms of
  section 5.6.7; then `retry_after` in the body, in seconds.
- `RateLimit-Policy` and `RateLimit` of draft-ietf-httpapi-ratelimit-headers-11: Lists of Items
  (RFC 9651), each a String or Token that names a policy. `q` is the quota, `qu` its unit
  ("requests" unless told), `w` the window in seconds; `r` what remains, `t` the seconds until
  more is granted.
- the forms of older drafts: `RateLimit-Policy: 100;w=60`, `RateLimit: limit=100, remaining=7,
  reset=5`, and `RateLimit-Limit`, `-Remaining`, `-Reset`.
- `X-RateLimit-Limit`, `-Remaining`, `-Reset`, of which no standard exists: the reset comes in
  seconds from now, in epoch seconds or milliseconds, or as a date.

What makes no sense is left out, and nothing else with it. Absurd values are clamped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

MAX_RETRY_S = 3600.0
MAX_WINDOW_S = 86_400.0
MAX_QUOTA = 10**9
MAX_NAME = 64
MAX_FIELD = 4096
MAX_MEMBERS = 16

_STRING = r'"(?:[^"\\]|\\["\\])*"'
_WORD = r"[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*"
_NUMBER = r"-?[0-9]{1,15}(?:\.[0-9]{1,3})?"
_OTHER = r":[A-Za-z0-9+/=]*:|\?[01]|@-?[0-9]{1,15}|%\"[^\"]*\""
_BARE = f"{_STRING}|{_NUMBER}|{_WORD}|{_OTHER}"
_KEY = r"[a-z*][a-z0-9_.*-]*"
_PARAMETER = re.compile(f"; *({_KEY})(?:=({_BARE}))?")
_MEMBER = re.compile(rf"({_STRING}|{_NUMBER}|{_WORD})((?:; *{_KEY}(?:=(?:{_BARE}))?)*)")
_BETWEEN_COMMAS = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*"?)+')
_PAIR = re.compile(r"(limit|remaining|reset) *= *([0-9]{1,15})")
# IMF-fixdate, RFC 850 and asctime. email.utils reads them too, at a third of a second in Pyodide.
_HTTP_DATE = re.compile(
    r"[A-Za-z]{3,9}, (?P<day>[0-9]{2})[ -](?P<month>[A-Za-z]{3})[ -](?P<year>[0-9]{4}|[0-9]{2})"
    r" (?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2}) GMT"
)
_ASCTIME = re.compile(
    r"[A-Za-z]{3} (?P<month>[A-Za-z]{3}) (?P<day>[ 0-9][0-9])"
    r" (?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2}) (?P<year>[0-9]{4})"
)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_SECONDS = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?")


@dataclass(frozen=True, slots=True)
class Policy:
    """At most `quota` requests within `window_s`; None where the window is not told."""

    name: str
    quota: int
    window_s: float | None

    def to_record(self) -> dict[str, Any]:
        """The form in which `GET /config` tells it, and in which it is stored."""
        return {"name": self.name, "quota": self.quota, "windowSeconds": self.window_s}


@dataclass(frozen=True, slots=True)
class State:
    """How much of a policy's quota is left, and in how many seconds there will be more."""

    name: str
    remaining: int
    reset_s: float | None


@dataclass(frozen=True, slots=True)
class Advice:
    """What an answer says of when to send the next request."""

    status: int = 200
    retry_after_s: float | None = None
    policies: tuple[Policy, ...] = ()
    states: tuple[State, ...] = ()


def read_advice(status: int, headers: Mapping[str, str], body: Any, *, now_ms: float) -> Advice:
    """Read an answer. Never raises.

    Args:
        status: the HTTP status.
        headers: by names in lower case.
        body: the decoded JSON, or None.
        now_ms: the wall clock, against which dates are read unless the answer has its own `Date`.
    """
    dated_s = _epoch_s(headers.get("date", ""))
    now_s = now_ms / 1000 if dated_s is None else dated_s
    retry_after_s = _delay_s(headers.get("retry-after", ""), now_s)
    if retry_after_s is None and isinstance(body, dict):
        retry_after_s = _number(body.get("retry_after"))
    policies = {policy.name: policy for policy in _policies(headers.get("ratelimit-policy", ""))}
    states = {state.name: state for state in _states(headers.get("ratelimit", ""))}
    if not states:
        for limit, remaining, reset in _older_forms(headers):
            policies = {**{told.name: told for told in _policies(limit)}, **policies}
            quota = _count(limit.partition(",")[0].partition(";")[0])
            name = _name_of(quota, policies)
            if quota and name not in policies:
                policies[name] = Policy(name, min(quota, MAX_QUOTA), None)
            left = _count(remaining)
            if left is not None:
                reset_s = _delay_s(reset, now_s)
                states[name] = State(name, left, _clamped(reset_s, MAX_WINDOW_S))
                break
    return Advice(
        status=status,
        retry_after_s=_clamped(retry_after_s, MAX_RETRY_S),
        policies=tuple(policies.values()),
        states=tuple(states.values()),
    )


def read_policies(rate_limits: Any) -> tuple[Policy, ...]:
    """Read `rateLimits` of `GET /config`, or what `Policy.to_record` wrote. Never raises."""
    policies = {}
    for told in rate_limits[:MAX_MEMBERS] if isinstance(rate_limits, list) else []:
        if isinstance(told, dict) and isinstance(told.get("name"), str):
            policy = _policy(told["name"], told.get("quota"), told.get("windowSeconds"))
            if policy:
                policies[policy.name] = policy
    return tuple(policies.values())


def _policies(field: str) -> Iterator[Policy]:
    for name, parameters in _members(field):
        if parameters.get("qu", "requests").removesuffix("s") != "request":
            continue  # bytes, or requests at once: nothing that a pace could keep
        # Older drafts have the quota itself for a name.
        window = parameters.get("w")
        if "q" not in parameters and window is None:
            continue
        quota = _number(parameters.get("q", name))
        if window is None or _number(window):
            policy = _policy(name, quota, _number(window))
            if policy:
                yield policy


def _policy(name: str, quota: Any, window_s: Any) -> Policy | None:
    quota, window = _number(quota), _number(window_s)
    if quota is None or quota < 1 or (window_s is not None and not window):
        return None
    return Policy(name[:MAX_NAME], int(min(quota, MAX_QUOTA)), _clamped(window, MAX_WINDOW_S))


def _states(field: str) -> Iterator[State]:
    pairs = {pair[1]: pair[2] for pair in map(_PAIR.fullmatch, _split(field)) if pair}
    if "remaining" in pairs:
        reset_s = _clamped(_number(pairs.get("reset")), MAX_WINDOW_S)
        yield State(pairs.get("limit", ""), int(pairs["remaining"]), reset_s)
        return
    for name, parameters in _members(field):
        remaining = _count(parameters.get("r", ""))
        if remaining is not None:
            reset_s = _clamped(_number(parameters.get("t")), MAX_WINDOW_S)
            yield State(name[:MAX_NAME], remaining, reset_s)


def _older_forms(headers: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for prefix in ("ratelimit", "x-ratelimit"):
        limit, remaining, reset = (
            headers.get(f"{prefix}-{name}", "")[:MAX_FIELD]
            for name in ("limit", "remaining", "reset")
        )
        yield limit, remaining, reset


def _name_of(quota: int | None, policies: Mapping[str, Policy]) -> str:
    """The policy that a nameless quota belongs to; the quota itself where there is none."""
    same = [policy.name for policy in policies.values() if policy.quota == quota]
    return same[0] if len(same) == 1 else "" if quota is None else str(quota)


def _members(field: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The Items of a List: value and parameters, without the quotes of Strings."""
    for member in map(_MEMBER.fullmatch, _split(field)):
        if member:
            found = _PARAMETER.findall(member[2])
            yield _unquoted(member[1]), {key: _unquoted(value) for key, value in found}


def _split(field: str) -> list[str]:
    parts = _BETWEEN_COMMAS.findall(field[:MAX_FIELD])
    return [part.strip(" \t") for part in parts[:MAX_MEMBERS]]


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value


def _count(text: str) -> int | None:
    """A whole number, 0 or more."""
    number = _number(text.strip(" \t"))
    return int(min(number, MAX_QUOTA)) if number is not None else None


def _number(value: Any) -> float | None:
    """A finite number, 0 or more, as JSON or a header field has it."""
    if isinstance(value, str) and _SECONDS.fullmatch(value):
        return float(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1e15:
        return float(value)
    return None


def _clamped(seconds: float | None, most_s: float) -> float | None:
    return None if seconds is None else min(seconds, most_s)


def _delay_s(text: str, now_s: float) -> float | None:
    """Seconds from now: told as such, or as epoch seconds or milliseconds, or as a date."""
    told = _number(text.strip(" \t"))
    if told is not None and told < 1e8:
        return told
    at_s = _epoch_s(text) if told is None else told / 1000 if told >= 1e11 else told
    return None if at_s is None else max(0.0, at_s - now_s)


def _epoch_s(text: str) -> float | None:
    """The time of an HTTP date or of an ISO 8601 one."""
    text = text[:MAX_NAME].strip(" \t")
    date = _HTTP_DATE.fullmatch(text) or _ASCTIME.fullmatch(text)
    try:
        if date:
            month = _MONTHS.index(date["month"].lower()) + 1
            year = int(date["year"]) + (2000 if len(date["year"]) == 2 else 0)
            if len(date["year"]) == 2 and year >= 2070:
                year -= 100
            text = f"{year:04}-{month:02}-{int(date['day']):02}T{date['time']}"
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
