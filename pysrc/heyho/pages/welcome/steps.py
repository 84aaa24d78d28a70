"""The steps of the first run. Pure."""

from heyho import texts

STEPS = ("record", "server", "import", "done")
"""By the fragments of their addresses, so that the browser's own “back” works too. The last one is
what comes after them."""


def read(fragment: str) -> str:
    """The step of a page's fragment, such as "#server"; the first where it names none."""
    name = fragment.lstrip("#")
    return name if name in STEPS else STEPS[0]


def progress(step: str) -> str:
    """How far that is, as a sentence."""
    if step == STEPS[-1]:
        return texts.text("welcome_ready")
    return texts.text("welcome_step", STEPS.index(step) + 1, len(STEPS) - 1)


def dots(step: str) -> "list[str]":
    """What each dot shows: "past", "now", or nothing yet."""
    here = STEPS.index(step)
    return ["past" if at < here else "now" if at == here else "" for at in range(len(STEPS) - 1)]
