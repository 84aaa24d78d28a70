"""Fields: values of unknown origin, read as one type or as None.

Events and the fold's state come out of a database that anything may have been written to; a
value that makes no sense counts as missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from heyho.wire import MAX_AT_MS, MAX_ID

_WORD = re.compile(r"[a-z_]{1,32}")
_IDENTIFIER = re.compile(rf"[\x21-\x7e]{{1,{MAX_ID}}}")


def time(value: object) -> int | None:
    """Epoch milliseconds, rounded down to whole ones."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if 0 <= value < MAX_AT_MS else None


def integer(value: object) -> int | None:
    """A whole number that JavaScript can hold, be it written as 3 or as 3.0."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if -(2**53) < value < 2**53 and value == int(value) else None


def word(value: object) -> str | None:
    """A word of the browser's vocabulary, such as "auto_bookmark"."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else None


def identifier(value: object) -> str | None:
    """The id of a visit."""
    return value if isinstance(value, str) and _IDENTIFIER.fullmatch(value) else None


def records(value: object) -> Iterator[Mapping[str, Any]]:
    """The objects in a list; whatever else is in it is passed over."""
    for item in value if isinstance(value, (list, tuple)) else ():
        if isinstance(item, Mapping):
            yield item
