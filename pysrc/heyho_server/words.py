"""Words: how texts are cut for search, and what a person's query asks for.

Both databases and this module agree on the words of a text: runs of letters and digits, without
case, and without the marks of Latin letters, so that "Café" is found by "cafe". Only of other
marks, such as the vowel signs of Hindi and Thai, PostgreSQL has an idea of its own, which depends
on its locale: most of them are part of a word there. Here and on SQLite they end one.
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
        marked: where marks are among the words, these as they were typed but for what is neither
            letter, digit nor mark; for whoever cuts them otherwise.
    """

    words: tuple[str, ...]
    is_prefix: bool = True
    is_excluded: bool = False
    marked: str = ""


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
        typed = fold(found["phrase"] if is_phrase else found["word"])
        words = _WORD.findall(typed)
        if words:
            cut = tuple(word[:MAX_WORD] for word in words)
            terms.append(Term(cut, not is_phrase, bool(found["minus"]), _marked(typed)))
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


def _marked(folded: str) -> str:
    if not any(map(_is_mark, folded)):
        return ""
    kept = (letter if letter.isalnum() or _is_mark(letter) else " " for letter in folded)
    return "".join(kept).strip()


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter).startswith("M")


def _has(words: list[str], term: Term) -> bool:
    *whole, last = term.words
    length = len(term.words)
    for at in range(len(words) - length + 1):
        if words[at : at + length - 1] == whole:
            end = words[at + length - 1]
            if end.startswith(last) if term.is_prefix else end == last:
                return True
    return False
