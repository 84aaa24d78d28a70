"""Words: how texts are cut for search, and what a person's query asks for.

Both databases and this module agree on the words of a text: runs of letters and digits, without
case, and without the marks of Latin letters, so that "Café" is found by "cafe".
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MAX_QUERY = 1000
MAX_TERMS = 32
MAX_WORD = 200

_WORD = re.compile(r"[^\W_]+")
_MARKED = re.compile(r"([a-z])[\u0300-\u036f]+")
_TERM = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')


@dataclass(frozen=True, slots=True)
class Term:
    """Words that follow one another in a title or in an address.

    Attributes:
        words: folded, at least one.
        is_prefix: the last word may go on.
        is_excluded: a text that has them is not wanted.
    """

    words: tuple[str, ...]
    is_prefix: bool = True
    is_excluded: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """What all has to hold of a text; empty where nothing is asked."""

    terms: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)

    @property
    def wanted(self) -> list[Term]:
        return [term for term in self.terms if not term.is_excluded]

    @property
    def excluded(self) -> list[Term]:
        return [term for term in self.terms if term.is_excluded]


def read_query(text: str) -> Query:
    """Read what a person typed; every text is a query.

    Words are prefixes. Words in double quotes are a phrase of whole words, and so are the parts
    of a word with punctuation in it, the last of which is a prefix. A minus before either
    excludes it. What holds no letter and no digit asks nothing.
    """
    terms = []
    for found in _TERM.finditer(text[:MAX_QUERY]):
        is_phrase = found["word"] is None
        words = words_of(found["phrase"] if is_phrase else found["word"])
        if words:
            cut = tuple(word[:MAX_WORD] for word in words)
            terms.append(Term(cut, not is_phrase, bool(found["minus"])))
    return Query(tuple(dict.fromkeys(terms))[:MAX_TERMS])


def matches(query: Query, *texts: str) -> bool:
    """Whether every wanted term is in one of the texts, and none of the excluded ones is.

    A term never goes across two texts.
    """
    cut = [words_of(text) for text in texts]
    return all(
        any(_has(words, term) for words in cut) is not term.is_excluded for term in query.terms
    )


def words_of(text: str) -> list[str]:
    """The words of a text, in order."""
    return _WORD.findall(fold(text))


def fold(text: str) -> str:
    """A text without case and without the marks of Latin letters."""
    text = text.lower()
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", _MARKED.sub(r"\1", apart))


def _has(words: list[str], term: Term) -> bool:
    *whole, last = term.words
    length = len(term.words)
    for at in range(len(words) - length + 1):
        if words[at : at + length - 1] == whole:
            end = words[at + length - 1]
            if end.startswith(last) if term.is_prefix else end == last:
                return True
    return False
