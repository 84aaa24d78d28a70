"""The extension's sentences, read from its files as the browser does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

LOCALES = Path(__file__).resolve().parents[2] / "extension" / "_locales"


@cache
def messages(locale: str) -> dict[str, str]:
    """All sentences of a locale, by their keys."""
    text = (LOCALES / locale / "messages.json").read_text(encoding="utf-8")
    return {key: entry["message"] for key, entry in json.loads(text).items()}


def source(locale: str = "en") -> Callable[[str, list[str]], str]:
    """A source for `heyho.texts.use`, which does what chrome.i18n.getMessage does."""
    known = messages(locale)

    def say(key: str, values: list[str]) -> str:
        def put(found: re.Match[str]) -> str:
            number = found[1]
            if number == "$":
                return "$"
            return values[int(number) - 1] if int(number) <= len(values) else ""

        return re.sub(r"\$([1-9]|\$)", put, known.get(key, ""))

    return say
