"""The person's own rules of which site belongs to which category. Pure."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from heyho.pages.shapes import Json

NONE = ""


def chosen(rules: "list[Json]", site: str) -> str:
    """The category that the person has given a site as a whole; `NONE` if none."""
    for rule in rules:
        if rule["pattern"] == site:
            return str(rule["category"])
    return NONE
