"""Deleting: counted first, confirmed by another click, and undone for ten minutes."""

import asyncio

from heyho import texts
from heyho.pages import bridge
from heyho.pages.data import dates, importing, phrases

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
TICK_S = 5
SILENCE_MS = 8000


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
        self.going = False
        self.heard_at = 0.0
        self.asked_at = 0.0
        self.undoing: "Json | None" = None
        bridge.on(bridge.find("delete-form"), "submit", self.count)
        bridge.on(bridge.find("delete-form"), "input", self.arrange)
        bridge.on(bridge.find("delete-go"), "click", self.go)
        bridge.on(bridge.find("delete-cancel"), "click", self.cancel)
        bridge.on(bridge.find("undo"), "click", self.undo)
        bridge.find("delete-count").disabled = False
        self.arrange()

    def know_server(self, can_sync: bool) -> None:
        """Offer to delete on a server as well where there is one. If that has changed, what was
        counted before has to be confirmed anew."""
        if self.can_sync != can_sync:
            self.can_sync = can_sync
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
            bridge.lead_on("delete-sure", "delete")

    def go(self) -> None:
        """Delete what was counted."""
        if not bridge.find("delete-count").disabled:
            self.busy(True, texts.text("data_deleting"))
            bridge.start(self.request_delete())

    async def request_delete(self) -> None:
        """Have it deleted. The reply may never come: what is told of the deletion does as well."""
        server_too = self.can_sync and bool(bridge.find("delete-server").checked)
        bridge.show("delete-sure", False)
        self.asked_at = asked_at = bridge.now() - 1
        self.heard_at = bridge.now()
        reply = await bridge.ask({"kind": "delete", "query": self.query, "alsoServer": server_too})
        await self.refresh()
        if self.asked_at == asked_at and not self.going:
            self.deleted("" if reply["ok"] else reply["error"])

    def deleted(self, problem: str) -> None:
        """What was asked for is done, or has failed."""
        self.asked_at = 0.0
        self.busy(False)
        bridge.write("delete-problem", problem)
        self.changed()
        if not problem and self.deletion is not None:
            bridge.lead_on("undo", "delete-sure")

    def cancel(self) -> None:
        """Delete nothing."""
        bridge.show("delete-sure", False)
        bridge.find("delete-count").focus()

    def undo(self) -> None:
        """Put back what was deleted last."""
        if self.undoing is None and self.deletion is not None:
            self.undoing = self.deletion
            bridge.start(self.request_undo(self.deletion))

    async def request_undo(self, deletion: "Json") -> None:
        """Have it put back: this deletion, and none that another page has made since."""
        bridge.find("undo").disabled = True
        self.heard_at = bridge.now()
        bridge.write("gone-said", texts.text("data_undoing"))
        reply = await bridge.ask({"kind": "undo", "at": deletion["at"]})
        await self.refresh()
        if self.undoing is deletion and not self.going:
            back = texts.plural("data_undone", reply["visits"]) if reply["ok"] else reply["error"]
            self.undone(back)

    def undone(self, said: str) -> None:
        """What was deleted is back, or cannot be put back."""
        self.undoing = None
        bridge.find("undo").disabled = False
        bridge.write("delete-said", said)
        bridge.lead_on("delete-count", "gone")
        self.changed()

    async def refresh(self) -> None:
        """Ask what can be undone, and what the server has still to delete."""
        reply = await bridge.ask({"kind": "deletions"})
        if reply["ok"]:
            self.show(reply)

    def hear(self, moving: "Json | None") -> None:
        """Take news of a deletion under way, or that one is over, or undone."""
        if moving is None:
            bridge.start(self.refresh())
        else:
            self.follow(moving, texts.text("data_deleting"))

    def show(self, told: "Json") -> None:
        """Show what can be undone, and what the server has still to delete."""
        self.heard_at = bridge.now()
        said = phrases.orders(told["orders"], told["problem"])
        bridge.show("orders", bool(said))
        bridge.write("orders", said)
        deletion = told["deletion"]
        if deletion is not None and deletion["phase"] == "moving":
            self.follow(deletion, texts.text("data_deleting"))
        elif deletion is not None and deletion["phase"] == "restoring":
            self.follow(None, texts.text("data_undoing"))
        else:
            self.settle(deletion, told["undone"])

    def follow(self, moving: "Json | None", said: str) -> None:
        """Show what is under way, with a bar where it is known how far it is."""
        self.deletion, self.going, self.heard_at = None, True, bridge.now()
        bridge.write("delete-problem", "")
        bridge.show("gone", True)
        bridge.show("undo", False)
        bridge.write("gone-said", said)
        bridge.write("gone-count", phrases.moved(moving) if moving else "")
        importing.bar(bridge.find("gone-bar"), phrases.moved_percent(moving) if moving else None)

    def settle(self, deletion: "Json | None", undone: "Json | None") -> None:
        """Show what can be undone; nothing is under way."""
        self.deletion, self.going = deletion, False
        bridge.write("gone-count", "")
        bridge.show("gone", deletion is not None)
        bridge.show("undo", True)
        importing.bar(bridge.find("gone-bar"), None)
        if deletion is not None and self.undoing is None:
            bridge.write("gone-said", phrases.gone(deletion, bridge.now()))
        if self.asked_at and deletion is not None and deletion["at"] >= self.asked_at:
            self.deleted("")
        at = self.undoing["at"] if self.undoing is not None else None
        is_gone = deletion is None or deletion["at"] != at
        if at is not None and is_gone and undone is not None and undone["at"] == at:
            self.undone(texts.plural("data_undone", undone["visits"]))

    async def tick(self) -> None:
        """Count the minutes down; the undo ends with them. Ask for what nothing is heard of: the
        engine may have been ended, and the next one carries it on."""
        while True:
            await asyncio.sleep(TICK_S)
            if self.going or self.asked_at or self.undoing is not None:
                if bridge.now() - self.heard_at >= SILENCE_MS:
                    await self.refresh()
            elif self.deletion is not None:
                if bridge.now() < self.deletion["deadline"]:
                    bridge.write("gone-said", phrases.gone(self.deletion, bridge.now()))
                else:
                    await self.refresh()

    def busy(self, on: bool, said: str = "") -> None:
        """Let nothing else be started meanwhile."""
        bridge.find("delete-count").disabled = on
        bridge.write("delete-said", said)


FIELDS_ALL = ("site", "from", "to", "pattern")
