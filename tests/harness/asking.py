"""What a page asks the engine and servers for, held back by a test."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page


class Asking:
    """Holds a page's requests back until a test lets them go, or answers them itself."""

    def __init__(self, page: Page) -> None:
        self._page = page
        page.evaluate(_HOLD)

    def click(self, selector: str) -> list[dict[str, Any]]:
        """Click an element, as a script does; gives what was asked for by the time that it is
        over."""
        sent: list[dict[str, Any]] = self._page.evaluate(_CLICK, selector)
        return sent

    @property
    def held(self) -> list[dict[str, Any]]:
        """The requests that nobody has got yet, in their order."""
        held: list[dict[str, Any]] = self._page.evaluate("() => held.map(({ request }) => request)")
        return held

    def wait_for(self, kind: str) -> None:
        """Wait until a request of a kind is held."""
        self._page.wait_for_function(_HOLDS, arg=kind)

    def let_go(self) -> None:
        """Hand the first of them over."""
        self._page.evaluate("() => held.shift().go()")

    def answer(self, reply: dict[str, Any]) -> None:
        """Reply to the first of them, which the engine never sees."""
        self._page.evaluate("(reply) => held.shift().answer(reply)", reply)

    def stop(self) -> None:
        """Hold no others back."""
        self._page.evaluate("() => stopHolding()")


class Fetches:
    """Holds those of a page's requests to servers back whose address ends in certain ways."""

    def __init__(self, page: Page, *endings: str) -> None:
        self._page = page
        page.evaluate(_HOLD_FETCHES, endings)

    def wait_for_one(self) -> None:
        """Wait until one is held."""
        self._page.wait_for_function("() => heldFetches.length > 0")

    def let_go(self) -> None:
        """Send the first of them, and wait until the page has its answer."""
        self._page.evaluate("() => heldFetches.shift()()")

    def stop(self) -> None:
        """Hold no others back."""
        self._page.evaluate("() => stopHoldingFetches()")


_HOLD = """() => {
  const { sendMessage } = chrome.runtime;
  globalThis.held = [];
  chrome.runtime.sendMessage = (message) => new Promise((answer) => {
    const go = () => answer(sendMessage(message));
    held.push({ request: message.request, go, answer });
  });
  globalThis.stopHolding = () => { chrome.runtime.sendMessage = sendMessage; };
}"""
_CLICK = """(selector) => {
  const before = held.length;
  document.querySelector(selector).click();
  return held.slice(before).map(({ request }) => request);
}"""
_HOLDS = "(kind) => held.some(({ request }) => request.kind === kind)"
_HOLD_FETCHES = """(endings) => {
  const { fetch } = window;
  globalThis.heldFetches = [];
  globalThis.stopHoldingFetches = () => { window.fetch = fetch; };
  window.fetch = (url, options) => {
    if (!endings.some((ending) => url.endsWith(ending))) return fetch.call(window, url, options);
    return new Promise((answer) => {
      heldFetches.push(async () => {
        const reply = await fetch.call(window, url, options);
        const text = await reply.text();
        answer(new Response(text, { status: reply.status }));
      });
    });
  };
}"""
