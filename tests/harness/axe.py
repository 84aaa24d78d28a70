"""What axe-core finds wrong with a page for people who see, hear or move otherwise."""

from __future__ import annotations

from functools import cache
from typing import Any

from playwright.sync_api import Page

from harness.browser import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


def findings(page: Page) -> list[str]:
    """Every rule of axe-core that a page breaks, with the first element at fault.

    Colours that are on their way from one to another are no finding: transitions are over first.
    """
    page.evaluate("() => Promise.all(document.getAnimations().map((each) => each.finished))")
    page.evaluate(_script())
    result: dict[str, Any] = page.evaluate("() => axe.run(document, { resultTypes: [] })")
    assert result["passes"], "axe looked at nothing"
    return [
        f"{rule['id']}: {rule['help']} ({rule['nodes'][0]['html'][:200]})"
        for rule in result["violations"]
    ]


@cache
def _script() -> str:
    return f"() => {{ {AXE.read_text(encoding='utf-8')} }}"
