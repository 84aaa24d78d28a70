"""Settings as text in the fields of a form, and back. Pure."""

from heyho import texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from heyho.pages.shapes import Json

FIELDS = (
    "serverUrl",
    "token",
    "strategy",
    "concurrency",
    "workers",
    "batchSize",
    "periodMinutes",
    "excluded",
    "recorded",
)
LISTS = ("excluded", "recorded")
DEFAULTS: "Json" = {
    "serverUrl": "",
    "token": "",
    "strategy": "concurrent",
    "concurrency": 5,
    "workers": 2,
    "batchSize": 1000,
    "periodMinutes": 5,
    "excluded": [],
    "recorded": [],
}


def to_text(settings: "Json", name: str) -> str:
    """One setting as its field shows it; the default if it was never stored."""
    value = settings[name] if name in settings else DEFAULTS[name]
    return "\n".join(value) if name in LISTS else str(value)


def refusal(problems: "dict[str, str]") -> str:
    """Why nothing was saved, when each field says for itself what is wrong with it."""
    shown = [name for name in FIELDS if name in problems]
    if not shown:
        return ""
    return texts.plural("options_not_saved", len(shown))


def unused(strategy: str) -> "dict[str, str]":
    """What to say of the fields that mean nothing under a strategy, by their names."""
    return {
        "concurrency": {
            "sequential": texts.text("options_lanes_one"),
            "auto": texts.text("options_lanes_auto"),
        }.get(strategy, ""),
        "workers": texts.text("options_workers_unused")
        if strategy in ("sequential", "concurrent")
        else "",
    }


def changed(typed: "dict[str, str]", stored: "dict[str, str]") -> "dict[str, str]":
    """The fields that the person has changed: the others may have been changed elsewhere since.

    A token is that of its address, so that these two go together.
    """
    names = [name for name in FIELDS if typed[name] != stored.get(name)]
    if "serverUrl" in names or "token" in names:
        names += ["serverUrl", "token"]
    return {name: typed[name] for name in names}


def to_settings(typed: "dict[str, str]") -> "Json":
    """Fields as the engine takes them; it reads numbers from text."""
    settings: "Json" = dict(typed)
    for name in LISTS:
        if name in typed:
            settings[name] = typed[name].split("\n")
    return settings
