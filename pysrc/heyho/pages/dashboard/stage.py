"""What the dashboard asks of the browser, beyond what every page does.

Trees of elements and lists of times cross as JSON, a hundred at once: each step of MicroPython
into JavaScript costs more than what it asks for.
"""

import json

import js

from heyho.pages import bridge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from heyho.pages.shapes import Json


def fill(element: "Any", trees: "list[Any]") -> None:
    """Put elements into an element, in place of what it has."""
    js.fill(element, json.dumps(trees))


def refill(element: "Any", trees: "list[Any]") -> None:
    """Put elements into an element, in place of what it has. The link or button that has the focus
    hands it on to the one that stands for the same there; to the first one where none does."""
    active = js.document.activeElement
    selector = ""
    if element.contains(active):
        for name in ("data-sort", "href"):
            if active.hasAttribute(name):
                selector = f'[{name}="{escape(str(active.getAttribute(name)))}"]'
    fill(element, trees)
    if selector:
        successor = look(element, selector)
        if successor is None:
            successor = look(element, "a, button")
        if successor is not None:
            focus(successor)


def keep(element: "Any", template: str, rows: "list[Json]") -> None:
    """Put copies of a template into an element whenever it is near the window, and let them go
    elsewhere: one for each row, which gives a text, or pieces of one, to each place of it."""
    js.keep(element, template, json.dumps(rows))


def grow(element: "Any") -> None:
    """Put into a kept element what belongs there, even if it is far from the window."""
    js.growKept(element)


def make(tag: str, attributes: "Json") -> "Any":
    """A new element."""
    element = js.document.createElement(tag)
    for name in attributes:
        element.setAttribute(name, attributes[name])
    return element


def moments(times: "list[float]") -> "list[list[str]]":
    """For each epoch millisecond its day and its time of day, as the person's clock has them."""
    return json.loads(str(js.sayMoments(json.dumps(times))))


def today() -> str:
    """The day that it is."""
    return moments([bridge.now()])[0][0]


def day_name(day: str, style: str = "full") -> str:
    """A day in the person's language; dashboard.js knows the styles."""
    return str(js.sayDay(day, style))


def moment(at: float) -> str:
    """An epoch millisecond in full."""
    return str(js.sayMoment(float(at)))


def hour(value: int) -> str:
    """An hour of the day in the person's language."""
    return str(js.sayHour(value))


def fold(text: str) -> str:
    """A text of the same length, in small letters without accents."""
    return str(js.foldText(text))


def encode(text: str) -> str:
    """Text as a part of an address."""
    return str(js.encodeText(text))


def decode(text: str) -> str:
    """Text that was a part of an address; as it is where it cannot have been."""
    return str(js.decodeText(text))


def address() -> str:
    """The part of the page's address after the “#”, with it."""
    return str(js.location.hash)


def go(place: str, *, again: bool) -> None:
    """Write a “#…” into the page's address: as a step that Back undoes, or `again` without."""
    if again:
        js.history.replaceState(None, "", place)
    else:
        js.history.pushState(None, "", place)


def plot(name: str, chart: "Json") -> None:
    """Draw a chart, as dashboard.js takes it, into an element."""
    js.plot(bridge.find(name), json.dumps(chart))


def when_near(element: "Any", tell: "Callable[[], None]") -> "Callable[[], None]":
    """Call `tell` when an element is in the window or a little below it, each time it comes there.

    Returns what has `tell` called once more if the element is there at the next frame.
    """
    return js.whenNear(element, tell)


def after(delay_ms: int, tell: "Callable[[], None]") -> None:
    """Call `tell` later, once."""
    js.setTimeout(tell, delay_ms)


def on(element: "Any", kind: str, handler: "Callable[[Any], None]") -> None:
    """Call `handler` with each event of an element."""
    element.addEventListener(kind, handler)


def closest(event: "Any", selector: str) -> "Any":
    """The element at or around the target of an event that a selector means; None if none does."""
    found = event.target.closest(selector)
    return found if is_there(found) else None


def is_there(value: "Any") -> bool:
    """Whether a value of JavaScript is neither null nor undefined."""
    return value is not None and bool(js.Boolean(value))


def focus(element: "Any") -> None:
    """Give an element the focus, and let the page move no more than it takes."""
    element.focus(bridge.to_js({"preventScroll": True}))
    element.scrollIntoView(bridge.to_js({"block": "nearest"}))


def look(element: "Any", selector: str) -> "Any":
    """The first element in another one that a selector means; None if none does."""
    found = element.querySelector(selector)
    return found if is_there(found) else None


def escape(text: str) -> str:
    """Text as a part of a selector."""
    return str(js.CSS.escape(text))


def neighbour(row: "Any", step: int) -> "Any":
    """The row of the list that is so many further on, or the last one on the way there."""
    return js.neighbour(row, step)


def focused() -> "Any":
    """The element that has the focus."""
    return js.document.activeElement


def has_lost_focus(dialog: "Any") -> bool:
    """Whether a dialog that has closed gave the focus to nothing: what had it before is gone.

    The dialog itself, which nobody sees any more, keeps it until the next frame.
    """
    active = js.document.activeElement
    return bool(active.isSameNode(js.document.body) or dialog.contains(active))


def is_beside(event: "Any", element: "Any") -> bool:
    """Whether a pointer's event happened outside what an element takes of the window."""
    box = element.getBoundingClientRect()
    across = box.left <= event.clientX <= box.right
    return not (across and box.top <= event.clientY <= box.bottom)


def has_selection() -> bool:
    """Whether the person has selected some text."""
    return bool(str(js.getSelection().toString()))


def is_at_top() -> bool:
    """Whether the page shows its beginning."""
    return js.scrollY < 200


def scrolled() -> float:
    """How far the page is scrolled."""
    return float(js.scrollY)


def scroll_to(distance: float) -> None:
    """Scroll the page so far."""
    js.scrollTo(0, distance)


def scroll_to_end(element: "Any") -> None:
    """Scroll an element sideways to its end: the left one where one reads from the right."""
    is_rtl = str(js.document.documentElement.dir) == "rtl"
    element.scrollLeft = -element.scrollWidth if is_rtl else element.scrollWidth


async def read_visit(seq: int) -> "Json | None":
    """A whole visit as it is stored; None when there is none. Raises Failure."""
    return bridge.from_js(await js.readVisit(seq))
