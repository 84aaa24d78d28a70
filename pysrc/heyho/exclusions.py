r"""Patterns of pages that are never recorded.

A pattern is a host, with the beginning of a path if wanted; `*` stands for any characters:

- `bank.example` is that site with all its subdomains and all their pages;
- `news.example/account` is every page below that path;
- `*.internal`, `shop.example/*/checkout`, `localhost:8080` work as they read.

A scheme at the front (`https://bank.example`) and dots around the host are ignored. Without a port
a pattern covers every port. Case does not matter. Other alphabets may be written as they read.

The recorder runs no Python: `to_regexp` gives it one regular expression in the syntax that
Python and JavaScript share, to be tested against the whole URL in lower case.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from encodings.punycode import punycode_encode
from urllib.parse import quote

_SPECIAL = re.compile(r"[.+?^${}()|\[\]\\/-]")


def to_regexp(patterns: Sequence[str]) -> str:
    """Compile patterns to the source of one regular expression; empty when there are none.

    Raises:
        ValueError: a sentence that names the first pattern which can match nothing.
    """
    return "|".join(f"(?:{_compile(pattern)})" for pattern in patterns)


class Exclusions:
    """Compiled patterns."""

    def __init__(self, patterns: Sequence[str]) -> None:
        source = to_regexp(patterns)
        self._matcher = re.compile(source) if source else None

    def __contains__(self, url: str) -> bool:
        return self._matcher is not None and self._matcher.match(url.lower()) is not None


def _compile(pattern: str) -> str:
    text = unicodedata.normalize("NFKC", pattern.strip()).replace("。", ".").lower()
    text = re.sub(r"^[a-z*]+://", "", text)
    host, slash, path = text.partition("/")
    name, _, port = host.partition(":")
    name = name.strip(".")
    if (
        not re.fullmatch(r"[^\s:?#@]+", name)
        or (port and not re.fullmatch(r"\d+|\*", port))
        or any("*" in label and not label.isascii() for label in name.split("."))
    ):
        raise ValueError(
            f"“{pattern}” is no pattern for pages; write a site such as bank.example "
            "or the beginning of a path such as news.example/account."
        )
    site = _glob(_to_ascii(name), r"[^\/?#@]*")
    authority = rf"^https?:\/\/(?:[^\/?#@]*@)?(?:[^\/?#@:]+\.)?{site}\.?"
    if port in ("", "*"):
        authority += r"(?::[0-9]+)?"
    else:  # browsers leave out the ports that go without saying
        authority += rf"(?::{port})?" if port in ("80", "443") else f":{port}"
    if not slash or not path.strip("*"):
        return authority + r"(?:[\/?#]|$)"
    path = re.sub(
        r"[^\x21-\x7e]+|[\"<>`{}]", lambda found: quote(found[0], errors="replace").lower(), path
    )
    end = "" if path.endswith(("*", "/")) else r"(?:[\/?#]|$)"
    return authority + r"\/" + _glob(path, ".*") + end


def _to_ascii(name: str) -> str:
    """A host as browsers write it: labels in other alphabets are in Punycode (RFC 3492)."""
    return ".".join(
        label if label.isascii() else f"xn--{punycode_encode(label).decode()}"
        for label in name.split(".")
    )


def _glob(text: str, star: str) -> str:
    return star.join(_SPECIAL.sub(r"\\\g<0>", part) for part in text.split("*"))
