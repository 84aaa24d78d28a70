"""The pages' HTML and CSS agree with the Python, and can be read by everyone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import build
from heyho.pages.options import form

ROOT = Path(__file__).parents[3]
EXTENSION = ROOT / "extension"
PYSRC = ROOT / "pysrc"
PAGES = PYSRC / "heyho" / "pages"
THEMES = re.split(r"@media \(prefers-color-scheme: dark\)", (EXTENSION / "style.css").read_text())
TEXT, GRAPHICS = 4.5, 3.0
SCRIPTED = sorted(
    page.stem for page in EXTENSION.glob("*.html") if (PAGES / page.stem / "page.py").exists()
)


@pytest.mark.parametrize("page", SCRIPTED)
def test_a_page_is_whole(page: str) -> None:
    html = build.page(EXTENSION / f"{page}.html")
    assert html.index('<meta charset="utf-8">') < html.index('href="style.css"')
    assert html.index('href="style.css"') < html.index(f'href="{page}.css"')
    assert not re.search(r"<!-- [\w/]+\.html|\{\w+\}", html)
    navigation = html.count('<header class="site">')
    assert navigation == (page != "popup")
    assert html.count("aria-current") == navigation - (page == "welcome")


@pytest.mark.parametrize("page", SCRIPTED)
def test_a_page_brings_every_module_that_it_imports(page: str) -> None:
    html = build.page(EXTENSION / f"{page}.html")
    config = json.loads(re.findall(r"config='(.*?)'", html, re.DOTALL)[0])
    brought = {Path(target).with_suffix("") for target in config["files"].values()}
    needed: set[Path] = set()
    todo = {Path("heyho/pages") / page / "page"}
    while todo:
        source = (PYSRC / todo.pop()).with_suffix(".py").read_text()
        for package, names in re.findall(r"^from (heyho[.\w]*) import (.+)$", source, re.MULTILINE):
            found = {Path(package.replace(".", "/")) / name for name in names.split(", ")}
            todo |= found - needed
            needed |= found
    assert brought == needed


@pytest.mark.parametrize("page", SCRIPTED)
def test_a_page_has_every_element_that_its_script_names(page: str) -> None:
    html = (EXTENSION / f"{page}.html").read_text()
    script = "".join(file.read_text() for file in (PAGES / page).glob("*.py"))
    named = set(re.findall(r'bridge\.(?:find|write|show|set_time)\("([\w-]+)"', script))
    if page == "options":
        named |= set(form.FIELDS) | {f"{name}-problem" for name in form.FIELDS}
    assert named <= set(re.findall(r'id="([\w-]+)"', html))


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("front", "back", "least"),
    [
        ("ink", "paper", TEXT),
        ("ink", "card", TEXT),
        ("ink", "amber-soft", TEXT),
        ("quiet", "paper", TEXT),
        ("quiet", "card", TEXT),
        ("green", "paper", TEXT),
        ("green", "card", TEXT),
        ("green", "amber-soft", TEXT),
        ("ink", "green-soft", TEXT),
        ("on-green", "green", TEXT),
        ("on-green", "green-strong", TEXT),
        ("amber", "paper", TEXT),
        ("red", "paper", TEXT),
        ("red", "card", TEXT),
        ("red", "red-soft", TEXT),
        ("edge", "paper", GRAPHICS),
        ("edge", "card", GRAPHICS),
        ("green", "green-soft", GRAPHICS),
    ],
)
def test_colours_differ_enough(theme: int, front: str, back: str, least: float) -> None:
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", THEMES[theme]))
    assert contrast(colours[front], colours[back]) >= least


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """The relative luminance of WCAG 2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
