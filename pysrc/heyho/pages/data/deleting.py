"""Deleting: counted first, confirmed by another click, and undone for ten minutes."""

import asyncio

from heyho import texts
from heyho.pages import bridge
from heyho.pages.data import dates, phrases

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from heyho.pages.shapes import Json

FIELDS = {
    "site": ("site",),
    "days": ("from", "to"),
    "pattern": ("pattern",),
    "all": (),
}
TICK_S = 20


class Delete:
    """The card of deletions, and the notice of the last one.

    Args:
        changed: called when visits have gone or come back.
    """

    def __init__(self, changed: "Callable[[], None]") -> None:
        self.changed = changed
        self.query: "Json" = {}
        self.can_sync = False
        self.deletion: "Json | None" = None
        bridge.on(bridge.find("delete-form"), "submit", self.count)
        bridge.on(bridge.find("delete-form"), "input", self.arrange)
        bridge.on(bridge.find("delete-go"), "click", self.go)
        bridge.on(bridge.find("delete-cancel"), "click", self.cancel)
        bridge.on(bridge.find("undo"), "click", self.undo)
        bridge.find("delete-count").disabled = False
        self.arrange()

    def arrange(self) -> None:
        """Show the fields of what is chosen; what was counted before is not what is meant now."""
        what = self.what()
        for field in ("site", "from", "to", "pattern"):
            bridge.show(f"delete-by-{field}", field in FIELDS[what])
        bridge.show("server-part", self.can_sync and what != "pattern")
        bridge.show("delete-patterns-stay", self.can_sync and what == "pattern")
        bridge.show("delete-sure", False)
        bridge.write("delete-problem", "")
        bridge.write("delete-said", "")

    def what(self) -> str:
        """What kind of deletion is chosen."""
        return str(bridge.find("delete-what").value)

    def wanted(self) -> "Json":
        """What is meant, as a query; empty where nothing was entered."""
        typed = {name: str(bridge.find(f"delete-{name}").value).strip() for name in FIELDS_ALL}
        what = self.what()
        if what == "all":
            return {"everything": True}
        if what == "days":
            return dates.span(typed["from"], typed["to"])
        if what == "pattern":
            return {"patterns": [typed["pattern"]]} if typed["pattern"] else {}
        return {"site": typed["site"]} if typed["site"] else {}

    def count(self) -> None:
        """Count what is meant."""
        if bridge.find("delete-count").disabled:
            return
        self.arrange()
        self.query = self.wanted()
        if self.what() == "days" and not self.query:
            bridge.write("delete-problem", texts.text("data_dates_missing"))
            bridge.find("delete-from").focus()
            return
        self.busy(True, texts.text("data_counting"))
        bridge.start(self.request_count())

    async def request_count(self) -> None:
        """Have it counted, and let the person confirm it."""
        found = await bridge.ask({"kind": "delete", "query": self.query, "dryRun": True})
        self.busy(False)
        if self.wanted() != self.query:
            return  # something else was entered meanwhile
        if not found["ok"]:
            bridge.write("delete-problem", found["error"])
        elif not found["visits"]:
            bridge.write("delete-said", texts.text("data_delete_none"))
        else:
            bridge.write("delete-warning", phrases.warning(found, dates.day))
            bridge.write("delete-go", texts.plural("data_delete_go", found["visits"]))
            bridge.show("delete-sure", True)
            # Not on a button: a second Enter in a row must not delete.
            bridge.find("delete-sure").focus()

    def go(self) -> None:
        """Delete what was counted."""
        if not bridge.find("delete-count").disabled:
            self.busy(True, texts.text("data_deleting"))
            bridge.start(self.request_delete())

    async def request_delete(self) -> None:
        """Have it deleted."""
        server_too = self.can_sync and bool(bridge.find("delete-server").checked)
        bridge.show("delete-sure", False)
        reply = await bridge.ask({"kind": "delete", "query": self.query, "alsoServer": server_too})
        self.busy(False)
        if not reply["ok"]:
            bridge.write("delete-problem", reply["error"])
        await self.refresh()
        self.changed()
        if reply["ok"] and self.deletion is not None:
            bridge.find("undo").focus()

    def cancel(self) -> None:
        """Delete nothing."""
        bridge.show("delete-sure", False)
        bridge.find("delete-count").focus()

    def undo(self) -> None:
        """Put back what was deleted last."""
        if not bridge.find("undo").disabled and self.deletion is not None:
            bridge.find("undo").disabled = True
            bridge.start(self.request_undo(self.deletion["at"]))

    async def request_undo(self, at: float) -> None:
        """Have it put back: this deletion, and none that another page has made since."""
        bridge.write("gone-said", texts.text("data_undoing"))
        reply = await bridge.ask({"kind": "undo", "at": at})
        bridge.find("undo").disabled = False
        await self.refresh()
        said = texts.plural("data_undone", reply["visits"]) if reply["ok"] else reply["error"]
        bridge.write("delete-said", said)
        bridge.find("delete-count").focus()
        self.changed()

    async def refresh(self) -> None:
        """Ask what can be undone, and what the server has still to delete."""
        reply = await bridge.ask({"kind": "deletions"})
        if reply["ok"]:
            self.show(reply)

    def show(self, told: "Json") -> None:
        """Show what can be undone, and what the server has still to delete."""
        self.deletion = told["deletion"]
        bridge.show("gone", self.deletion is not None)
        if self.deletion is not None:
            bridge.write("gone-said", phrases.gone(self.deletion, bridge.now()))
        said = phrases.orders(told["orders"], told["problem"])
        bridge.show("orders", bool(said))
        bridge.write("orders", said)

    async def tick(self) -> None:
        """Count the minutes down; the undo ends with them."""
        while True:
            await asyncio.sleep(TICK_S)
            if self.deletion is None:
                continue
            if bridge.now() < self.deletion["deadline"]:
                bridge.write("gone-said", phrases.gone(self.deletion, bridge.now()))
            else:
                await self.refresh()

    def busy(self, on: bool, said: str = "") -> None:
        """Let nothing else be started meanwhile."""
        bridge.find("delete-count").disabled = on
        bridge.write("delete-said", said)


FIELDS_ALL = ("site", "from", "to", "pattern")
