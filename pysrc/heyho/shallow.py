"""JSON from elsewhere, read only where it is not nested too deeply.

In WebAssembly a few thousand lists in each other are no RecursionError: they use up the browser's
own stack, and that is the end of Python in this page.
"""

from __future__ import annotations

import json
import re
from typing import Any

DEEPEST = 500
_SPACE = re.compile(r"\s*")
_TOKEN = re.compile(r'"(?:[^"\\]+|\\.)*"?|[\[{]|[\]}]', re.DOTALL)


def loads(text: str) -> Any:
    """What `json.loads` gives.

    Raises:
        ValueError: it is no JSON, or is nested too deeply.
    """
    if is_deep(text):
        raise ValueError("too deep")
    return json.loads(text)


def is_deep(text: str, at: int = 0) -> bool:
    """Whether the JSON value that begins there is nested too deeply to be read."""
    depth = 0
    begun = _SPACE.match(text, at)
    if begun is None or text[begun.end() : begun.end() + 1] not in ("[", "{"):
        return False  # and what follows the value is not looked at
    for found in _TOKEN.finditer(text, at):
        char = text[found.start()]
        if char in "[{":
            depth += 1
            if depth > DEEPEST:
                return True
        elif char in "]}":
            depth -= 1
            if depth <= 0:
                return False
    return False
