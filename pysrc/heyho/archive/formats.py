"""Files of visits, read piece by piece: JSON lines, JSON with a list, and CSV.

A reader is fed text as it comes and gives entries as soon as they are whole, so that a file of any
size needs little memory.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from heyho import shallow, texts

TAKEOUT = re.compile(r'"Browser History"\s*:\s*\[')
LONGEST_ENTRY = 1_000_000
_LOOKED_AT = 100_000
_OBJECT_START = re.compile(r"\{")
_BETWEEN = re.compile(r"[\s,]*")
_NESTED = frozenset({"idlePeriods", "details"})
_NUMBERS = frozenset(
    {
        *("startedAt", "endedAt", "durationSeconds", "activeDuration", "engagementRate"),
        *("tabId", "windowId", "seq", "syncedAt"),
    }
)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An entry that cannot be read, and why."""

    reason: str


Entry = tuple[int, "dict[str, Any] | Unreadable"]
"""The number of the line or of the entry, counted from 1, and what it holds."""


class Reader(Protocol):
    """Turns text into entries.

    Attributes:
        format: `takeout`, `json`, `lines` or `csv`.
    """

    format: str

    def feed(self, text: str, *, last: bool = False) -> Iterator[Entry]:
        """Take more of the file; `last` says that nothing follows."""
        ...


def reader_for(start: str, *, whole: bool) -> Reader | None:
    """The reader for a file that begins like this; None while that cannot be told.

    The text is not consumed. `whole` says that it is the whole file.
    """
    text = start.lstrip("\ufeff \t\r\n")
    if not text:
        return LinesReader() if whole else None
    if text[0] == "[":
        return ListReader("json")
    if text[0] == "{":
        return _reader_of_objects(text, whole=whole)
    return CsvReader() if "\n" in text or whole or len(text) > LONGEST_ENTRY else None


def _reader_of_objects(text: str, *, whole: bool) -> Reader | None:
    if TAKEOUT.search(text):
        return ListReader("takeout")
    line, ended, _ = text.partition("\n")
    if whole or _is_object(line) or len(text) > (_LOOKED_AT if ended else LONGEST_ENTRY):
        return LinesReader()
    return None


class LinesReader:
    """A JSON object on each line."""

    format = "lines"

    def __init__(self) -> None:
        self._rest = ""
        self._number = 0
        self._passing = False

    def feed(self, text: str, *, last: bool = False) -> Iterator[Entry]:
        lines = (self._rest + text).split("\n")
        self._rest = "" if last else lines.pop()
        for line in lines:
            self._number += 1
            stripped = line.strip("\ufeff \t\r")
            if self._passing:
                self._passing = False
            elif len(line) > LONGEST_ENTRY:
                yield self._number, _too_long()
            elif stripped:
                yield self._number, _object(stripped)
        if len(self._rest) > LONGEST_ENTRY and not self._passing:
            self._passing = True
            yield self._number + 1, _too_long()
        if self._passing:
            self._rest = ""


class ListReader:
    """The objects of one list in a JSON document: Google Takeout's, or the document itself."""

    def __init__(self, kind: str) -> None:
        self.format = kind
        self._buffer = ""
        self._number = 0
        self._begun = False
        self._over = False
        self._stride = 1
        self._decode = json.JSONDecoder().raw_decode

    def feed(self, text: str, *, last: bool = False) -> Iterator[Entry]:
        if self._over:
            return
        self._buffer += text
        if not self._begun and not self._begin():
            return
        at = 0
        while True:
            at = _after_gap(self._buffer, at)
            if at >= len(self._buffer):
                break
            if self._buffer[at] == "]":
                self._over = True
                break
            try:
                value, end = self._value(at)
            except (ValueError, RecursionError):
                if not last and len(self._buffer) - at < LONGEST_ENTRY:
                    break  # the rest of it is to come
                self._number += 1
                yield self._number, Unreadable(texts.text("error_entry_json"))
                # Each failure reads on to where it fails: to try every brace could take hours.
                following = _OBJECT_START.search(self._buffer, at + self._stride)
                at = following.start() if following else len(self._buffer)
                self._stride *= 2
                continue
            if end == len(self._buffer) and not last:
                break  # a number that may go on
            at, self._stride = end, 1
            self._number += 1
            yield self._number, value if isinstance(value, dict) else _no_object()
        self._buffer = self._buffer[at:]

    def _value(self, at: int) -> tuple[Any, int]:
        if shallow.is_deep(self._buffer, at):
            raise ValueError("too deep")
        return self._decode(self._buffer, at)

    def _begin(self) -> bool:
        if self.format == "takeout":
            found = TAKEOUT.search(self._buffer)
            at = found.end() if found else 0
        else:
            at = self._buffer.find("[") + 1
        self._buffer = self._buffer[at:]
        self._begun = at > 0
        return self._begun


class CsvReader:
    """A table with a head; cells are separated by a comma, a semicolon or a tab.

    Heyho's own tables guard texts with an apostrophe against spreadsheets, and hold JSON in some
    cells; their head tells them.
    """

    format = "csv"

    def __init__(self) -> None:
        self._rest = ""
        self._pending: list[str] = []
        self._quotes = 0
        self._size = 0
        self._number = 0
        self._head: list[str] | None = None
        self._delimiter = ","
        self._own = False
        self._passing = False

    def feed(self, text: str, *, last: bool = False) -> Iterator[Entry]:
        lines = [f"{line}\n" for line in (self._rest + text).split("\n")]
        self._rest = lines.pop()[:-1]
        if last and self._rest:
            lines.append(self._rest)
        for line in lines:
            if self._passing:
                self._passing = False
                continue
            yield from self._take(line)
            if self._size > LONGEST_ENTRY:
                yield from self._give_up()
        while last and self._pending:
            yield from self._give_up()
        if len(self._rest) > LONGEST_ENTRY and not self._passing:
            yield from self._pass_over()
        if self._passing:
            self._rest = ""

    def _take(self, line: str) -> Iterator[Entry]:
        """A row may go on over several lines, in quotation marks."""
        self._pending.append(line)
        self._quotes += line.count('"')
        self._size += len(line)
        if self._quotes % 2 == 0:
            row = "".join(self._take_all())
            yield from self._row(row)

    def _take_all(self) -> list[str]:
        lines, self._pending = self._pending, []
        self._quotes = self._size = 0
        return lines

    def _give_up(self) -> Iterator[Entry]:
        """A quotation mark that nothing closes spoils its own line only."""
        lines = self._take_all()
        self._number += 1
        yield self._number, Unreadable(texts.text("error_entry_quote"))
        for line in lines[1:]:
            yield from self._take(line)

    def _pass_over(self) -> Iterator[Entry]:
        """A line without an end is no row, and is not kept in memory."""
        while self._pending:
            yield from self._give_up()
        self._passing = True
        self._number += 1
        self._head = self._head or []
        yield self._number, _too_long()

    def _row(self, text: str) -> Iterator[Entry]:
        first = self._number + 1
        self._number += text.count("\n") or 1
        if not text.strip():
            return
        if self._head is None:
            self._read_head(text)
            return
        try:
            cells = next(csv.reader([text], delimiter=self._delimiter, strict=True))
            yield first, self._entry(cells)
        except (csv.Error, ValueError, StopIteration, RecursionError):
            yield first, Unreadable(texts.text("error_entry_row"))

    def _read_head(self, text: str) -> None:
        line = text.lstrip("\ufeff")
        self._delimiter = max(",;\t", key=line.count)
        try:
            cells = next(csv.reader([line], delimiter=self._delimiter), [])
        except csv.Error:
            cells = line.split(self._delimiter)
        self._head = [cell.strip() for cell in cells]
        self._own = {"id", "url", "startedAt", "endedAt"} <= set(self._head)

    def _entry(self, cells: list[str]) -> dict[str, Any]:
        head = self._head or []
        if len(cells) > len(head):
            raise ValueError("it has more cells than the head")
        row = dict(zip(head, cells, strict=False))
        if not self._own:
            return row
        read = {name: self._cell(name, cell) for name, cell in row.items() if cell}
        return {"title": "", **read}

    def _cell(self, name: str, cell: str) -> Any:
        if name in _NESTED or name in _NUMBERS:
            return shallow.loads(cell)
        return cell.removeprefix("'")


def _too_long() -> Unreadable:
    return Unreadable(texts.text("error_entry_long"))


def _no_object() -> Unreadable:
    return Unreadable(texts.text("error_entry_object"))


def _object(text: str) -> dict[str, Any] | Unreadable:
    try:
        value = shallow.loads(text)
    except (ValueError, RecursionError):
        return Unreadable(texts.text("error_entry_json"))
    return value if isinstance(value, dict) else _no_object()


def _is_object(line: str) -> bool:
    return not isinstance(_object(line.strip()), Unreadable)


def _after_gap(text: str, at: int) -> int:
    found = _BETWEEN.match(text, at)
    return found.end() if found else at
