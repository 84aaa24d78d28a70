"""The strategy lab's page: starts sessions, shows how far one is, and what the last one found."""

import asyncio

import js

from heyho import texts
from heyho.pages import bridge, drawing
from heyho.pages.lab import findings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from heyho.pages.shapes import Bar, Json, Timeline

# The engine shares this page's thread, and what it measures comes first.
REDRAW_S = 0.25
RESUME_S = 2


class Lab:
    """What the page knows, and what of it is drawn."""

    def __init__(self) -> None:
        self.session: "Json | None" = None
        self.progress: "Json | None" = None
        self.use: "Json" = {}
        self.settled: "Json" = {}
        self.under_way = False
        # How many sessions were told to have ended.
        self.ends = 0
        self.heard_at = 0.0
        self.redrawing = False

    async def open(self) -> None:
        """Show what is stored, then what the engine knows, and let the person begin."""
        for choice in findings.CHOICES:
            option = js.document.createElement("option")
            option.value = str(choice)
            option.textContent = texts.number(choice)
            option.selected = choice == findings.USUAL
            bridge.find("visits").appendChild(option)
        try:
            self.session = await bridge.read_state("lab")
        except bridge.Failure:
            self.session = None
        self.draw()
        bridge.listen(self.hear)
        bridge.on_single_click(bridge.find("start"), self.begin)
        bridge.on_single_click(bridge.find("stop"), self.stop)
        bridge.on(bridge.find("use"), "click", self.adopt)
        bridge.on(bridge.find("visits"), "change", lambda: bridge.start(self.look()))
        bridge.ready()
        await self.look()

    async def look(self) -> None:
        """Ask the engine how things stand."""
        visits, ends = int(str(bridge.find("visits").value)), self.ends
        results = await bridge.ask({"kind": "lab_results", "visits": visits})
        if self.ends != ends:  # the reply may be older than that news
            await self.look()
            return
        under_way = self.under_way
        self.under_way = results["ok"] and results["underWay"]
        self.progress = results["progress"] if self.under_way else None
        if not results["ok"]:
            bridge.find("start").disabled = False
            self.tell(results["error"], "trouble")
            self.draw()
            return
        self.session = results["session"]
        self.settled = {"strategy": results["strategy"], "concurrency": results["concurrency"]}
        plan = findings.plan(results["visits"], results["batches"], len(results["ways"]))
        bridge.write("plan", plan if results["canSync"] and results["visits"] else "")
        obstacle = findings.obstacle(results)
        bridge.find("start").disabled = bool(obstacle)
        bridge.show("news-link", not results["canSync"])
        if obstacle:
            self.tell(obstacle, "trouble")
        elif self.under_way:
            self.watch()
        elif under_way:
            self.tell(texts.text("lab_midway"), "trouble")
        self.draw()

    def begin(self) -> None:
        """Start a session."""
        bridge.find("start").disabled = True
        self.tell(texts.text("lab_phase_warming"), "busy")
        bridge.write("used", "")
        bridge.start(self.request())

    async def request(self) -> None:
        """Have the engine start a session, or say why it does not."""
        visits, ends = int(str(bridge.find("visits").value)), self.ends
        reply = await bridge.ask({"kind": "lab", "visits": visits})
        if reply["ok"] and reply["started"]:
            await self.look()
            if self.under_way:
                bridge.lead_on("stop", "setup")
            elif ends == self.ends and str(js.document.documentElement.dataset.tone) == "busy":
                self.tell(texts.text("lab_midway"), "trouble")
            return
        bridge.find("start").disabled = False
        self.tell(findings.refusal(reply["reason"]) if reply["ok"] else reply["error"], "trouble")

    def stop(self) -> None:
        """End the session under way."""
        bridge.start(bridge.ask({"kind": "lab_cancel"}))

    def adopt(self) -> None:
        """Make the way that suits the one that syncs go."""
        bridge.start(self.store(self.use))

    async def store(self, changes: "Json") -> None:
        """Change the settings."""
        reply = await bridge.ask({"kind": "settings", "settings": changes})
        if not reply["ok"]:
            bridge.write("used", reply["error"])
            return
        self.settled = {
            "strategy": reply["settings"]["strategy"],
            "concurrency": reply["settings"]["concurrency"],
        }
        self.draw_use()
        bridge.write("used", texts.text("lab_used"))

    def hear(self, message: "Json") -> None:
        """Take news of a session."""
        if message["kind"] != "lab":
            return
        self.heard_at = bridge.now()
        told = message["lab"]
        self.progress = told["progress"]
        self.under_way = self.progress is not None
        if self.under_way:
            self.watch()
            return
        self.ends += 1
        ended = told["ended"]
        self.session = ended["session"] or self.session
        self.tell(
            findings.ending(ended["outcome"], ended["problem"]),
            "calm" if ended["outcome"] == "complete" else "trouble",
        )
        bridge.find("start").disabled = ended["outcome"] == "no_trials"
        self.draw()

    def watch(self) -> None:
        """Keep the bar of the way that is measured in step with time."""
        if not self.redrawing:
            self.redrawing = True
            self.heard_at = bridge.now()
            bridge.start(self.redraw())

    async def redraw(self) -> None:
        """Draw until the session is over; where it falls silent, ask whether it still is there."""
        while self.under_way:
            self.draw()
            await asyncio.sleep(REDRAW_S)
            if bridge.now() - self.heard_at > 1000 * RESUME_S:
                self.heard_at = bridge.now()
                await self.look()
        self.redrawing = False

    def tell(self, sentence: str, tone: str) -> None:
        """Say how things stand."""
        bridge.mark(tone)
        bridge.write("news", sentence)

    def draw(self) -> None:
        """Show a session under way, or else what the last one found."""
        had_focus = bridge.find("stop").contains(js.document.activeElement)
        bridge.show("stop", self.under_way)
        bridge.show("start", not self.under_way)
        if had_focus and not self.under_way:
            bridge.find("start").focus()
        bridge.find("visits").disabled = self.under_way
        found = self.session if not self.under_way else None
        for section in ("verdict", "journeys", "figures"):
            bridge.show(section, found is not None)
        bridge.show("times", bool(found or self.progress))
        bridge.show("limit-hint", found is not None)
        if self.under_way and not self.progress:
            self.tell(texts.text("lab_phase_warming"), "busy")
        elif self.progress:
            bars, scale = findings.bars_so_far(self.progress, bridge.now())
            self.tell(findings.step(self.progress), "busy")
            bridge.write("when", findings.count(self.progress))
            draw_chart(bars, scale)
        elif found:
            self.draw_session(found)

    def draw_session(self, session: "Json") -> None:
        """Show what a session found."""
        verdict = session["verdict"]
        bridge.write("suits", findings.suits(verdict))
        bridge.write("because", findings.because(verdict))
        bridge.write("chance", findings.chance(verdict))
        bridge.write("left-out", findings.left_out(verdict))
        moment = js.Date.new(float(session["endedAt"]))
        style = bridge.to_js({"dateStyle": "long", "timeStyle": "short"})
        when = str(moment.toLocaleString(bridge.language(), style))
        bridge.write("when", findings.measured(session, when))
        draw_chart(findings.bars(session), findings.scale_of(session))
        draw_sheets(findings.sheets(session))
        body = bridge.find("rows")
        body.replaceChildren()
        for cells in findings.rows(session):
            row = make("tr", "", body)
            head = make("th", "", row, cells[0])
            head.scope = "row"
            for cell in cells[1:]:
                make("td", "number", row, cell)
        self.use = verdict["changes"] or {}
        self.draw_use()

    def draw_use(self) -> None:
        """Offer the way that suits, unless it is in use."""
        used = self.use and self.settled and findings.is_in_use(self.use, **self.settled)
        bridge.show("use", bool(self.use and self.settled and not used))
        bridge.write("used", texts.text("lab_in_use") if used else "")


def draw_chart(bars: "list[Bar]", scale: float) -> None:
    """A row for each way; rows that are there already only change."""
    chart = bridge.find("chart")
    if int(chart.childElementCount) != len(bars):
        chart.replaceChildren()
        for _ in bars:
            row = make("li", "", chart)
            make("span", "name", row)
            track = make("span", "track", row)
            track.setAttribute("aria-hidden", "true")
            make("span", "length", track)
            make("span", "limit", track)
            make("span", "time", row)
    for at in range(len(bars)):
        bar, row = bars[at], chart.children[at]
        row.className = bar["kind"]
        row.title = bar["note"]
        put(row, ".name", bar["name"])
        put(row, ".time", bar["time"])
        length = row.querySelector(".length")
        length.hidden = not bar["width"]
        length.style.inlineSize = f"{bar['width']}%"
        limit = row.querySelector(".limit")
        limit.hidden = bar["limit"] is None
        limit.style.insetInlineStart = f"{bar['limit'] or 0}%"
    said = findings.ticks(scale)
    for at in range(len(said)):
        bridge.write(f"tick-{at}", said[at])


def draw_sheets(sheets: "list[tuple[str, str, Timeline]]") -> None:
    """The timeline of each way."""
    place = bridge.find("sheets")
    place.replaceChildren()
    for title, time, sheet in sheets:
        figure = make("figure", "", place)
        caption = make("figcaption", "", figure)
        make("span", "", caption, title)
        make("span", "", caption, time)
        drawing.Drawing(make("div", "timeline", figure), legend=False).draw(sheet)
    legend = make("ul", "legend", make("div", "timeline", place))
    for kind, said in findings.legend(sheets):
        item = make("li", "", legend)
        make("span", "block", item).dataset.kind = kind
        make("span", "", item, said)


def make(tag: str, kind: str, parent: "Any", text: str = "") -> "Any":
    """A new element at the end of another one."""
    element = js.document.createElement(tag)
    if kind:
        element.className = kind
    if text:
        element.textContent = text
    parent.appendChild(element)
    return element


def put(row: "Any", selector: str, text: str) -> None:
    """Set the text of a part of a row, if it differs."""
    element = row.querySelector(selector)
    if element.textContent != text:
        element.textContent = text


bridge.start(Lab().open())
