"""Draws a timeline into the page, and brings it up to date by touching only what differs."""

import js

from heyho.pages import timeline

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from heyho.pages.shapes import Row, Timeline


class Drawing:
    """A timeline in an empty element, which keeps its place for as long as the page lives."""

    def __init__(self, element: "Any", *, legend: bool = True) -> None:
        self.lanes = _add(element, "div", "lanes")
        self.lanes.setAttribute("role", "img")
        ticks = _add(element, "div", "ticks")
        ticks.setAttribute("aria-hidden", "true")
        self.ticks = [_add(ticks, "span") for _ in range(3)]
        self.legend = _add(element, "ul", "legend") if legend else None
        self.tracks: "list[_Track]" = []
        self.drawn: "list[object]" = [None, None, None]

    def draw(self, made: "Timeline") -> None:
        """Show a timeline."""
        while len(self.tracks) > len(made["rows"]):
            self.tracks.pop().row.remove()
        while len(self.tracks) < len(made["rows"]):
            self.tracks.append(_Track(self.lanes))
        for track, row in zip(self.tracks, made["rows"]):  # noqa: B905 (MicroPython has no strict)
            track.draw(row)
        if self._differs(0, made["ticks"]):
            for tick, text in zip(self.ticks, made["ticks"]):  # noqa: B905
                tick.textContent = text
        if self._differs(1, made["summary"]):
            self.lanes.setAttribute("aria-label", made["summary"])
        kinds = timeline.legend(made)
        if self.legend is not None and self._differs(2, kinds):
            self.legend.replaceChildren()
            for kind, name in kinds:
                item = _add(self.legend, "li")
                _add(item, "span", "block").dataset.kind = kind
                _add(item, "span").textContent = name

    def _differs(self, which: int, shown: object) -> bool:
        before, self.drawn[which] = self.drawn[which], shown
        return before != shown


class _Track:
    """One lane, and its blocks as they were drawn last."""

    def __init__(self, lanes: "Any") -> None:
        self.row = _add(lanes, "div", "lane")
        self.name = _add(self.row, "span", "lane-name")
        self.track = _add(self.row, "div", "track")
        self.label = ""
        self.blocks: "list[tuple[Any, list[object]]]" = []

    def draw(self, row: "Row") -> None:
        if row["label"] != self.label:
            self.label = self.name.textContent = row["label"]
        while len(self.blocks) > len(row["blocks"]):
            self.blocks.pop()[0].remove()
        for number, block in enumerate(row["blocks"]):
            if number == len(self.blocks):
                self.blocks.append((_add(self.track, "div", "block"), [None, None, None, None]))
            element, before = self.blocks[number]
            after: "list[object]" = [block["left"], block["width"], block["kind"], block["label"]]
            if before[0] != after[0]:
                element.style.insetInlineStart = f"{block['left']}%"
            if before[1] != after[1]:
                element.style.inlineSize = f"{block['width']}%"
            if before[2] != after[2]:
                element.dataset.kind = block["kind"]
            if before[3] != after[3]:
                element.title = block["label"]
            before[:] = after


def _add(parent: "Any", tag: str, name: str = "") -> "Any":
    """Append a new element, of this class if any."""
    element = js.document.createElement(tag)
    if name:
        element.className = name
    parent.append(element)
    return element
