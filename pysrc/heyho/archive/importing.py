"""Imports: of a file that the person has chosen, and of the browser's own history."""

from __future__ import annotations

import codecs
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from heyho import texts
from heyho.archive.formats import Entry, Reader, Unreadable, reader_for
from heyho.archive.imported import Importer, LeftOut
from heyho.archive.job import Progress
from heyho.archive.slices import PAGES_PER_SLICE, HistoryReader, Slice, halves
from heyho.errors import HeyhoError, RecordError
from heyho.ports import Record
from heyho.ports.archive import ArchiveStore, BrowserHistory, Files
from heyho.ports.stores import StateStore

VISITS_AT_ONCE = 1000
NEAR_MS = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where visits from elsewhere go: `fold` makes visits of what the recorder has seen so far."""

    store: ArchiveStore
    fold: Callable[[], Awaitable[None]]

    async def put(self, visits: list[Record], progress: Progress) -> None:
        """Store visits, and count what became of them."""
        for start in range(0, len(visits), VISITS_AT_ONCE):
            batch = sorted(visits[start : start + VISITS_AT_ONCE], key=_start)
            await self.fold()
            progress.stored(await self.store.add(batch, near_ms=NEAR_MS))


class Import(Protocol):
    """An import under way."""

    progress: Progress
    importer: Importer

    async def piece(self) -> bool:
        """Do some of it; False once it is done. Raises HeyhoError."""
        ...

    async def close(self) -> None:
        """Let go of what it holds."""
        ...


class FileImport:
    """Reads a file, and stores its visits unless it is only looked at."""

    def __init__(
        self, *, files: Files, url: str, importer: Importer, shelf: Shelf, progress: Progress
    ) -> None:
        self.progress = progress
        self._pieces: AsyncIterator[bytes] = files.read(url)
        self.importer = importer
        self._shelf = shelf
        self._decoder: codecs.IncrementalDecoder | None = None
        self._reader: Reader | None = None
        self._start = ""
        self._visits: list[Record] = []

    async def piece(self) -> bool:
        piece = await anext(self._pieces, None)
        if self._decoder is None:
            self._decoder = codecs.getincrementaldecoder(_encoding(piece or b""))("replace")
        text = self._decoder.decode(piece or b"", final=piece is None)
        self.progress.read += len(piece or b"")
        for number, entry in self._entries(text, last=piece is None):
            self._take(number, entry)
            if len(self._visits) >= VISITS_AT_ONCE:
                await self._store()
        if piece is None:
            await self._store()
            if not self.progress.visits and not self.progress.excluded:
                raise HeyhoError(texts.text("error_import_empty"))
        return piece is not None

    async def close(self) -> None:
        close = getattr(self._pieces, "aclose", None)
        if close is not None:
            await close()

    def _entries(self, text: str, *, last: bool) -> Iterable[Entry]:
        if self._reader is None:
            self._start += text
            self._reader = reader_for(self._start, whole=last)
            if self._reader is None:
                return ()
            self.progress.format = self._reader.format
            text, self._start = self._start, ""
        return self._reader.feed(text, last=last)

    def _take(self, number: int, entry: Any) -> None:
        if isinstance(entry, Unreadable):
            self.progress.fail(number, entry.reason)
            return
        try:
            record = self.importer.read(entry)
        except RecordError as error:
            self.progress.fail(number, error)
            return
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            self.progress.fail(number, texts.text("error_entry_other", type(error).__name__))
            return
        if isinstance(record, LeftOut):
            self.progress.leave_out(record.why)
        else:
            self.progress.meet(record)
            self._visits.append(record)

    async def _store(self) -> None:
        visits, self._visits = self._visits, []
        if not self.progress.preview:
            await self._shelf.put(visits, self.progress)


class HistoryImport:
    """Reads the browser's own history. The state's `import` says which slices are left."""

    def __init__(
        self,
        *,
        history: BrowserHistory,
        state: StateStore,
        importer: Importer,
        shelf: Shelf,
        stored: Record,
    ) -> None:
        self.progress = Progress.from_record(stored.get("progress"))
        self._slices: list[Slice] = [(int(a), int(b)) for a, b in stored["slices"]]
        self._until = int(stored["until"])
        self._history = history
        self._state = state
        self.importer = importer
        self._reader = HistoryReader(importer)
        self._shelf = shelf
        self._show()

    @staticmethod
    def beginning(now_ms: float) -> Record:
        """What the state has of an import that begins now."""
        return {"slices": [[0, int(now_ms)]], "until": int(now_ms), "progress": None}

    async def piece(self) -> bool:
        if not self._slices:
            await self._state.put("import", None)
            return False
        first, *rest = self._slices
        parts = halves(first)
        limit = PAGES_PER_SLICE if len(parts) > 1 else 0
        pages = await self._history.read(*first, limit=limit)
        if pages is None:
            self._slices = [*parts, *rest]
            return True
        visits = []
        for record in self._reader.read(pages):
            if isinstance(record, LeftOut):
                self.progress.leave_out(record.why)
            elif isinstance(record, RecordError):
                self.progress.fail(None, record)
            else:
                self.progress.meet(record)
                visits.append(record)
        await self._shelf.put(visits, self.progress)
        self._slices = rest
        self._show()
        await self._state.put(
            "import",
            {
                "slices": [list(piece) for piece in rest],
                "until": self._until,
                "progress": self.progress.to_record(),
            },
        )
        return True

    async def close(self) -> None:
        await self._state.put("import", None)

    def _show(self) -> None:
        begun = self.progress.first_at
        self.progress.size = 1000
        if not self._slices:
            self.progress.read = 1000
        elif begun is not None and self._until > begun:
            done = self._slices[0][0] - begun
            self.progress.read = max(0, min(1000, 1000 * done // (self._until - begun)))


def _encoding(start: bytes) -> str:
    """Spreadsheets write UTF-16 where they are asked for Unicode, and say so."""
    return "utf-16" if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"


def _start(visit: Record) -> Any:
    return visit["startedAt"]
