"""The popup: how recording and syncing stand, and the buttons for both."""

import asyncio

import js

from heyho import texts
from heyho.pages import bridge, drawing, timeline
from heyho.pages.popup import present, summary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from heyho.pages.shapes import Json, Progress, Status, View

TICK_S = 5
SILENT_TICKS = 3
# The engine shares this page's thread: a run goes before its drawing.
DRAW_MS = 250
# The person may press “Sync now” at once; the past can wait for so long.
CALM_S = 0.3
# Among so many there is one that has sent something.
RUNS = 5


class Popup:
    """What the popup knows, and what it does at each event."""

    def __init__(self) -> None:
        self.status: "Status" = {
            "waiting": 0,
            "quarantined": 0,
            "paused": False,
            "canSync": False,
            "server": "",
            "lastRun": None,
            "nextAt": None,
            "problem": None,
        }
        self.progress: "Progress | None" = None
        # Whether the database, and with it the status, could be read.
        self.readable = True
        self.fault = ""
        self.said = ""
        # When the person asked for a sync that has neither shown progress nor ended; else 0.
        self.asked_at = 0.0
        # Whether a run was on when the engine was last asked.
        self.running = False
        # Whether the person has asked to stop the run under way.
        self.stopping = False
        # How many times a run was told of; a reply that was asked for before is older than that.
        self.told = 0
        self.silent_ticks = 0
        # How the run went that is drawn, as a run's record tells it or its progress.
        self.past: "Json | None" = None
        self.drawing: "drawing.Drawing | None" = None
        self.drawn_at = 0.0
        self.present = present.Present(self.hear_of_site)

    async def open(self) -> None:
        """Show what is stored, then what the engine says, then keep up with it."""
        bridge.listen(self.hear)
        bridge.on(bridge.find("sync"), "click", self.sync)
        bridge.find("sync").addEventListener("keydown", ignore_repetition)
        bridge.on(bridge.find("stop"), "click", self.stop)
        bridge.on(bridge.find("record"), "click", self.toggle_recording)
        self.present.open()
        bridge.on_session_change(lambda: bridge.start(self.read_fault()))
        await self.read_stored()
        bridge.show("timeline", self.status["lastRun"] is not None)
        self.render()
        bridge.find("sync").disabled = False
        bridge.find("record").disabled = False
        bridge.ready()
        await self.read_fault()
        await self.refresh()
        await self.present.look()
        await asyncio.sleep(CALM_S)
        if not self.progress and not self.asked_at:
            await self.read_past()
        while True:
            await asyncio.sleep(TICK_S)
            await self.tick()

    async def read_stored(self) -> None:
        """Take the last known status; before the first one, what the settings tell."""
        try:
            stored = await bridge.read_state("status")
            settings = await bridge.read_state("settings") or {}
        except bridge.Failure:
            self.readable = False
            return
        if stored:
            self.status = stored
            return
        self.status["paused"] = settings.get("paused", False)
        if settings.get("serverUrl"):
            self.status["canSync"] = bool(settings.get("token"))
            self.status["server"] = settings["serverUrl"].split("/")[2]

    async def read_fault(self) -> None:
        """Take what the recorder says about itself; once all is well again, the engine's word."""
        before = self.fault
        self.fault = await bridge.read_fault()
        if before and not self.fault:
            self.said = ""
            await self.refresh()
        self.render()

    async def refresh(self) -> None:
        """Ask the engine how things stand."""
        told = self.told
        reply = await bridge.ask({"kind": "status"})
        if not reply["ok"]:
            self.said = reply["error"]
            self.render()
        elif self.told == told:
            self.running = reply["running"]
            self.accept(reply["status"])
            if reply["progress"]:
                self.follow(reply["progress"])
            elif self.progress:
                self.progress = None
                self.said = texts.text("popup_stopped_midway")
            self.render()

    def hear(self, message: "Json") -> None:
        """Take what the engine tells all pages."""
        self.silent_ticks = 0
        if message["kind"] == "progress":
            self.follow(message["progress"])
        elif message["kind"] == "status":
            self.accept(message["status"])
        self.render()

    def follow(self, progress: "Progress") -> None:
        """Show a run under way."""
        self.told += 1
        if not summary.has_ended(progress["startedAt"], self.status["lastRun"]):
            self.progress = progress
            self.said = ""
            self.asked_at = 0

    def accept(self, status: "Status") -> None:
        """Take a new status, and report the run that it brings to an end."""
        news = status["problem"] != self.status["problem"]
        other = summary.is_another(status["lastRun"], self.status["lastRun"])
        self.status = status
        self.readable = True
        if other and (self.progress or self.asked_at):
            self.told += 1
            self.progress = None
            self.asked_at = 0
            self.said = summary.ended(status)
            bridge.start(self.read_past())
        elif news and self.said == texts.text("popup_starting"):
            self.said = ""

    def sync(self) -> None:
        """Start a sync, or join the one under way."""
        if self.readable and not self.status["canSync"]:
            js.chrome.runtime.openOptionsPage()
            return
        if not self.progress:
            self.asked_at = bridge.now()
            self.said = texts.text("popup_starting")
            self.silent_ticks = 0
            self.render()
        asked = bridge.ask({"kind": "run", "trigger": "manual"})
        bridge.start(self.hear_of_request(asked, self.forget_sync))

    def forget_sync(self) -> None:
        """Wait no longer for the sync that was asked for."""
        self.asked_at = 0

    def stop(self) -> None:
        """End the run under way, if that is not asked for yet; what has not been acknowledged
        waits. The button keeps the focus: it only looks disabled."""
        if self.stopping:
            return
        self.stopping = True
        self.render()
        asked = bridge.ask({"kind": "cancel"})
        bridge.start(self.hear_of_request(asked, self.forget_stop))

    def forget_stop(self) -> None:
        """Let the person ask for the run's end once more."""
        self.stopping = False

    def toggle_recording(self) -> None:
        """Pause recording, or resume it; shown at once, and taken back if it fails."""
        paused = not self.status["paused"]
        self.status["paused"] = paused
        self.said = texts.text("popup_paused_now" if paused else "popup_recording_again")
        self.render()

        def take_back() -> None:
            self.status["paused"] = not paused

        asked = bridge.ask({"kind": "settings", "settings": {"paused": paused}})
        bridge.start(self.hear_of_request(asked, take_back))

    async def hear_of_request(
        self, asked: "Awaitable[Json]", take_back: "Callable[[], None]"
    ) -> None:
        """Where the engine refuses what was shown already, say why, and take that back."""
        reply = await asked
        if not reply["ok"]:
            take_back()
            self.said = reply["error"]
            self.render()

    def hear_of_site(self, problem: str) -> None:
        """Say why the site in front could not be excluded, or let in."""
        self.said = problem or self.said
        self.render()

    async def read_past(self) -> None:
        """Take how the last run went, for its timeline."""
        if not self.status["lastRun"]:
            return
        reply = await bridge.ask({"kind": "runs", "limit": RUNS})
        if reply["ok"] and not self.progress:
            drawable = [run for run in reply["runs"] if run["spans"]]
            self.past = drawable[0] if drawable else None
            self.draw()

    def draw(self) -> None:
        """Draw the run under way, or else the last one."""
        self.drawn_at = bridge.now()
        made = timeline.of(self.progress, self.past, now=bridge.now())
        bridge.show("timeline", made is not None)
        if made is None:
            return
        if self.drawing is None:
            self.drawing = drawing.Drawing(bridge.find("drawing"))
        self.drawing.draw(made)

    async def tick(self) -> None:
        """Keep the times true, and look after a run that has fallen silent."""
        self.silent_ticks += 1
        if (self.progress or self.asked_at) and self.silent_ticks >= SILENT_TICKS:
            self.silent_ticks = 0
            await self.refresh()
            if self.asked_at and not self.running:
                self.asked_at = 0
                if self.said == texts.text("popup_starting"):
                    self.said = texts.text("popup_not_started")
        self.render()

    def render(self) -> None:
        """Bring the page in line with what is known."""
        if not self.readable:
            show(summary.out_of_reach(said=self.said, fault=self.fault))
            return
        if self.progress and bridge.now() - self.drawn_at >= DRAW_MS:
            self.draw()
        self.present.know(paused=self.status["paused"])
        self.stopping = self.stopping and self.progress is not None
        bridge.find("stop").setAttribute("aria-disabled", "true" if self.stopping else "false")
        show(
            summary.summarise(
                self.status,
                self.progress,
                said=self.said,
                fault=self.fault,
                stopping=self.stopping,
                now=bridge.now(),
                clock=bridge.time_of_day,
                online=bool(js.navigator.onLine),
            )
        )


def ignore_repetition(event: "Any") -> None:
    """A key that is held since it pressed another button presses none to which the focus went."""
    if event.repeat:
        event.preventDefault()


def show(view: "View") -> None:
    """Write a view into the page, touching only what differs. Who was on “Stop” is led on to
    “Sync now” when that goes."""
    on_stop = bridge.find("stop").contains(js.document.activeElement)
    for name in ("figure", "caption", "message", "left", "action", "recording"):
        bridge.write(name, view[name])
    bridge.write("last-ago", view["lastAgo"])
    bridge.write("last-did", view["lastDid"])
    bridge.write("next", view["next"])
    bridge.write("aside", view["aside"])
    bridge.write("server", view["server"])
    bridge.write("detail", view["detail"] or texts.text("popup_timeline"))
    bridge.show("figure", bool(view["figure"]))
    bridge.show("action", bool(view["action"]))
    bridge.show("aside-row", bool(view["aside"]))
    bridge.show("bar", bool(view["progress"]))
    bridge.show("stop", bool(view["progress"]))
    if on_stop and not view["progress"]:
        bridge.find("sync").focus()
    bridge.find("bar").setAttribute("aria-valuenow", str(view["percent"]))
    bridge.find("bar").setAttribute("aria-valuetext", view["progress"])
    bridge.find("bar-fill").style.width = f"{view['percent']}%"
    bridge.find("record").setAttribute("aria-checked", view["on"])
    bridge.set_time("last-ago", view["lastAt"])
    bridge.mark(view["tone"])


bridge.start(Popup().open())
