"""The frame of each page. All text goes through markupsafe, which escapes it."""

from __future__ import annotations

from urllib.parse import quote

from markupsafe import Markup

# The extension's own.
_MARK = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 128 128" width="32" height="32" '
    'aria-hidden="true">'
    '<rect width="128" height="128" rx="30" fill="#24765a"/>'
    '<path d="M40 28v72M40 80a24 24 0 0 1 48 0v20" fill="none" stroke="#fff" stroke-width="16" '
    'stroke-linecap="round"/><circle cx="88" cy="32" r="13" fill="#ffc65c"/></svg>'
)
_ICON = f"data:image/svg+xml,{quote(_MARK)}"
_PAGE = Markup(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="{icon}">
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header>{mark}<h1>Heyho</h1>{aside}</header>
<main>
{main}
</main>
</body>
</html>
"""
)


def page(title: str, main: Markup, aside: Markup | str = "") -> str:
    """A whole page; `aside` stands at the end of its header."""
    return _PAGE.format(title=title, icon=_ICON, mark=_MARK, aside=aside, main=main)


def problem_page(problem: str) -> str:
    """The page that says why something was not done."""
    told = Markup(
        '<section class="card entry"><p class="problem" role="alert">{}</p>'
        '<p class="back"><a href="/">Back to the page</a></p></section>'
    )
    return page("Heyho", told.format(problem))


def section(heading: str, content: Markup) -> Markup:
    """A part of a page that is found by its heading."""
    name = heading.lower().replace(" ", "-")
    return Markup(
        '<section class="card" aria-labelledby="{name}"><h2 id="{name}">{heading}</h2>{content}'
        "</section>"
    ).format(name=name, heading=heading, content=content)


def joined(parts: list[Markup]) -> Markup:
    return Markup("\n").join(parts)
