"""The popup's part about the page in front: what it knows of it, and what the person does."""

import js

from heyho.pages import bridge
from heyho.pages.popup import here

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from heyho.pages.shapes import Front, Here, Json


class Present:
    """The page in front.

    Args:
        changed: called with a sentence when something has failed, and with an empty one when the
            site in front is recorded again, or not any more.
    """

    def __init__(self, changed: "Callable[[str], None]") -> None:
        self.tell = changed
        self.front: "Front | None" = None
        self.paused = False
        self.asking = False
        self.changed = False
        self.changing = False
        self.shown: "tuple[Any, ...] | None" = None

    def open(self) -> None:
        """Listen to the person."""
        bridge.on_single_click(bridge.find("here-action"), self.change_site)
        bridge.on_single_click(bridge.find("here-yes"), self.confirm_site)
        bridge.on_single_click(bridge.find("here-cancel"), self.cancel_site)

    async def look(self) -> None:
        """Ask about the page in front."""
        reply = await bridge.ask({"kind": "page", "url": await page_in_front()})
        if reply["ok"]:
            self.front = {
                "state": reply["state"],
                "pattern": reply["pattern"],
                "site": reply["site"],
                "visits": reply["visits"],
            }
            self.render()

    def know(self, *, paused: bool) -> None:
        """Take whether recording is paused."""
        self.paused = paused
        self.render()

    def change_site(self) -> None:
        """Ask whether the site in front shall never be recorded, or record it again. A key that is
        pressed once more answers “no”."""
        if self.front and self.front["state"] == "excluded":
            self.begin_change(excluded=False)
        else:
            self.asking = True
            self.render()
            bridge.find("here-cancel").focus()

    def confirm_site(self) -> None:
        """Never record the site in front."""
        self.begin_change(excluded=True)

    def cancel_site(self) -> None:
        """Leave the site in front as it is."""
        self.asking = False
        self.render()
        bridge.find("here-action").focus()

    def begin_change(self, *, excluded: bool) -> None:
        """Have the engine exclude the site in front, or let it in again."""
        if self.front and not self.changing:
            self.changing = True
            site = self.front["site"]
            asked = bridge.ask({"kind": "exclude", "site": site, "excluded": excluded})
            self.render()
            bridge.start(self.hear_of_change(asked, excluded=excluded))

    async def hear_of_change(self, asked: "Awaitable[Json]", *, excluded: bool) -> None:
        """Ask about the page in front again, or say why nothing has changed."""
        reply = await asked
        self.changing = self.asking = False
        if reply["ok"]:
            self.changed = excluded
            await self.look()
        self.render()
        self.tell("" if reply["ok"] else reply["error"])
        bridge.find("here-action").focus()

    def render(self) -> None:
        """Bring what is said in line with what is known, if anything is new."""
        known = (self.front, self.paused, self.asking, self.changed, self.changing)
        if known != self.shown:
            self.shown = known
            front, paused, asking, changed, busy = known
            show(here.describe(front, paused=paused, asking=asking, changed=changed, busy=busy))


def show(view: "Here") -> None:
    """Write into the page how it stands with the page in front."""
    bridge.write("here-site", view["site"])
    bridge.write("here-said", view["said"])
    bridge.write("here-yes", view["yes"])
    bridge.write("here-action", view["action"])
    bridge.write("here-link", view["link"])
    bridge.show("here-yes", bool(view["yes"]))
    bridge.show("here-cancel", bool(view["yes"]))
    bridge.show("here-action", bool(view["action"]))
    bridge.show("here-link", bool(view["link"]))
    bridge.find("here-yes").disabled = view["busy"]
    bridge.find("here-action").disabled = view["busy"]


async def page_in_front() -> str:
    """The address of the page that the person sees or, in a tab, has seen last."""
    tabs = bridge.from_js(await js.chrome.tabs.query(bridge.to_js({"currentWindow": True})))
    current = bridge.from_js(await js.chrome.tabs.getCurrent())
    own = str(js.chrome.runtime.getURL(""))
    return here.choose(tabs, own=own, in_tab=current is not None)
