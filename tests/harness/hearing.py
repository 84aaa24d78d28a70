"""What a page has a screen reader say."""

from __future__ import annotations

from playwright.sync_api import Page


def count_what_is_spoken(page: Page) -> None:
    """Count from now on."""
    page.evaluate(_COUNT)


def times_spoken(page: Page) -> int:
    """How many times live regions have changed since then."""
    count: int = page.evaluate("() => spoken")
    return count


_COUNT = """() => {
  globalThis.spoken = 0;
  const count = () => { spoken += 1; };
  for (const region of document.querySelectorAll("[role=status], [aria-live]")) {
    new MutationObserver(count).observe(
      region, { childList: true, characterData: true, subtree: true });
  }
}"""
