"""The part of the settings page that acts at once: pauses, and kinds of pages."""

import js

from heyho import presets, texts
from heyho.pages import bridge
from heyho.pages.options import backwards, pausing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from heyho.pages.shapes import Json

PAUSES = (("pause-hour", "hour"), ("pause-restart", "restart"), ("pause-on", None))
BACKWARDS = ("find", "keep", "delete", "undo")


class Privacy:
    """What is recorded at all."""

    def __init__(self, settings: "Json", unsaved: "Callable[[], str]") -> None:
        """`unsaved` says whether something typed is not saved yet."""
        self.settings = settings
        self.unsaved = unsaved
        self.switches: "dict[str, Any]" = {}
        # Presets that were switched while a reply about any of them is awaited, by name.
        self.switched: "dict[str, bool]" = {}
        self.awaited = 0
        self.build()
        for name, until in PAUSES:
            bridge.on_single_click(bridge.find(name), self.pauser(until))
        bridge.on_single_click(bridge.find("resume"), self.resume)
        bridge.listen(self.receive)
        # What was counted, and may be deleted.
        self.counted: "Json | None" = None
        # What can be taken back: when it was deleted.
        self.deleted_at: "float | None" = None
        # Whether a reply about visits that match is awaited; until then nothing else is asked.
        self.busy = False
        self.had_focus = False
        bridge.on_single_click(bridge.find("find"), self.find)
        bridge.on_single_click(bridge.find("keep"), self.keep)
        bridge.on_single_click(bridge.find("delete"), self.delete)
        bridge.on_single_click(bridge.find("undo"), self.undo)
        self.render()

    def build(self) -> None:
        """Make a switch for each preset, with what is in it."""
        for name in presets.NAMES:
            patterns = presets.PRESETS[name]
            row = make("div", "preset")
            label = make("p", "name", texts.text(f"options_preset_{name}"))
            label.id = f"preset-{name}"
            switch = make("button", "switch")
            switch.type = "button"
            switch.setAttribute("role", "switch")
            switch.setAttribute("aria-labelledby", label.id)
            details = make("details")
            details.append(make("summary", "", texts.plural("options_patterns", len(patterns))))
            items = make("ul")
            for pattern in patterns:
                items.append(make("li", "", pattern))
            details.append(items)
            row.append(switch, label, details)
            bridge.find("presets").append(row)
            bridge.on(switch, "click", self.switcher(name))
            self.switches[name] = switch

    def chosen(self) -> "list[str]":
        """The presets that are on: all of them until the person has chosen."""
        known = self.settings.get("presets")
        on = presets.NAMES if known is None else known
        return [name for name in presets.NAMES if self.switched.get(name, name in on)]

    def switcher(self, name: str) -> "Any":
        """What a click on a preset's switch does."""

        def switch() -> None:
            on = name not in self.chosen()
            asked = bridge.ask({"kind": "exclude", "preset": name, "excluded": on})
            self.switched[name] = on
            self.awaited += 1
            self.render()
            kind = texts.text(f"options_preset_{name}")
            said = texts.text("options_preset_on" if on else "options_preset_off", kind)
            bridge.start(self.hear_of_switch(asked, said))

        return switch

    async def hear_of_switch(self, asked: "Awaitable[Json]", said: str) -> None:
        """Show the switches as they are stored once all are."""
        await self.hear_of_change(asked, said)
        self.awaited -= 1
        if not self.awaited:
            self.switched = {}
            self.render()

    def pauser(self, until: "str | None") -> "Any":
        """What a click on one of the pauses does."""

        def pause() -> None:
            self.change({"kind": "pause", "until": until})

        return pause

    def resume(self) -> None:
        """Record again."""
        self.change({"kind": "settings", "settings": {"paused": False}})

    def find(self) -> None:
        """Count what the fields and switches mean, as they stand, among recorded visits."""
        if self.busy:
            return
        excluded, recorded = bridge.find("excluded").value, bridge.find("recorded").value
        wanted = backwards.query(str(excluded), self.chosen(), str(recorded))
        if wanted is None:
            self.offer(texts.text("options_backwards_nothing"), *self.ways())
        else:
            asked = bridge.ask({"kind": "delete", "query": wanted, "dryRun": True})
            self.wait(texts.text("options_backwards_finding"))
            bridge.start(self.hear_count(asked, wanted))

    async def hear_count(self, asked: "Awaitable[Json]", wanted: "Json") -> None:
        """Say how many visits match, and offer to delete them."""
        reply = await asked
        if not reply["ok"]:
            self.offer(reply["error"], *self.ways())
        elif not reply["visits"]:
            self.offer(backwards.found(reply, day), *self.ways())
        else:
            self.counted = wanted
            self.offer(backwards.found(reply, day), "keep", "delete")

    def keep(self) -> None:
        """Delete nothing."""
        if not self.busy:
            self.offer("", *self.ways())

    def delete(self) -> None:
        """Delete what was counted."""
        if not self.busy:
            asked = bridge.ask({"kind": "delete", "query": self.counted})
            self.wait(texts.text("options_backwards_deleting"))
            bridge.start(self.hear_of_deletion(asked))

    async def hear_of_deletion(self, asked: "Awaitable[Json]") -> None:
        """Offer to take the deletion back."""
        reply = await asked
        if reply["ok"]:
            self.deleted_at = reply.get("at")
            self.offer(backwards.deleted(reply), "undo", "find")
        else:
            self.offer(reply["error"], *self.ways())

    def undo(self) -> None:
        """Take the deletion back."""
        if not self.busy:
            asked = bridge.ask({"kind": "undo", "at": self.deleted_at})
            self.wait(str(bridge.find("matching").textContent))
            bridge.start(self.hear_of_undo(asked))

    async def hear_of_undo(self, asked: "Awaitable[Json]") -> None:
        """Say whether what was deleted is back."""
        reply = await asked
        self.deleted_at = None
        said = texts.plural("data_undone", reply["visits"]) if reply["ok"] else reply["error"]
        self.offer(said, *self.ways())

    def ways(self) -> "list[str]":
        """What can be done where nothing is counted: find more, and take back what is deleted."""
        return ["find"] if self.deleted_at is None else ["find", "undo"]

    def wait(self, said: str) -> None:
        """Say what is done with visits that match, and offer nothing until it is."""
        self.busy = True
        self.had_focus = str(js.document.activeElement.id) in BACKWARDS
        bridge.write("matching", said)
        for name in BACKWARDS:
            bridge.find(name).disabled = True

    def offer(self, said: str, *buttons: str) -> None:
        """Say how things stand with visits that match, and what can be done next. A focus that a
        button has lost since is there for the next one, unless it went elsewhere."""
        self.busy = False
        bridge.write("matching", said)
        at = js.document.activeElement
        nowhere = self.had_focus and str(at.tagName) == "BODY"
        had_focus = nowhere or str(at.id) in BACKWARDS
        self.had_focus = False
        for name in BACKWARDS:
            bridge.show(name, name in buttons)
            bridge.find(name).disabled = False
        if had_focus:
            bridge.find(buttons[0]).focus()

    def change(self, request: "Json") -> None:
        """Have the engine change something."""
        bridge.start(self.hear_of_change(bridge.ask(request), ""))

    async def hear_of_change(self, asked: "Awaitable[Json]", said: str) -> None:
        """Show what holds now."""
        reply = await asked
        if reply["ok"]:
            self.settings = reply["settings"]
            bridge.mark("calm")
        else:
            self.settings = await stored(self.settings)
            bridge.mark("trouble")
        said = said if reply["ok"] else reply["error"]
        bridge.write("message", f"{said} {self.unsaved()}".strip())
        self.render()

    def receive(self, message: "Json") -> None:
        """The recording may be paused elsewhere."""
        status = message.get("status")
        if status and bool(status["paused"]) != bool(self.settings.get("paused")):
            bridge.start(self.reload())

    async def reload(self) -> None:
        """Show what is stored now."""
        self.settings = await stored(self.settings)
        self.render()

    def render(self) -> None:
        """Bring the page in line with the settings."""
        now = bridge.now()
        paused = pausing.is_paused(self.settings, now)
        bridge.write("recording", pausing.standing(self.settings, now, bridge.time_of_day))
        focused = str(js.document.activeElement.id)
        for name, _ in PAUSES:
            bridge.show(name, not paused)
        bridge.show("resume", paused)
        if focused == "resume" and not paused:
            bridge.find("pause-hour").focus()
        elif paused and focused in [name for name, _ in PAUSES]:
            bridge.find("resume").focus()
        on = self.chosen()
        for name, switch in self.switches.items():
            switch.setAttribute("aria-checked", "true" if name in on else "false")


def day(at: float) -> str:
    """A day as the person's calendar shows it."""
    style = bridge.to_js({"dateStyle": "long"})
    return str(js.Date.new(float(at)).toLocaleDateString(bridge.language(), style))


async def stored(fallback: "Json") -> "Json":
    """The settings as they are stored."""
    try:
        return await bridge.read_state("settings") or {}
    except bridge.Failure:
        return fallback


def make(tag: str, name: str = "", text: str = "") -> "Any":
    """An element with a class and a text."""
    element = js.document.createElement(tag)
    if name:
        element.className = name
    element.textContent = text
    return element
