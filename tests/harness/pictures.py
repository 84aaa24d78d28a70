"""Looks at a page as people will: in light and dark, at three widths, and by axe-core's rules.

The pictures are left in `dist/pictures`, to be looked at by somebody.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

from playwright.sync_api import Page

from harness.browser import ROOT

PICTURES = ROOT / "dist" / "pictures"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = (380, 800, 1280)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def look(page: Page, name: str) -> None:
    """Take pictures of a page under a name, and assert that axe-core finds nothing wrong with it.

    The page has its own size again afterwards, and is light.
    """
    size = page.viewport_size
    wrong: dict[str, list[str]] = {}
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            photograph(page, f"{name}-{width}-{scheme}")
        wrong[scheme] = findings(page)
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    if size:
        page.set_viewport_size(size)
    assert {scheme: found for scheme, found in wrong.items() if found} == {}


def photograph(page: Page, name: str) -> None:
    """Take a picture of a page as it is."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")


def findings(page: Page) -> list[str]:
    """Every rule of axe-core that a page breaks, with the elements at fault."""
    page.evaluate(
        "() => Promise.all(document.getAnimations().map((each) => each.finished.catch(() => {})))"
    )
    page.evaluate(_script())
    result: dict[str, Any] = page.evaluate("() => axe.run(document, { resultTypes: [] })")
    assert result["passes"], "axe looked at nothing"
    return [
        f"{rule['id']}: {rule['help']}: {node['html'][:200]}"
        for rule in result["violations"]
        for node in rule["nodes"]
    ]


def cut(page: Page) -> list[str]:
    """Every text that a page cuts short or lets stick out, and whether it scrolls sideways.

    Titles and addresses of visits may be cut: they have no longest one.
    """
    found: list[str] = page.evaluate(_CUT)
    return found


@cache
def _script() -> str:
    return f"() => {{ {AXE.read_text(encoding='utf-8')} }}"


_CUT = """() => {
  const own = ".name, .where, .bar-name, .link-of span, #here-site, #server, .unseen, option";
  const frames = "button, .button, .chip, .card, .notice, .clock, .span, td, dialog";
  const root = document.documentElement;
  const found = [];
  if (root.scrollWidth > root.clientWidth) {
    found.push(`the page scrolls sideways: ${root.scrollWidth} px in ${root.clientWidth}`);
  }
  const within = (box, frame, x, y) =>
    (!x || (box.left >= frame.left - 1 && box.right <= frame.right + 1)) &&
    (!y || (box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1));
  const isWhole = (box, element) => {
    let scrolls = false;
    for (let around = element; around !== document.body; around = around.parentElement) {
      const { overflowX, overflowY } = getComputedStyle(around);
      const frame = around.getBoundingClientRect();
      const framed = around.matches(frames);
      scrolls ||= /auto|scroll/.test(overflowX + overflowY);
      if (scrolls) return true;
      const cutsX = framed || overflowX !== "visible";
      const cutsY = framed || overflowY !== "visible";
      if (!within(box, frame, cutsX, cutsY)) return false;
    }
    return within(box, { left: 0, right: root.clientWidth }, true, false);
  };
  const texts = document.createTreeWalker(
    document.querySelector("dialog[open]") ?? document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { currentNode: text, currentNode: { parentElement: element } } = texts;
    if (!text.data.trim() || element.closest(own)) continue;
    if (!element.checkVisibility({ visibilityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    if (![...range.getClientRects()].every((box) => isWhole(box, element))) {
      found.push(`${element.localName}.${element.className}#${element.id}: ${text.data.trim()}`);
    }
  }
  return found;
}"""
