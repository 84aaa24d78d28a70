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
    PICTURES.mkdir(parents=True, exist_ok=True)
    size = page.viewport_size
    wrong: dict[str, list[str]] = {}
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            page.screenshot(path=PICTURES / f"{name}-{width}-{scheme}.png")
        wrong[scheme] = findings(page)
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    if size:
        page.set_viewport_size(size)
    assert {scheme: found for scheme, found in wrong.items() if found} == {}


def findings(page: Page) -> list[str]:
    """Every rule of axe-core that a page breaks, with the elements at fault."""
    page.evaluate("() => Promise.all(document.getAnimations().map((each) => each.finished))")
    page.evaluate(_script())
    result: dict[str, Any] = page.evaluate("() => axe.run(document, { resultTypes: [] })")
    assert result["passes"], "axe looked at nothing"
    return [
        f"{rule['id']}: {rule['help']}: {node['html'][:200]}"
        for rule in result["violations"]
        for node in rule["nodes"]
    ]


@cache
def _script() -> str:
    return f"() => {{ {AXE.read_text(encoding='utf-8')} }}"
