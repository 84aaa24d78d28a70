"""A visit in full, as the dashboard's side sheet tells of it. Pure; for trees see `listing`."""

from heyho import texts
from heyho.pages.dashboard import listing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from heyho.pages.shapes import Json

    Tree = list[Any]

REASONS = ("hidden", "unfocused", "idle", "locked", "sleep")


def body(visit: "Json", moment: "Callable[[float], str]") -> "list[Tree]":
    """Address, times and category of a visit, and what can be done from here.

    Args:
        visit: as the engine tells of it.
        moment: gives an epoch millisecond in full.
    """
    url, domain = str(visit["url"]), str(visit["domain"])
    whole: "Tree" = ["span", {}, url]
    if listing.link(url):
        whole = ["a", {"href": url, "target": "_blank", "rel": "noopener noreferrer"}, url]
    facts: "Tree" = ["dl", {"class": "facts"}]
    rows = [
        ("dashboard_address", whole),
        ("dashboard_started", moment(visit["startedAt"])),
        ("dashboard_ended", moment(visit["endedAt"])),
        ("dashboard_open_for", listing.duration(visit["endedAt"] - visit["startedAt"])),
        ("dashboard_active", listing.duration(visit["activeDuration"])),
        ("dashboard_category", listing.say(visit.get("category") or "unclassified")),
    ]
    for key, value in rows:
        facts.append(["div", {}, ["dt", {}, say(key)], ["dd", {}, value]])
    ways: "Tree" = ["p", {"class": "ways"}]
    ways.append(["button", {"type": "button", "class": "plain", "data-site": domain}])
    ways[-1].append(texts.text("dashboard_more_from", domain))
    ways.append(["button", {"type": "button", "class": "plain", "data-sort": domain}])
    ways[-1].append(texts.text("dashboard_sort"))
    return [facts, ways]


def say(key: str) -> str:
    """The name of a fact."""
    names = {
        "dashboard_address": texts.text("dashboard_address"),
        "dashboard_started": texts.text("dashboard_started"),
        "dashboard_ended": texts.text("dashboard_ended"),
        "dashboard_open_for": texts.text("dashboard_open_for"),
        "dashboard_active": texts.text("dashboard_active"),
        "dashboard_category": texts.text("dashboard_category"),
    }
    return names[key]


def idle(visit: "Json", moments: "list[list[str]]") -> "list[Tree]":
    """When nobody was looking, and why, for those who ask; nothing if somebody always was.

    Args:
        visit: as it is stored.
        moments: of the beginning and end of each period, one after the other: day and time.
    """
    periods = visit.get("idlePeriods") or []
    if not periods:
        return []
    items: "Tree" = ["ul", {"class": "idle"}]
    for index in range(len(periods)):
        period = periods[index]
        reason = period.get("reason")
        why = texts.text(f"dashboard_idle_{reason}") if reason in REASONS else ""
        lasted = listing.duration(period["end"] - period["start"])
        clock = f"{moments[2 * index][1]}\u2013{moments[2 * index + 1][1]}"
        items.append(
            [
                "li",
                {},
                ["span", {"class": "clock"}, clock],
                f" {why} ",
                ["span", {"class": "quiet"}, lasted],
            ]
        )
    head = texts.plural("dashboard_idle", len(periods))
    return [["details", {}, ["summary", {}, head], items]]


def chain(reply: "Json", moments: "dict[str, str]", name: str) -> "list[Tree]":
    """What led to a visit, and what it led to.

    Args:
        reply: the engine's answer.
        moments: when each visit began, by its id.
        name: the id of the visit that it is about.
    """
    trees: "list[Tree]" = []
    if len(reply["visits"]) > 1:
        trees.append(["h3", {}, texts.text("dashboard_chain")])
        trees.append(_links(reply["visits"], moments, name))
    if reply["next"]:
        trees.append(["h3", {}, texts.text("dashboard_led_to")])
        trees.append(_links(reply["next"], moments, name))
    if not trees:
        trees.append(["p", {"class": "quiet"}, texts.text("dashboard_no_chain")])
    return trees


def _links(visits: "list[Json]", moments: "dict[str, str]", name: str) -> "Tree":
    tree: "Tree" = ["ol", {"class": "chain"}]
    for visit in visits:
        title = [
            "span",
            {"class": "name", "dir": "auto"},
            str(visit["title"]) or str(visit["domain"]),
        ]
        where = ["span", {"class": "quiet"}, f"{moments[visit['id']]} \u00b7 {visit['domain']}"]
        if visit["id"] == name:
            tree.append(
                ["li", {"aria-current": "true"}, ["span", {"class": "link-of"}, title, where]]
            )
        else:
            button = {"type": "button", "class": "link-of", "data-visit": str(visit["id"])}
            tree.append(["li", {}, ["button", button, title, where]])
    return tree
