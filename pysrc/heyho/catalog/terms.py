"""What a visit can be found by.

Words are runs of letters and digits in title and address, in lower case and without the marks of
Latin letters. Characters of Chinese and Japanese, which are written without spaces, are a word
each. Sites, devices and categories are terms with a mark in front that no word can have.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from unicodedata import normalize
from urllib.parse import unquote

VERSION = 2
"""Of what this module makes of a visit; an index of another version is made anew."""
MOST_WORDS = 40
LONGEST_WORD = 32
LONGEST_NAME = 253
SITE, DEVICE, CATEGORY = "\x01", "\x02", "\x03"

_MARKS = re.compile("[\u0300-\u036f]+")
_ASCII_WORD = re.compile("[a-z0-9]+")
# Vowel signs of the scripts from Devanagari to Myanmar are no letters for `\w`.
_WORD = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|(?:[^\\W_\u3040-\u30ff\u3400-\u9fff"
                   "\uf900-\ufaff]|[\u0900-\u0963\u0966-\u109f])+")  # fmt: skip


def words(text: str) -> list[str]:
    """The words of a text, in order."""
    if text.isascii():
        found = _ASCII_WORD.findall(text.lower())
    else:
        plain = _MARKS.sub("", normalize("NFKD", text).casefold())
        found = _WORD.findall(normalize("NFC", plain))
    return [word[:LONGEST_WORD] for word in found]


def words_of(visit: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The words of a visit's title and of its address that it can be found by."""
    title = words(str(visit.get("title") or ""))[:MOST_WORDS]
    address = str(visit.get("url") or "").partition("://")[2]
    if "%" in address:
        address = unquote(address)
    return title, words(address)[: MOST_WORDS - len(title)]


def sites(domain: str) -> list[str]:
    """A domain and all above it, as terms."""
    domain = plain_domain(domain)
    found = [SITE + domain]
    if domain.rpartition(".")[2].isdigit():  # an address of numbers has nothing above it
        return found
    while domain := domain.partition(".")[2]:
        found.append(SITE + domain)
    return found


def plain_domain(domain: str) -> str:
    """A domain as visits have it."""
    return (
        domain.strip().strip(".").casefold().removeprefix("www.").replace("\n", " ")[:LONGEST_NAME]
    )


def device(name: str) -> str:
    """The term of a device."""
    return DEVICE + name.strip().casefold().replace("\n", " ")[:LONGEST_NAME]


def terms_of(visit: dict[str, Any]) -> set[str]:
    """Every term of a visit."""
    title, address = words_of(visit)
    found = {*title, *address, *sites(str(visit.get("domain") or ""))}
    found.add(device(str(visit.get("anonymousClientId") or "")))
    return found


def contains(texts: Iterable[list[str]], phrase: tuple[str, ...]) -> bool:
    """Whether the words of a phrase stand one after the other in one of the texts."""
    size = len(phrase)
    return any(
        tuple(text[at : at + size]) == phrase
        for text in texts
        for at in range(len(text) - size + 1)
    )
