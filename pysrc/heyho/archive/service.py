"""The archive: what the engine does for a person who looks after their data."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from heyho import texts
from heyho.archive.deleting import Deleter
from heyho.archive.exporting import FORMATS, export
from heyho.archive.imported import Importer
from heyho.archive.importing import FileImport, HistoryImport, Import, Shelf
from heyho.archive.job import Progress
from heyho.archive.orders import Orders
from heyho.archive.retention import Retention
from heyho.archive.selection import Selection
from heyho.archive.shelves import Shelves
from heyho.archive.telling import Telling
from heyho.catalog.service import CatalogService
from heyho.errors import HeyhoError
from heyho.folding import Folding
from heyho.ports import Record
from heyho.ports.archive import ArchiveStore, BrowserHistory, Files
from heyho.ports.network import Caller
from heyho.profile import Profile
from heyho.service import Handler, Ports

EXPORTED_AT_ONCE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivePorts:
    """What the archive needs beside the engine's ports."""

    store: ArchiveStore
    history: BrowserHistory
    files: Files
    caller: Caller
    catalog: CatalogService


class Archive:
    """A service, see `heyho.control.Service`. Requests:

    - `archive`: replies `job` (the import under way or the last one, or None), `deletion` (the one
      that can be undone, or is on its way there or back), `undone` (the last undo), `orders` (how
      many the server has to accept) and their `problem`.
    - `import` {source, url, name, size, preview}: begins to read a file, or the browser's history;
      replies `job` at once.
    - `import_stop`: ends it; what is imported stays. Replies `stopped`.
    - `export` {query, format, after}: replies `text` of some visits, how many, and `after` for
      more, None at the end.
    - `delete` {query, dryRun, alsoServer}: replies visits, firstAt, lastAt, sites, and
      `at` once deleted; where they are only counted `endsUndo`, whether an earlier deletion could
      then not be undone any more.
    - `undo` {at}: puts back the deletion of that time, or the last one; replies `visits`.
    - `deletions`: replies `deletion`, `undone`, `orders` and `problem`.
    - `storage`: replies how much there is of everything.

    While an import goes on, pages are told of it by messages of the kind `archive`; of a deletion,
    and of the end of its undo, by those of the kind `deletions`.

    Args:
        halt: ends the sync under way, and tells whether there was one.
        let_go: forgets what was read for the next one.
        resume: starts one again.

    Attributes:
        orders: what the server is still to be asked for; a service of its own.
    """

    def __init__(
        self,
        ports: Ports,
        archive: ArchivePorts,
        *,
        halt: Callable[[], Awaitable[bool]],
        let_go: Callable[[], None],
        resume: Callable[[], Awaitable[None]],
    ) -> None:
        self._ports = ports
        self._archive = archive
        self._profile = Profile(ports.state)
        self._folding = Folding(ports.events, self._profile)
        shelves = Shelves(archive.catalog)
        turn = asyncio.Lock()
        self._deleter = Deleter(
            store=archive.store,
            state=ports.state,
            visits=ports.visits,
            clock=ports.clock,
            browser=ports.browser,
            fold=self._folding.fold,
            halt=halt,
            let_go=let_go,
            resume=resume,
            catalog=shelves,
            telling=Telling(ports.browser),
            turn=turn,
        )
        self.orders = Orders(
            state=ports.state,
            caller=archive.caller,
            clock=ports.clock,
            browser=ports.browser,
            profile=self._profile,
            turn=turn,
        )
        self._retention = Retention(
            store=archive.store,
            state=ports.state,
            ledger=ports.ledger,
            clock=ports.clock,
            profile=self._profile,
            catalog=shelves,
            turn=turn,
        )
        self._handlers: dict[str, Handler] = {
            "archive": self._answer_archive,
            "import": self._answer_import,
            "import_stop": self._answer_import_stop,
            "export": self._answer_export,
            "delete": self._answer_delete,
            "undo": self._answer_undo,
            "deletions": self._answer_deletions,
            "storage": self._answer_storage,
        }
        self._import: Import | None = None
        self._job: Record | None = None
        self._looked = False
        self._turn = asyncio.Lock()

    @property
    def handlers(self) -> dict[str, Handler]:
        return self._handlers

    async def before_run(self) -> None:
        """What has to be done before anything is sent."""
        await self._deleter.finish()

    async def step(self) -> bool:
        more = await self._deleter.step()
        return more or await self._import_piece() or await self._retention.step()

    async def _take_up(self) -> bool:
        """Go on with an import that an engine before has left; whether there was one."""
        if self._looked:
            return False
        self._looked = True
        stored = await self._ports.state.get("import")
        if stored:
            await self._begin_history(stored)
        return bool(stored)

    async def _import_piece(self) -> bool:
        async with self._turn:
            await self._take_up()
            current = self._import
            if current is None:
                return False
            current.importer.exclude((await self._profile.settings()).exclusions)
            try:
                more = await current.piece()
            except HeyhoError as error:
                current.progress.state, current.progress.error = "failed", error.sentence
                await self._end(current)
                return False
            except Exception as error:
                current.progress.state = "failed"
                current.progress.error = texts.text("error_unforeseen", repr(error))
                await self._end(current)
                raise
            if more:
                self._show(current.progress)
            else:
                current.progress.state = "done"
                await self._end(current)
            return more

    async def _end(self, current: Import) -> None:
        self._import = None
        self._show(current.progress)
        await current.close()

    def _show(self, progress: Progress) -> None:
        self._job = progress.to_record()
        self._ports.browser.publish({"target": "page", "kind": "archive", "job": self._job})

    async def _answer_archive(self, request: Record) -> Record:
        if self._import is None and not self._looked:
            stored = await self._ports.state.get("import")
            if stored:
                self._job = Progress.from_record(stored.get("progress")).to_record()
        return {"job": self._job, **await self._answer_deletions(request)}

    async def _answer_import(self, request: Record) -> Record:
        async with self._turn:
            if await self._take_up() and request.get("source") == "history":
                return {"job": self._job}
            if self._import is not None and not self._import.progress.preview:
                raise HeyhoError(texts.text("error_import_busy"))
            if self._import is not None:
                await self._import.close()
            if request.get("source") == "history":
                stored = HistoryImport.beginning(self._ports.clock.now_ms())
                await self._ports.state.put("import", stored)
                await self._begin_history(stored)
            else:
                await self._begin_file(request)
        return {"job": self._job}

    async def _answer_import_stop(self, request: Record) -> Record:
        async with self._turn:
            await self._take_up()
            current = self._import
            if current is None:
                return {"stopped": False}
            current.progress.state = "stopped"
            await self._end(current)
        return {"stopped": True}

    async def _begin_history(self, stored: Record) -> None:
        self._import = HistoryImport(
            history=self._archive.history,
            state=self._ports.state,
            importer=await self._importer(),
            shelf=self._shelf(),
            stored=stored,
        )
        self._job = self._import.progress.to_record()

    async def _begin_file(self, request: Record) -> None:
        size = request.get("size")
        progress = Progress(
            source="file",
            name=str(request.get("name", "")),
            preview=request.get("preview") is True,
            url=str(request.get("url", "")),
            size=size if isinstance(size, int) else 0,
        )
        self._import = FileImport(
            files=self._archive.files,
            url=str(request.get("url")),
            importer=await self._importer(),
            shelf=self._shelf(),
            progress=progress,
        )
        self._job = progress.to_record()

    async def _importer(self) -> Importer:
        settings = await self._profile.settings()
        return Importer(
            client_id=await self._profile.client_id(),
            exclusions=settings.exclusions,
            now_ms=self._ports.clock.now_ms(),
        )

    def _shelf(self) -> Shelf:
        return Shelf(store=self._archive.store, fold=self._folding.fold)

    async def _answer_export(self, request: Record) -> Record:
        form = str(request.get("format"))
        if form not in FORMATS:
            raise HeyhoError(texts.text("error_format", form))
        selection = Selection.from_record(request.get("query"))
        after = request.get("after")
        if not isinstance(after, int):
            after = 0
            await self._folding.fold()
        visits, following = await self._archive.store.read(
            selection, after=after, limit=EXPORTED_AT_ONCE
        )
        text = export(visits, form, head=not after)
        return {"text": text, "visits": len(visits), "after": following}

    async def _answer_delete(self, request: Record) -> Record:
        selection = Selection.from_record(request.get("query"))
        if request.get("dryRun") is True:
            found = await self._deleter.find(selection)
            return {**found, "endsUndo": await self._deleter.can_undo()}
        async with self._turn:  # no import writes in between
            await self._take_up()
            if self._import is not None and not self._import.progress.preview:
                raise HeyhoError(texts.text("error_import_busy"))
            settings = await self._profile.settings()
            also = request.get("alsoServer") is True and settings.can_sync
            return await self._deleter.delete(
                selection,
                server=settings.server_url if also else "",
                request=request.get("requestedAt"),
            )

    async def _answer_undo(self, request: Record) -> Record:
        async with self._turn:  # no import writes in between
            visits = await self._deleter.undo(request.get("at"), request=request.get("requestedAt"))
        return {"visits": visits}

    async def _answer_deletions(self, request: Record) -> Record:
        orders = await self.orders.waiting()
        return {
            "deletion": await self._deleter.pending(),
            "undone": await self._deleter.undone(),
            "orders": len(orders),
            "problem": self.orders.problem if orders else None,
        }

    async def _answer_storage(self, request: Record) -> Record:
        return {"storage": await self._archive.store.figures()}
