"""Whether Heyho records, and until when not, in words. Pure."""

from heyho import texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from heyho.pages.shapes import Clock, Json


def standing(settings: "Json", now: float, clock: "Clock") -> str:
    """How things stand with recording, as a sentence; `now` is in epoch milliseconds."""
    until = settings.get("pausedUntil")
    if not is_paused(settings, now):
        return texts.text("options_recording_on")
    if until == "restart":
        return texts.text("options_paused_restart")
    if until is None:
        return texts.text("options_paused")
    return texts.text("options_paused_until", clock(until))


def is_paused(settings: "Json", now: float) -> bool:
    """Whether nothing is recorded now."""
    until = settings.get("pausedUntil")
    return bool(settings.get("paused")) and (not isinstance(until, (int, float)) or now < until)
