"""Applying exclusions backwards: which visits are meant, and what to say of them. Pure."""

from heyho import texts
from heyho.pages.options import form

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from heyho.pages.shapes import Json


def query(excluded: str, presets: "list[str]", recorded: str) -> "Json | None":
    """What to ask the engine for, from the fields' texts and the presets that are on; None where
    nothing is excluded."""
    patterns = form.lines(excluded)
    if not patterns and not presets:
        return None
    return {"patterns": patterns, "presets": presets, "recorded": form.lines(recorded)}


def found(reply: "Json", day: "Callable[[float], str]") -> str:
    """How many visits match, of which days, and what deleting them would end."""
    visits = reply["visits"]
    if not visits:
        return texts.text("options_backwards_none")
    first, last = day(reply["firstAt"]), day(reply["lastAt"])
    if first == last:
        said = texts.plural("options_backwards_found_on", visits, first)
    else:
        said = texts.text("options_backwards_found", texts.number(visits), first, last)
    return f"{said} {texts.text('deletion_ends_undo')}" if reply["endsUndo"] else said


def deleted(reply: "Json") -> str:
    """What has been done, and how to take it back."""
    return texts.plural("options_backwards_deleted", reply["visits"])
