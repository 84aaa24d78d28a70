"""The page of a person's data: import, export, delete, and what there is."""

import js

from heyho.pages import bridge
from heyho.pages.data import deleting, exporting, importing, keeping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from heyho.pages.shapes import Json


class Data:
    """The cards of the page."""

    def __init__(self) -> None:
        self.keep = keeping.Keep()
        self.delete = deleting.Delete(self.refresh)
        self.importing = importing.Import(self.refresh)
        self.export = exporting.Export()

    async def open(self) -> None:
        """Show what is stored, and what is under way."""
        bridge.ready()
        try:
            settings = await bridge.read_state("settings") or {}
        except bridge.Failure:
            settings = {}
        self.keep.fill(settings)
        self.delete.know_server(bool(settings.get("serverUrl") and settings.get("token")))
        bridge.listen(self.hear)
        bridge.on(js.document, "visibilitychange", self.look)
        reply = await bridge.ask({"kind": "archive"})
        if reply["ok"]:
            self.delete.show(reply)
            job = reply["job"]
            if job is not None and job["state"] == "running" and not job["preview"]:
                self.importing.show(job)
        await self.keep.refresh()
        await self.delete.tick()

    def hear(self, message: "Json") -> None:
        """What the engine tells."""
        if message["kind"] == "archive":
            self.importing.hear(message["job"])
        elif message["kind"] == "deletions":
            # Also that of a request whose reply was lost: what is gone can be brought back.
            self.delete.hear(message["moving"])
            if message["moving"] is None:
                self.refresh()
        elif message["kind"] == "status":
            # Also when a server was named, or taken away, on another page.
            self.delete.know_server(message["status"]["canSync"])

    def look(self) -> None:
        """The person comes back to the page: visits may have gone or come elsewhere."""
        if not js.document.hidden:
            bridge.start(self.delete.refresh())
            self.refresh()

    def refresh(self) -> None:
        """Show how much there is now."""
        bridge.start(self.keep.refresh())


bridge.start(Data().open())
