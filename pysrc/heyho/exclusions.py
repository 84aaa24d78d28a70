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
from collections.abc import Collection, Sequence
from encodings.punycode import punycode_encode
from urllib.parse import quote

from heyho import texts
from heyho.presets import NAMES, PRESETS

_FRONT = r"^https?:\/\/(?:[^\/?#@]*@)?(?:[^\/?#@:]+\.)?"
_SPECIAL = re.compile(r"[.+?^${}()|\[\]\\/-]")


def to_regexp(patterns: Sequence[str]) -> str:
    """Compile patterns to the source of one regular expression; empty when there are none.

    Sites of which the same is covered share one place in it, so that hundreds are tested quickly.

    Raises:
        ValueError: a sentence that names the first pattern which can match nothing.
    """
    paths: dict[str, list[str]] = {}
    for pattern in patterns:
        site, path = _compile(pattern)
        paths.setdefault(site, []).append(path)
    sites: dict[str, list[str]] = {}
    for site, covered in paths.items():
        sites.setdefault(_any_of(covered), []).append(site)
    return "|".join(f"(?:{_FRONT}{_any_of(site)}{path})" for path, site in sites.items())


def combine(excluded: Sequence[str], presets: Collection[str], recorded: Sequence[str]) -> str:
    """One regular expression for all that is never recorded, as `Exclusions` decides it.

    Args:
        excluded: the person's patterns.
        presets: names in `heyho.presets`.
        recorded: patterns of pages that no preset covers.
    """
    parts = [to_regexp(excluded)]
    if presets:
        spared = to_regexp(recorded)
        chosen = "|".join(_SOURCES[name] for name in NAMES if name in presets)
        parts.append(f"(?!{spared})(?:{chosen})" if spared else chosen)
    return "|".join(part for part in parts if part)


class Exclusions:
    """What is never recorded: what the person's patterns cover, and what presets do, except for
    pages that are to be recorded all the same. Takes the arguments of `combine`."""

    def __init__(
        self,
        excluded: Sequence[str],
        presets: Collection[str] = (),
        recorded: Sequence[str] = (),
    ) -> None:
        self._excluded = _matcher(to_regexp(excluded))
        self._recorded = _matcher(to_regexp(recorded))
        self._presets = [_MATCHERS[name] for name in NAMES if name in presets]
        # Hundreds of patterns, and whoever asks about an address asks more than once.
        self._last_url, self._last_found = "", False

    def __contains__(self, url: str) -> bool:
        if url != self._last_url:
            self._last_url, self._last_found = url, self._covers(url.lower())
        return self._last_found

    def _covers(self, url: str) -> bool:
        if self._excluded is not None and self._excluded.match(url):
            return True
        if not any(preset.match(url) for preset in self._presets):
            return False
        return self._recorded is None or self._recorded.match(url) is None


def _matcher(source: str) -> re.Pattern[str] | None:
    return re.compile(source) if source else None


def _any_of(sources: Sequence[str]) -> str:
    return sources[0] if len(sources) == 1 else f"(?:{'|'.join(sources)})"


def _compile(pattern: str) -> tuple[str, str]:
    """The source for the host with its port, and that for what may follow."""
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
        raise ValueError(texts.text("error_pattern", pattern))
    site = _glob(_to_ascii(name), r"[^\/?#@]*")
    any_port = r"(?::[0-9]+)?"
    if port in ("", "*"):
        after = any_port
    else:  # browsers leave out the ports that go without saying
        after = rf"(?::{port})?" if port in ("80", "443") else f":{port}"
        site, after = rf"{site}\.?{after}", ""
    if not slash or not path.strip("*"):
        return site, _after(after) + r"(?:[\/?#]|$)"
    path = re.sub(
        r"[^\x21-\x7e]+|[\"<>`{}]", lambda found: quote(found[0], errors="replace").lower(), path
    )
    end = "" if path.endswith(("*", "/")) else r"(?:[\/?#]|$)"
    return site, _after(after) + r"\/" + _glob(path, ".*") + end


def _after(port: str) -> str:
    return rf"\.?{port}" if port else ""


def _to_ascii(name: str) -> str:
    """A host as browsers write it: labels in other alphabets are in Punycode (RFC 3492)."""
    return ".".join(
        label if label.isascii() else f"xn--{punycode_encode(label).decode()}"
        for label in name.split(".")
    )


def _glob(text: str, star: str) -> str:
    return star.join(_SPECIAL.sub(r"\\\g<0>", part) for part in text.split("*"))


# Made when the module is imported, and so once, when the engine's snapshot is made.
_SOURCES = {name: to_regexp(patterns) for name, patterns in PRESETS.items()}
_MATCHERS = {name: re.compile(source) for name, source in _SOURCES.items()}
