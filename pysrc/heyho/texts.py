"""What Heyho says, in the person's language. Pure, and plain enough for MicroPython.

The sentences are in `extension/_locales`, in the form of chrome.i18n: `$1` to `$9` stand for
values. Who runs this names their source with `use`: pages take chrome.i18n, tests the files.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Source = Callable[[str, list[str]], str]

_source: "list[Source]" = []


def use(source: "Source") -> None:
    """Take sentences from `source`, which gives one by its key and the values to put in."""
    _source[:] = [source]


def text(key: str, *values: object) -> str:
    """The sentence of this key with values put in.

    Raises:
        LookupError: no source was named, or it knows no such key.
    """
    if not _source:
        raise LookupError("nobody has said where sentences come from")
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
