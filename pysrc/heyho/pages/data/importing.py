"""The import: of this browser's history, or of a file that is looked at first."""

import asyncio

import js

from heyho import texts
from heyho.pages import bridge
from heyho.pages.data import dates, phrases

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from heyho.pages.shapes import Json

WAYS = ("import-browser", "file")
WATCH_S = 5
SILENCE_MS = 8000


class Import:
    """The card of imports.

    Args:
        changed: called when visits may have come.
    """

    def __init__(self, changed: "Callable[[], None]") -> None:
        self.changed = changed
        self.url = ""
        self.file: "Any" = None
        self.job: "Json | None" = None
        self.heard_at = 0.0
        self.asking = False
        self.watching = False
        # Whether another import may be begun.
        self.is_open = True
        bridge.on(bridge.find("import-browser"), "click", self.from_browser)
        bridge.find("file").addEventListener("click", self.refuse)
        bridge.on(bridge.find("file"), "change", self.look)
        bridge.on(bridge.find("import-go"), "click", self.from_file)
        bridge.on_single_click(bridge.find("import-stop"), self.stop)
        bridge.on(bridge.find("import-cancel"), "click", self.cancel)
        for name in WAYS:
            bridge.find(name).disabled = False

    def open_ways(self, is_open: bool) -> None:
        """Let another import be begun; or not, while one writes, which the engine would refuse.
        The ways keep the focus: they only look disabled."""
        self.is_open = is_open
        for name in WAYS:
            bridge.find(name).setAttribute("aria-disabled", "false" if is_open else "true")

    def refuse(self, event: "Any") -> None:
        """Let no file be chosen while none can be read."""
        if not self.is_open:
            event.preventDefault()

    def from_browser(self) -> None:
        """Ask for the permission, which the browser grants only within a click, and begin."""
        if self.asking or not self.is_open:
            return
        self.asking = True
        asked = js.chrome.permissions.request(bridge.to_js({"permissions": ["history"]}))
        bridge.start(self.begin_history(asked))

    async def begin_history(self, asked: "Any") -> None:
        """Import the browser's history if the person allows it."""
        try:
            allowed = await asked
        except bridge.Failure:
            allowed = False
        if not allowed:
            self.asking = False
            self.say(texts.text("data_import_denied"))
            return
        await self.begin({"kind": "import", "source": "history"})

    def look(self) -> None:
        """Look at the file that was chosen."""
        files = bridge.find("file").files
        if not self.is_open:
            bridge.find("file").value = ""  # dropped there
        elif files.length:
            self.asking = True
            self.forget_url()
            self.file = files.item(0)
            bridge.start(self.begin_file(preview=True))

    def from_file(self) -> None:
        """Import the file that was looked at."""
        if not self.asking:
            self.asking = True
            bridge.start(self.begin_file(preview=False))

    async def begin_file(self, preview: bool) -> None:
        """Have the engine read the file, by a URL that is this page's to give."""
        if not self.url:
            self.url = str(js.URL.createObjectURL(self.file))
        await self.begin(
            {
                "kind": "import",
                "source": "file",
                "url": self.url,
                "name": str(self.file.name),
                "size": float(self.file.size),
                "preview": preview,
            }
        )

    async def begin(self, request: "Json") -> None:
        """Send the request, and follow what comes of it."""
        looks = request.get("preview", False)
        self.say(texts.text("data_looking" if looks else "data_import_starting"))
        self.open_ways(looks)
        self.heard_at = bridge.now()
        reply = await bridge.ask(request)
        self.asking = False
        if request["source"] == "file" and request["url"] != self.url:
            return  # it has ended already, or another file was chosen
        if not reply["ok"]:
            self.forget_file()
            self.say(reply["error"])
            return
        if self.job is None:
            self.show(reply["job"])

    async def watch(self) -> None:
        """Ask for an import of which nothing is heard: the engine may have been ended."""
        while self.job is not None and self.job["state"] == "running":
            await asyncio.sleep(WATCH_S)
            if bridge.now() - self.heard_at < SILENCE_MS:
                continue
            heard_at = self.heard_at
            reply = await bridge.ask({"kind": "archive"})
            if not reply["ok"] or self.heard_at != heard_at or self.job is None:
                continue  # nobody knows, or there was newer news on the way
            if reply["job"] is None or reply["job"]["url"] != self.job["url"]:
                self.forget_file()
                self.say(phrases.lost(self.job))
            else:
                self.show(reply["job"])
        self.watching = False

    def stop(self) -> None:
        """End the import; what is imported stays."""
        bridge.start(bridge.ask({"kind": "import_stop"}))

    def cancel(self) -> None:
        """Do not import what was looked at."""
        self.job = None
        self.forget_file()
        bridge.show("job", False)
        bridge.find("file").focus()

    def forget_file(self) -> None:
        """Let go of the file: chosen once more, the same one is news."""
        self.forget_url()
        bridge.find("file").value = ""

    def forget_url(self) -> None:
        """Take back the URL."""
        if self.url:
            js.URL.revokeObjectURL(self.url)
            self.url = ""

    def hear(self, job: "Json") -> None:
        """Take news of an import. What another page only looks at is its own business, and none
        takes the place of a file that was looked at here."""
        mine = job["source"] == "file" and job["url"] == self.url
        waiting = self.job is not None and phrases.waits(self.job)
        if mine or not (job["preview"] or waiting):
            self.show(job)

    def show(self, job: "Json") -> None:
        """Show how an import goes, or how it ended."""
        self.job = job
        self.heard_at = bridge.now()
        running = job["state"] == "running"
        looked = not running and phrases.waits(job)
        bridge.show("job", True)
        bridge.write("job-count", phrases.reached(job, dates.day) if running else "")
        if running:
            bridge.write("job-said", phrases.under_way(job))
        elif looked:
            bridge.write("job-said", phrases.preview(job, dates.day))
        else:
            bridge.write("job-said", phrases.outcome(job, dates.day))
        bar(bridge.find("job-bar"), phrases.percent(job) if running else None)
        fill("job-aside", [] if running else phrases.aside(job))
        fill("job-problems", [] if running else phrases.problems(job))
        bridge.show("import-stop", running)
        had_focus = bridge.find("job").contains(js.document.activeElement)
        for name in ("import-go", "import-cancel"):
            bridge.show(name, looked)
        self.open_ways(not running or job["preview"])
        if looked:
            bridge.write("import-go", texts.plural("data_import_go", job["visits"]))
            bridge.lead_on("import-go", "import")
        elif had_focus and not running:
            bridge.find("file").focus()
        if not running and not looked:
            self.forget_file()
            self.changed()
        if running and not self.watching:
            self.watching = True
            bridge.start(self.watch())

    def say(self, sentence: str) -> None:
        """Show a sentence and nothing else."""
        self.job = None
        self.open_ways(True)
        bridge.show("job", True)
        bridge.write("job-said", sentence)
        bridge.write("job-count", "")
        bar(bridge.find("job-bar"), None)
        fill("job-aside", [])
        fill("job-problems", [])
        for name in ("import-go", "import-stop", "import-cancel"):
            bridge.show(name, False)


def bar(element: "Any", percent: "int | None") -> None:
    """Show how much is done, or no bar."""
    element.hidden = percent is None
    if percent is not None:
        element.setAttribute("aria-valuenow", str(percent))
        element.firstElementChild.style.width = f"{percent}%"


def fill(name: str, sentences: "list[str]") -> None:
    """Show sentences as a list; none hides it."""
    bridge.show(name, bool(sentences))
    items = []
    for sentence in sentences:
        item = js.document.createElement("li")
        item.textContent = sentence
        items.append(item)
    element = bridge.find(name)
    element.replaceChildren(*items)
