"""Page: which address and which title of a page may be recorded, and when two are one page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from heyho.wire import MAX_TITLE, MAX_URL, domain_of

if TYPE_CHECKING:
    from heyho.exclusions import Exclusions

_UNKEEPABLE = re.compile("[\x00-\x20\x7f\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_SCHEME = re.compile(r"^https?://", re.IGNORECASE)
_CREDENTIALS = re.compile(r"^(https?://)[^/?#]*@", re.IGNORECASE)


def recordable_url(url: object, exclusions: Exclusions) -> str | None:
    """The address as it is recorded, or None for a page that must leave no trace.

    Only http and https pages outside the exclusions are recorded. Credentials in front of the
    host are left out, as the address bar does. An address too long for the wire is kept without
    its fragment, then without its query; a path that is too long by itself cannot be recorded.
    """
    if not isinstance(url, str) or not _SCHEME.match(url) or _UNKEEPABLE.search(url):
        return None
    if url in exclusions:
        return None
    url = _CREDENTIALS.sub(r"\1", url)
    for end in ("#", "?"):
        if len(url) > MAX_URL:
            url = url.partition(end)[0]
    if len(url) > MAX_URL or not domain_of(url) or url in exclusions:
        return None
    return url


def is_same_page(url: str, other: str) -> bool:
    """Whether two addresses differ in their fragment at most."""
    return url == other or url.partition("#")[0] == other.partition("#")[0]


def clean_title(title: object, url: object) -> str:
    """The title as it is recorded; empty for one that says nothing.

    Control characters become spaces, and runs of spaces one. The browser shows the address, with
    or without its scheme, in place of a title it does not know yet: that is no title.
    """
    if not isinstance(title, str):
        return ""
    cleaned = " ".join(_CONTROL.sub(" ", title).split())[:MAX_TITLE].rstrip()
    if isinstance(url, str) and _bare(title) == _bare(url):
        return ""
    return cleaned


def _bare(address: str) -> str:
    return unquote(_SCHEME.sub("", address.strip())).removesuffix("/")
