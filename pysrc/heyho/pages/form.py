"""Settings as text in the fields of a form, and back. Pure."""

from heyho.pages import words

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
)
DEFAULTS: "Json" = {
    "serverUrl": "",
    "token": "",
    "strategy": "concurrent",
    "concurrency": 5,
    "workers": 2,
    "batchSize": 1000,
    "periodMinutes": 5,
    "excluded": [],
}


def to_text(settings: "Json", name: str) -> str:
    """One setting as its field shows it; the default if it was never stored."""
    value = settings[name] if name in settings else DEFAULTS[name]
    return "\n".join(value) if name == "excluded" else str(value)


def refusal(problems: "dict[str, str]") -> str:
    """Why nothing was saved, when each field says for itself what is wrong with it."""
    shown = [name for name in FIELDS if name in problems]
    if not shown:
        return ""
    return f"Not saved. {words.count(len(shown), 'field')} to correct."


def to_settings(typed: "dict[str, str]") -> "Json":
    """The form as the engine takes it; it reads numbers from text."""
    settings: "Json" = dict(typed)
    settings["excluded"] = typed["excluded"].split("\n")
    return settings
