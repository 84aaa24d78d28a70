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
# A token is that server's own: neither is stored beside what another page has made of the other.
TOGETHER = ("serverUrl", "token")
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


def changes(typed: "dict[str, str]", shown: "dict[str, str]", current: "Json") -> "Json":
    """What the person has changed, as the engine takes it; it reads numbers from text.

    What another page or tab has changed meanwhile stays: of a list that are the lines which were
    put there or taken away.

    Args:
        typed: what stands in the form.
        shown: what the form was filled with.
        current: the settings as they are stored now.
    """
    settings: "Json" = {}
    for name in FIELDS:
        if typed[name] != shown[name]:
            settings[name] = typed[name]
    for name in LISTS:
        if name in settings:
            settings[name] = merged(typed[name], shown[name], current.get(name) or [])
    if any(name in settings for name in TOGETHER):
        for name in TOGETHER:
            settings[name] = typed[name]
    return settings


def merged(typed: str, shown: str, current: "list[str]") -> "list[str]":
    """The lines of a field, with those that came into its list while the field was shown, and
    without those that went out of it."""
    before = lines(shown)
    kept = [line for line in lines(typed) if line not in before or line in current]
    added = [line for line in current if line not in before and line not in kept]
    return kept + added


def lines(text: str) -> "list[str]":
    """The lines of a field that say something."""
    return [line.strip() for line in text.split("\n") if line.strip()]
