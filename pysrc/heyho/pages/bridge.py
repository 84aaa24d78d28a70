"""The way from a page to the document, the stored state and the engine.

A whole number beyond 32 bits is cut short on its way between MicroPython and JavaScript: times
cross as floats or as JSON. What JavaScript throws outside a promise cannot be caught here.
"""

import asyncio
import json
import time

import js
from jsffi import JsException  # type: ignore[import-not-found]

from heyho import texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from heyho.pages.shapes import Json

# What a rejected promise raises.
Failure = JsException

POST_TIMEOUT_MS = 20_000
LONGEST_ANSWER = 20_000
# Sentences said before: a timeline says the same ones ten times a second.
SAID_AT_MOST = 2000
_said: "dict[str, str]" = {}


def from_js(value: "Any") -> "Any":
    """A JavaScript value that JSON can say, as Python; None for undefined."""
    return json.loads(js.JSON.stringify(js.Array.of(value)))[0]


def to_js(value: "Any") -> "Any":
    """A Python value that JSON can say, as JavaScript."""
    return js.JSON.parse(json.dumps(value))


def say(key: str, values: "list[str]") -> str:
    """The sentence of a key in the person's language; a source for `heyho.texts`."""
    key_and_values = "\n".join([key] + values)  # noqa: RUF005 (MicroPython has no other way)
    known = _said.get(key_and_values)
    if known is None:
        if len(_said) >= SAID_AT_MOST:
            _said.clear()
        known = _said[key_and_values] = str(js.chrome.i18n.getMessage(key, to_js(values)))
    return known


texts.use(say)


def ask(request: "Json") -> "Awaitable[Json]":
    """Send a request to the engine, at once: the page may be closed in the next moment. Gives its
    reply, to be awaited; `ok` is false, with a sentence in `error`, when the request failed or
    nobody answered."""
    message = to_js({"target": "background", "kind": "engine", "request": request})
    return _reply(js.chrome.runtime.sendMessage(message))


async def _reply(promise: "Any") -> "Json":
    try:
        reply = from_js(await promise)
    except Failure:
        reply = None
    if not isinstance(reply, dict):
        return {"ok": False, "error": texts.text("error_no_answer")}
    if not reply.get("ok") and not reply.get("error"):
        reply["error"] = texts.text("error_no_answer")
    return reply


async def post(url: str, body: "Json") -> "tuple[int, Any]":
    """Post JSON to a server. Gives the status, and what the JSON of its answer says, None where
    there is none. Raises Failure when no answer comes."""
    headers = {"Content-Type": "application/json"}
    options = to_js({"method": "POST", "headers": headers, "credentials": "omit"})
    options.body = json.dumps(body)
    options.signal = js.AbortSignal.timeout(POST_TIMEOUT_MS)
    reply = await js.fetch(url, options)
    return int(reply.status), parsed(str(await reply.text()))


def parsed(text: str) -> "Any":
    """What the JSON of a server's answer says; None where it is none, or too long for one of those
    that pages ask for: MicroPython would take minutes to read what a stranger may send."""
    if len(text) > LONGEST_ANSWER:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


async def read_state(key: str) -> "Any":
    """What is stored under `key`; None when there is nothing. Raises Failure."""
    return from_js(await js.readState(key))


async def read_fault() -> str:
    """Why the recorder could not store a page, in a sentence; empty when it can."""
    fault = from_js(await js.chrome.storage.session.get("fault")).get("fault")
    return fault["message"] if fault else ""


def listen(handler: "Callable[[Json], None]") -> None:
    """Give `handler` every message that the engine sends to pages."""
    channel = js.BroadcastChannel.new("heyho")

    def receive(event: "Any") -> None:
        message = from_js(event.data)
        if isinstance(message, dict) and message.get("target") == "page":
            handler(message)

    channel.addEventListener("message", receive)


def on(element: "Any", kind: str, handler: "Callable[[], None]") -> None:
    """Call `handler` at each event of `element`; a form stays here."""

    def receive(event: "Any") -> None:
        if kind == "submit":
            event.preventDefault()
        handler()

    element.addEventListener(kind, receive)


def on_single_click(element: "Any", handler: "Callable[[], None]") -> None:
    """Call `handler` at each click of a button that stands where another one may have stood a
    moment ago: the second click of a double click was meant for that. Keys do not count clicks."""

    def receive(event: "Any") -> None:
        if int(event.detail) <= 1:
            handler()

    element.addEventListener("click", receive)


def on_session_change(handler: "Callable[[], None]") -> None:
    """Call `handler` when the session's storage changes."""
    js.chrome.storage.session.onChanged.addListener(lambda changes: handler())


def start(coroutine: "Any") -> None:
    """Let a coroutine run by itself; it begins a moment later."""
    asyncio.create_task(coroutine)  # noqa: RUF006 (MicroPython's loop holds its tasks)


def find(name: str) -> "Any":
    """The element with this id."""
    return js.document.getElementById(name)


def write(name: str, text: str) -> None:
    """Set an element's text, only if it differs: a live region speaks at every change."""
    element = find(name)
    if element.textContent != text:
        element.textContent = text


def show(name: str, visible: bool) -> None:
    """Show or hide an element."""
    find(name).hidden = not visible


def ready() -> None:
    """Tell the style sheet that the page works."""
    js.document.documentElement.dataset.ready = "true"


def mark(tone: str) -> None:
    """Tell the style sheet how things stand."""
    js.document.documentElement.dataset.tone = tone


def language() -> str:
    """How dates are written: as the browser does, in the language of the sentences around them."""
    of_browser, of_texts = str(js.chrome.i18n.getUILanguage()), texts.text("language")
    return of_browser if of_browser.partition("-")[0] == of_texts else of_texts


def set_time(name: str, at: float) -> None:
    """Give a time element its exact time, for machines and on hovering; none if `at` is 0."""
    element = find(name)
    moment = js.Date.new(float(at))
    element.dateTime = moment.toISOString() if at else ""
    style = to_js({"dateStyle": "medium", "timeStyle": "medium"})
    element.title = moment.toLocaleString(language(), style) if at else ""


def time_of_day(at: float) -> str:
    """An epoch millisecond as the person's clock shows it: 14:05."""
    style = to_js({"hour": "numeric", "minute": "2-digit"})
    return str(js.Date.new(float(at)).toLocaleTimeString(language(), style))


def date_and_time(at: float) -> str:
    """An epoch millisecond as a date and a time, in the person's own form."""
    style = to_js({"dateStyle": "medium", "timeStyle": "short"})
    return str(js.Date.new(float(at)).toLocaleString(language(), style))


def now() -> float:
    """Epoch milliseconds."""
    return time.time() * 1000
