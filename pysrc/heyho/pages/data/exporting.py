"""The export: pieces from the engine, written to a file as they come."""

import js

from heyho import texts
from heyho.pages import bridge
from heyho.pages.data import dates, importing, phrases, schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from heyho.pages.shapes import Json

TYPES = {
    "jsonl": "application/x-ndjson",
    "csv": "text/csv",
    "sqlite": "application/vnd.sqlite3",
}


class Export:
    """The card of exports."""

    def __init__(self) -> None:
        self.stopped = False
        bridge.on(bridge.find("export-form"), "submit", self.go)
        bridge.on(bridge.find("export-stop"), "click", self.stop)
        bridge.find("export-go").disabled = False

    def go(self) -> None:
        """Have the person name a file, which the browser lets them do only within a click."""
        if bridge.find("export-go").disabled:
            return
        self.busy(True)
        form = str(bridge.find("export-format").value)
        name = phrases.file_name(form, dates.today())
        picked: "Any" = None
        if hasattr(js.window, "showSaveFilePicker") and js.window.showSaveFilePicker:
            picked = js.window.showSaveFilePicker(bridge.to_js({"suggestedName": name}))
        bridge.start(self.export(form, name, picked))

    def stop(self) -> None:
        """End the export."""
        self.stopped = True

    async def export(self, form: str, name: str, picked: "Any") -> None:
        """Write what is meant to a file."""
        self.stopped = False
        file = File(name, TYPES[form])
        try:
            if picked is not None:
                await file.open(await picked)
            said = await self.write(form, file)
        except bridge.Failure as failure:
            await file.drop()
            said = "" if "abort" in str(failure).lower() else texts.text("data_export_failed")
        bridge.write("export-said", said)
        bridge.write("export-count", "")
        self.busy(False)

    async def write(self, form: str, file: "File") -> str:
        """Write all pieces; gives what to say in the end."""
        query = wanted()
        found = await bridge.ask({"kind": "delete", "query": query, "dryRun": True})
        if not found["ok"] or not found["visits"]:
            await file.drop()
            return texts.text("data_export_none") if found["ok"] else str(found["error"])
        table = None
        if form == "sqlite":
            table = await js.openSqlite()
            database = table.oo1.DB.new(":memory:")
            database.exec(schema.TABLE)
        done, after = 0, None
        while True:
            asked = {"kind": "export", "query": query, "after": after}
            asked["format"] = "rows" if table else form
            reply = await bridge.ask(asked)
            if not reply["ok"] or self.stopped:
                await file.drop()
                return texts.text("data_export_stopped") if reply["ok"] else str(reply["error"])
            if table:
                database.exec(bridge.to_js({"sql": schema.FILL, "bind": [reply["text"]]}))
            else:
                await file.add(reply["text"])
            done, after = done + reply["visits"], reply["after"]
            self.progress(done, found["visits"])
            if after is None:
                break
        if table:
            database.exec(schema.INDEXES)
            await file.add(table.capi.sqlite3_js_db_export(database))
            database.close()
        await file.close()
        return texts.plural("data_export_done", done)

    def progress(self, done: int, total: int) -> None:
        """Show how far it is."""
        percent = min(100, 100 * done // total)
        said = texts.text("data_written", texts.number(done), texts.number(total))
        bridge.write("export-said", texts.text("data_exporting"))
        bridge.write("export-count", said)
        importing.bar(bridge.find("export-bar"), percent)

    def busy(self, on: bool) -> None:
        """Let nothing else be started while an export goes on."""
        bridge.find("export-go").disabled = on
        bridge.show("export-stop", on)
        if not on:
            importing.bar(bridge.find("export-bar"), None)


class File:
    """A file that the person has named, or a download where the browser lets nobody name one."""

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self.options = bridge.to_js({"type": kind})
        self.stream: "Any" = None
        self.parts = js.Array.new()

    async def open(self, handle: "Any") -> None:
        """Write to the file of a handle."""
        self.stream = await handle.createWritable()

    async def add(self, part: "Any") -> None:
        """Append text or bytes."""
        if self.stream is not None:
            await self.stream.write(part)
        else:
            # A blob that is finished need not stay in memory.
            self.parts.push(js.Blob.new(js.Array.of(part)))

    async def close(self) -> None:
        """The file is whole."""
        if self.stream is not None:
            await self.stream.close()
            return
        link = js.document.createElement("a")
        link.href = js.URL.createObjectURL(js.Blob.new(self.parts, self.options))
        link.download = self.name
        link.click()

    async def drop(self) -> None:
        """Leave no half file."""
        self.parts = js.Array.new()
        if self.stream is not None:
            stream, self.stream = self.stream, None
            await stream.abort()


def wanted() -> "Json":
    """What is meant, as a query."""
    query = dates.span(str(bridge.find("export-from").value), str(bridge.find("export-to").value))
    site = str(bridge.find("export-site").value).strip()
    if site:
        query["site"] = site
    return query or {"everything": True}
