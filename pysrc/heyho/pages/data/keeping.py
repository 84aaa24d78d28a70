"""How much there is on this device, and how long it stays."""

import js

from heyho import texts
from heyho.pages import bridge
from heyho.pages.data import dates, phrases

TYPE_CHECKING = False
if TYPE_CHECKING:
    from heyho.pages.shapes import Json


CHOICES = ("keep", "unsynced")


class Keep:
    """The card of what is on this device."""

    def __init__(self) -> None:
        self.chosen: "Json" = {}
        self.busy = False
        bridge.on(bridge.find("keep-form"), "submit", self.save)
        bridge.on(bridge.find("keep-form"), "input", self.arrange)
        bridge.on(bridge.find("keep-go"), "click", self.go)
        bridge.on(bridge.find("keep-cancel"), "click", self.cancel)

    def fill(self, settings: "Json") -> None:
        """Show the settings."""
        months = str(settings.get("keepMonths") or 0)
        select = bridge.find("keep")
        select.value = months
        if str(select.value) != months:
            option = js.document.createElement("option")
            option.value = option.textContent = months
            select.append(option)
            select.value = months
        bridge.find("unsynced").checked = settings.get("keepUnsynced") is False
        select.disabled = False
        bridge.find("keep-save").disabled = False
        self.arrange()

    def arrange(self) -> None:
        """What was counted before is not what is chosen now."""
        bridge.show("unsynced-part", str(bridge.find("keep").value) != "0")
        bridge.show("keep-sure", False)
        if not self.busy:
            bridge.write("keep-said", "")

    def wait(self, said: str) -> None:
        """Begin nothing else until this choice is counted or stored."""
        self.busy = True
        bridge.find("keep-save").disabled = True
        bridge.write("keep-said", said)

    def wait_for_storing(self) -> None:
        """Take no other choice, and offer no way back: this one is being stored."""
        self.wait(texts.text("options_saving"))
        bridge.show("keep-sure", False)
        self.open_choices(False)

    def open_choices(self, are_open: bool) -> None:
        """Let another choice be made; or not."""
        for name in CHOICES:
            bridge.find(name).disabled = not are_open

    def settle(self, said: str) -> None:
        """Say what came of it, and take another choice."""
        self.busy = False
        bridge.find("keep-save").disabled = False
        self.open_choices(True)
        bridge.write("keep-said", said)
        bridge.lead_on("keep-save", "keep-sure")

    def save(self) -> None:
        """Store the choice, after a word on what it drops."""
        if self.busy:
            return
        self.chosen = wanted()
        months = self.chosen["keepMonths"]
        if months:
            self.wait(texts.text("data_counting"))
            bridge.start(self.request_count(months))
        else:
            self.wait_for_storing()
            bridge.start(self.request_save())

    async def request_count(self, months: int) -> None:
        """Count what is older, and let the person confirm it."""
        query = {"to": dates.months_ago(months)}
        found = await bridge.ask({"kind": "delete", "query": query, "dryRun": True})
        if wanted() != self.chosen:
            self.settle("")  # something else was chosen meanwhile
        elif not found["ok"]:
            self.settle(found["error"])
        elif not found["visits"]:
            self.wait_for_storing()
            await self.request_save()
        else:
            self.settle("")
            span = phrases.days(found["firstAt"], found["lastAt"], dates.day)
            said = texts.plural("data_keep_warning", found["visits"], span)
            bridge.write("keep-warning", f"{said} {unsynced_part(self.chosen)}".strip())
            bridge.write("keep-go", texts.plural("data_keep_confirm", found["visits"]))
            bridge.show("keep-sure", True)
            bridge.lead_on("keep-sure", "storage")

    def go(self) -> None:
        """Store what was confirmed."""
        if not self.busy:
            self.wait_for_storing()
            bridge.start(self.request_save())

    def cancel(self) -> None:
        """Store nothing."""
        bridge.show("keep-sure", False)
        bridge.find("keep-save").focus()

    async def request_save(self) -> None:
        """Have the engine store the choice."""
        reply = await bridge.ask({"kind": "settings", "settings": self.chosen})
        self.settle(texts.text("data_keep_saved") if reply["ok"] else reply["error"])

    async def refresh(self) -> None:
        """Show how much there is."""
        reply = await bridge.ask({"kind": "storage"})
        if not reply["ok"]:
            bridge.write("room", reply["error"])
            return
        lines = []
        for label, value in phrases.rows(reply["storage"]):
            line = js.document.createElement("tr")
            head, cell = js.document.createElement("th"), js.document.createElement("td")
            head.scope, head.textContent = "row", label
            cell.className, cell.textContent = "number", value
            line.append(head, cell)
            lines.append(line)
        bridge.find("storage-rows").replaceChildren(*lines)
        bridge.write("room", phrases.room(reply["storage"]) or texts.text("data_room_unknown"))


def wanted() -> "Json":
    """What is chosen, as the engine takes it."""
    months = int(str(bridge.find("keep").value))
    unsynced = bool(bridge.find("unsynced").checked)
    return {"keepMonths": months, "keepUnsynced": not (months and unsynced)}


def unsynced_part(chosen: "Json") -> str:
    """What becomes of those that are on no server."""
    return texts.text("data_keep_stays" if chosen["keepUnsynced"] else "data_keep_unsynced_hint")
