"""The page of past syncs: each with its timeline, and the visits that servers refused."""

import asyncio

import js

from heyho import texts
from heyho.pages import bridge, drawing, timeline, words
from heyho.pages.syncs import account

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from heyho.pages.shapes import Json, Progress

RUNS = 10
# As many as the engine keeps.
KEPT = 500
REFUSED = 50
DRAW_MS = 200
TICK_S = 1
SILENCE_MS = 5000


class Syncs:
    """The list of runs, as far as it was asked for."""

    def __init__(self) -> None:
        self.cards: "list[Card]" = []
        self.refused: "list[Json] | None" = None
        self.next: "int | None" = None
        self.same_scale = False
        self.only_chosen = False
        self.loading = False
        self.drawing: "drawing.Drawing | None" = None
        self.drawn_at = 0.0
        # When the run under way began, as far as it is drawn; else 0.
        self.run_at = 0.0
        self.heard_at = 0.0

    async def open(self) -> None:
        """Show the latest runs and the quarantine, then keep up with what happens."""
        bridge.listen(self.hear)
        bridge.on(bridge.find("older"), "click", self.read_older)
        bridge.on(bridge.find("same-scale"), "click", self.toggle_scale)
        bridge.on(bridge.find("only-chosen"), "click", self.toggle_chosen)
        # One for all: nothing frees a card that its own button could call.
        bridge.find("runs").addEventListener("click", self.click)
        await self.read()
        bridge.ready()
        await self.read_refused()
        await self.watch()

    async def read(self) -> None:
        """Show the latest runs above those that are shown, which stay as they are."""
        reply = await self.ask(None)
        if not reply["ok"]:
            return
        count = len(self.cards)
        newest = self.cards[0].run["key"] if self.cards else 0
        new = [run for run in reply["runs"] if run["key"] > newest]
        if new and len(new) == len(reply["runs"]):  # there may be others in between
            self.cards, self.next, count = [], reply["next"], len(new)
            bridge.find("runs").replaceChildren()
        cards = [Card(run) for run in new]
        self.cards = cards + self.cards
        bridge.find("runs").prepend(*[card.element for card in cards])
        if not self.loading:
            self.drop_oldest(max(count, RUNS))
        self.render()

    async def read_on(self, before: int) -> None:
        """Show the runs below a key."""
        self.loading = True
        reply = await self.ask(before)
        self.loading = False
        if reply["ok"] and self.next == before:  # else the list is another one by now
            cards = [Card(run) for run in reply["runs"]]
            self.cards += cards
            bridge.find("runs").append(*[card.element for card in cards])
            self.next = reply["next"]
            self.render()

    async def ask(self, before: "int | None") -> "Json":
        """The runs below a key, or the latest ones; says why if there are none to have."""
        reply = await bridge.ask({"kind": "runs", "limit": RUNS, "before": before})
        self.say("" if reply["ok"] else reply["error"])
        return reply

    def drop_oldest(self, count: int) -> None:
        """Leave so many, for the list would grow for days; more down to one that is in use."""
        while len(self.cards) > count:
            if self.cards[-1].is_in_use() and len(self.cards) <= KEPT:
                return
            self.cards.pop().element.remove()
            self.next = self.cards[-1].run["key"]

    def read_older(self) -> None:
        """Show more."""
        if not self.loading and self.next is not None:
            bridge.start(self.read_on(self.next))

    def click(self, event: "Any") -> None:
        """Choose the run of a button for comparison, or not any more."""
        button = event.target.closest(".choose")
        if button is None:
            return
        key = str(button.closest(".run").dataset.key)
        for card in self.cards:
            if str(card.run["key"]) == key:
                card.choose(not card.chosen)
        self.render()

    async def read_refused(self) -> None:
        """Show the quarantine."""
        reply = await bridge.ask({"kind": "refused", "limit": REFUSED})
        if reply["ok"] and reply["refused"] != self.refused:
            self.refused = reply["refused"]
            body = bridge.find("refused-rows")
            body.replaceChildren()
            for refused in reply["refused"]:
                add_refused(body, refused)
            bridge.show("refused", bool(reply["refused"]))
            bridge.show("none-refused", not reply["refused"])

    def say(self, sentence: str) -> None:
        """Say what went wrong; empty where nothing did."""
        bridge.write("message", sentence)
        bridge.show("message", bool(sentence))

    def hear(self, message: "Json") -> None:
        """Follow a run under way, and take it into the list at its end."""
        if message["kind"] == "progress":
            self.follow(message["progress"])
        elif message["kind"] == "status":
            self.take(message["status"]["lastRun"])

    def take(self, last: "Json | None") -> None:
        """Take the last run into the list, unless it is there; another one may be under way."""
        if last is None:
            return
        newest = self.cards[0].run if self.cards else None
        if self.run_at == last["startedAt"]:
            self.end()
        elif self.run_at or not account.is_new(last, newest):
            return
        bridge.start(self.read())
        bridge.start(self.read_refused())

    async def watch(self) -> None:
        """Look after a run of which nothing is heard: the engine may have been ended."""
        while True:
            await asyncio.sleep(TICK_S)
            heard_at = self.heard_at
            if not self.run_at or bridge.now() - heard_at < SILENCE_MS:
                continue
            reply = await bridge.ask({"kind": "status"})
            if not self.run_at or self.heard_at != heard_at:
                continue  # there was newer news on the way
            self.heard_at = bridge.now()
            if not reply["ok"]:
                self.say(reply["error"])
            elif reply["progress"]:
                self.follow(reply["progress"])
            else:
                self.end()
                await self.read()
                self.say(texts.text("popup_stopped_midway"))

    def end(self) -> None:
        """Draw no run under way any more."""
        self.run_at = 0.0
        bridge.show("now", False)

    def follow(self, progress: "Progress") -> None:
        """Draw the run under way."""
        now = self.heard_at = bridge.now()
        made = timeline.of(progress, None, now=now)
        if made is None or now - self.drawn_at < DRAW_MS:
            return
        self.drawn_at = now
        self.run_at = progress["startedAt"]
        if self.drawing is None:
            self.drawing = drawing.Drawing(bridge.find("now-drawing"))
        bridge.show("now", True)
        done = words.number(progress["visitsDone"])
        bridge.write("now-said", texts.plural("syncs_done", progress["visits"], done))
        self.drawing.draw(made)

    def toggle_scale(self) -> None:
        """Draw all on one scale, or each on its own."""
        self.same_scale = not self.same_scale
        self.render()

    def toggle_chosen(self) -> None:
        """Show the chosen ones alone, or all."""
        self.only_chosen = not self.only_chosen
        self.render()

    def render(self) -> None:
        """Bring the list in line with what is known."""
        chosen = [card for card in self.cards if card.chosen]
        self.only_chosen = self.only_chosen and bool(chosen)
        shown = chosen if self.only_chosen else self.cards
        longest = max([account.took(card.run) for card in shown] or [0])
        scale = timeline.scale_ms(longest) if self.same_scale else 0
        for card in self.cards:
            card.element.hidden = self.only_chosen and not card.chosen
            if not card.element.hidden:
                card.draw(scale)
        bridge.show("none", not self.cards)
        bridge.show("tools", len(self.cards) > 1)
        bridge.show("older", self.next is not None and not self.only_chosen)
        press("same-scale", self.same_scale)
        press("only-chosen", self.only_chosen)
        bridge.find("only-chosen").disabled = not chosen
        bridge.write("only-chosen", texts.text("syncs_only_chosen", words.number(len(chosen))))


class Card:
    """One run, to be put into the list."""

    def __init__(self, run: "Json") -> None:
        self.run = run
        self.chosen = False
        self.scale = -1.0
        told = account.describe(run)
        self.element = js.document.getElementById("run").content.cloneNode(True).firstElementChild
        when = self.part("when")
        when.textContent = bridge.date_and_time(run["startedAt"])
        when.dateTime = js.Date.new(float(run["startedAt"])).toISOString()
        self.part("outcome").textContent = told["outcome"]
        self.element.dataset.tone = told["tone"]
        self.element.dataset.key = str(run["key"])
        self.part("how").textContent = told["how"]
        for name in ("error", "deleted"):
            self.part(name).textContent = told[name]
            self.part(name).hidden = not told[name]
        for name, value in told["figures"]:
            pair = js.document.createElement("div")
            pair.append(cell("dt", name), cell("dd", value))
            self.part("figures").append(pair)
        self.button = self.part("choose")
        self.button.textContent = texts.text("syncs_compare")
        self.part("no-timeline").textContent = texts.text("syncs_no_timeline")
        self.part("no-timeline").hidden = bool(run["spans"])
        self.part("drawing").hidden = not run["spans"]
        self.drawing = drawing.Drawing(self.part("drawing"))

    def part(self, name: str) -> "Any":
        """The element of this class in the card."""
        return self.element.querySelector(f".{name}")

    def is_in_use(self) -> bool:
        """Whether it is chosen, or has the focus."""
        return self.chosen or bool(self.element.contains(js.document.activeElement))

    def choose(self, chosen: bool) -> None:
        """Mark the run as chosen."""
        self.chosen = chosen
        self.button.setAttribute("aria-pressed", "true" if chosen else "false")

    def draw(self, scale: float) -> None:
        """Draw the timeline on a scale; 0: on its own."""
        if scale != self.scale and self.run["spans"]:
            run = self.run
            made = timeline.layout(
                run["spans"],
                start=run["startedAt"],
                end=run["endedAt"] or run["startedAt"],
                scale=scale,
            )
            self.drawing.draw(made)
        self.scale = scale


def press(name: str, pressed: bool) -> None:
    """Set whether a button is pressed."""
    bridge.find(name).setAttribute("aria-pressed", "true" if pressed else "false")


def cell(tag: str, text: str) -> "Any":
    """A new element with a text."""
    element = js.document.createElement(tag)
    element.textContent = text
    return element


def add_refused(body: "Any", refused: "Json") -> None:
    """A row for one refused visit; its title and address are the page's own, and so only text."""
    row, page = js.document.createElement("tr"), js.document.createElement("td")
    name = refused["title"] or refused["url"]
    address = account.link(refused["url"])
    if address:
        anchor = cell("a", name)
        anchor.href = address
        anchor.rel = "noreferrer"
        anchor.target = "_blank"
        page.append(anchor)
    else:
        page.textContent = name
    page.append(cell("div", refused["url"]))
    row.append(page, cell("td", bridge.date_and_time(refused["when"])))
    row.append(cell("td", refused["reason"]))
    body.append(row)


bridge.start(Syncs().open())
