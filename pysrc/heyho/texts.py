"""What Heyho says, in the person's language. Pure, and plain enough for MicroPython.

The sentences are in `extension/_locales`, in the form of chrome.i18n: `$1` to `$9` stand for
values. Who runs this names their source with `use`: pages take chrome.i18n, the engine and tests
the files. Until then sentences are made by key: they hold their key and their values, and whoever
gets one, as the engine does from its workers, makes it out with `resolve`.
"""

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Source = Callable[[str, list[str]], str]

_BEGIN, _NEXT, _END = "\x0e", "\x1f", "\x0f"


def by_key(key: str, values: "list[str]") -> str:
    """A sentence that is put into words elsewhere."""
    return _BEGIN + key + "".join(_NEXT + value for value in values) + _END


_source: "list[Source]" = [by_key]


def use(source: "Source") -> None:
    """Take sentences from `source`, which gives one by its key and the values to put in."""
    _source[:] = [source]


def text(key: str, *values: object) -> str:
    """The sentence of this key with values put in.

    Raises:
        LookupError: the source knows no such key.
    """
    said = _source[0](key, [str(value) for value in values])
    if not said:
        raise LookupError(f"there is no sentence {key}")
    return said


def number(value: int) -> str:
    """A whole number with its thousands apart: 12,345 in English."""
    return f"{value:,}".replace(",", text("thousands"))


def plural(key: str, value: int, *values: object) -> str:
    """The sentence for one or for several: `$1` is the number, `values` follow it."""
    return text(f"{key}_one" if value == 1 else f"{key}_other", number(value), *values)


def resolve(said: str) -> str:
    """A text in words, with all that stands there by key put into the person's language."""
    before, begun, rest = said.partition(_BEGIN)
    if not begun:
        return said
    inside, ended, after = rest.partition(_END)
    if not ended:
        return said
    parts = inside.split(_NEXT)
    return before + text(parts[0], *parts[1:]) + resolve(after)


def from_file(content: str) -> "Source":
    """A source over the text of a `messages.json`, which is read when the first is asked for."""
    known: dict[str, str] = {}

    def say(key: str, values: "list[str]") -> str:
        if not known:
            for name, entry in json.loads(content).items():
                known[name] = entry["message"]
        parts = known.get(key, "").split("$")
        said = parts[0]
        for part in parts[1:]:
            number = part[:1]
            if number in "123456789" and number:
                said += (values[int(number) - 1] if int(number) <= len(values) else "") + part[1:]
            else:
                said += "$" + part
        return said

    return say
