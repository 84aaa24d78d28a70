"""Where on the dashboard one is, as the part of its address after the “#”. Pure."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

VIEWS = ("visits", "figures")
RANGES = ("month", "year", "all")
DEFAULT_RANGE = "month"


class Place:
    """A view, with what is asked in it: the text of a search, the range of the figures."""

    def __init__(self, view: str = "visits", text: str = "", span: str = DEFAULT_RANGE) -> None:
        self.view = view
        self.text = text
        self.span = span

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Place):
            return False
        return (self.view, self.text, self.span) == (other.view, other.text, other.span)

    def __hash__(self) -> int:
        return hash((self.view, self.text, self.span))


def read(address: str, decode: "Callable[[str], str]") -> Place:
    """The place that an address's “#…” names; what it does not say, or says wrongly, is usual.

    Args:
        address: with or without the “#”.
        decode: gives text without its percent signs.
    """
    place = Place()
    for part in (address[1:] if address[:1] == "#" else address).split("&"):
        name, _, value = part.partition("=")
        if name == "figures":
            place.view = "figures"
            place.span = value if value in RANGES else DEFAULT_RANGE
        elif name == "q":
            place.text = decode(value)
    return place


def write(place: Place, encode: "Callable[[str], str]") -> str:
    """The address's “#…” of a place."""
    if place.view == "figures":
        return f"#figures={place.span}"
    return f"#q={encode(place.text)}" if place.text else "#"
