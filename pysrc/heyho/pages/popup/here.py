"""The page in front: what is said of it, and what can be done about it. Pure."""

from heyho import texts
from heyho.pages import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from heyho.pages.shapes import Front, Here, Json


def choose(tabs: "Sequence[Json]", *, own: str, in_tab: bool) -> str:
    """The address of the page in front; empty if there is none.

    Args:
        tabs: those of the window, as chrome.tabs has them.
        own: what addresses of this extension begin with.
        in_tab: whether this page is in a tab itself; then the one before it counts.
    """
    if in_tab:
        others = [tab for tab in tabs if not (tab.get("url") or "").startswith(own)]
        others.sort(key=lambda tab: tab.get("lastAccessed") or 0)
        front = others[-1:]
    else:
        front = [tab for tab in tabs if tab.get("active")]
    return str(front[0].get("url") or "") if front else ""


def describe(
    front: "Front | None", *, paused: bool, asking: bool, changed: bool, busy: bool = False
) -> "Here":
    """Put into words whether the page is recorded, and name what can be done.

    Args:
        front: the engine's word on the page; None while it has not come.
        paused: whether recording is paused now.
        asking: whether the person is asked if the site shall never be recorded.
        changed: whether the person has just excluded the site, or included it.
        busy: whether that is being done.
    """
    if front is None:
        return _here("", "")
    state, site = front["state"], front["site"]
    if state in ("recorded", "paused"):
        state = "paused" if paused else "recorded"
    if state in ("recorded", "paused") and asking:
        said = texts.text("popup_here_will_exclude", site)
        if front["visits"]:
            kept = texts.plural("popup_here_kept_stay", front["visits"])
            said = f"{said} {kept}"
        return _here(site, said, yes=texts.text("popup_here_never_do"), busy=busy)
    if state == "excluded" and front["pattern"] == site:
        action = "popup_here_undo" if changed else "popup_here_again"
        said = texts.text("popup_here_excluded")
        return _here(site, said, action=texts.text(action), busy=busy)
    if state in ("excluded", "preset"):
        if state == "excluded":
            said = texts.text("popup_here_excluded_by", front["pattern"])
        else:
            kind = texts.text(f"options_preset_{front['pattern']}")
            said = texts.text("popup_here_preset", kind)
        return _here(site, said, link=texts.text("popup_here_change"))
    if state not in ("recorded", "paused"):
        return _here("", texts.text(f"popup_here_is_{state}"))
    if state == "recorded" and not front["visits"]:
        state = "recorded_none"
    kept = words.count(front["visits"], "visit")
    said = texts.text(f"popup_here_{state}", kept)
    return _here(site, said, action=texts.text("popup_here_never"), busy=busy)


def _here(
    site: str, said: str, *, action: str = "", yes: str = "", link: str = "", busy: bool = False
) -> "Here":
    return {"site": site, "said": said, "action": action, "yes": yes, "link": link, "busy": busy}
