"""What the popup shows, decided from what the engine says. Pure."""

from heyho import texts
from heyho.pages import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from heyho.pages.shapes import Clock, Progress, Run, Status, View

WORTH_TELLING_MS = 1500


def summarise(
    status: "Status",
    progress: "Progress | None",
    *,
    said: str,
    fault: str,
    stopping: bool,
    now: float,
    clock: "Clock",
    online: bool,
) -> "View":
    """Put everything the popup shows into words.

    Args:
        status: how things stand.
        progress: the run under way, if any.
        said: what to say about the person's last action; empty when nothing is to be said.
        fault: why a page could not be recorded; empty when recording works.
        stopping: whether the person has asked to stop the run.
        now: epoch milliseconds.
        clock: gives an epoch millisecond as a time of day.
        online: False where the device has no network; this device's own server needs none.
    """
    last = status["lastRun"]
    message = fault or said or _standing(status, clock)
    left = ""
    waiting = status["waiting"]
    if progress:
        waiting = max(0, progress["visits"] - progress["visitsDone"])
        held_up = fault or _held_up(progress, clock, stopping=stopping, now=now, online=online)
        message = held_up or texts.plural("popup_syncing", progress["visits"], status["server"])
        left = "" if held_up else words.left(progress["secondsLeft"])
    return {
        "tone": _tone(status, progress, fault),
        "figure": words.number(waiting) if waiting else "",
        "caption": _left(progress, waiting) if progress else _caption(status, waiting, fault),
        "message": message,
        "left": left,
        "action": _action(status, progress, fault),
        "recording": texts.text("popup_paused" if status["paused"] else "popup_recording"),
        "on": "false" if status["paused"] else "true",
        "lastAgo": words.ago(last["endedAt"], now) if last else texts.text("popup_not_yet"),
        "lastAt": last["endedAt"] if last else 0,
        "lastDid": words.outcome(last) if last else "",
        "next": _next(status, progress, now),
        "aside": words.count(status["quarantined"], "visit") if status["quarantined"] else "",
        "server": status["server"] or texts.text("popup_no_server"),
        "percent": _percent(progress) if progress else 0,
        "progress": _travel(progress) if progress else "",
        "detail": _detail(progress) if progress else "",
    }


def out_of_reach(*, said: str, fault: str) -> "View":
    """What the popup shows while the database, and how things stand with it, cannot be read."""
    return {
        "tone": "fault",
        "figure": "",
        "caption": texts.text("popup_out_of_reach"),
        "message": fault or said,
        "left": "",
        "action": "",
        "recording": texts.text("popup_recording"),
        "on": "true",
        "lastAgo": texts.text("popup_unknown"),
        "lastAt": 0,
        "lastDid": "",
        "next": texts.text("popup_unknown"),
        "aside": "",
        "server": "",
        "percent": 0,
        "progress": "",
        "detail": "",
    }


def has_ended(begun_at: float, last: "Run | None") -> bool:
    """Whether the last finished run is the one that began at `begun_at`."""
    return last is not None and last["startedAt"] == begun_at


def is_another(last: "Run | None", before: "Run | None") -> bool:
    """Whether a run has ended since `before` was the last one. Which is later no clock can tell
    that may have been set."""
    return last is not None and (before is None or last["startedAt"] != before["startedAt"])


def ended(status: "Status") -> str:
    """What to say when a run has just ended; empty when the standing message says it."""
    last = status["lastRun"]
    if last is None or last["outcome"] in ("partial", "failed"):
        return ""
    return words.report(last, status["waiting"])


def _tone(status: "Status", progress: "Progress | None", fault: str) -> str:
    if fault:
        return "fault"
    if progress:
        return "busy"
    if not status["canSync"]:
        return "setup"
    if _is_in_trouble(status):
        return "trouble"
    return "paused" if status["paused"] else "calm"


def _is_in_trouble(status: "Status") -> bool:
    last = status["lastRun"]
    failed = last is not None and last["outcome"] in ("partial", "failed")
    return bool(status["problem"]) or (failed and not words.was_stopped(last))


def _left(progress: "Progress", waiting: int) -> str:
    if not waiting:
        return texts.text("popup_all_sent")
    return texts.text("popup_of_left", words.number(progress["visits"]))


def _caption(status: "Status", waiting: int, fault: str) -> str:
    if waiting:
        return texts.plural(
            "popup_visits_waiting" if status["canSync"] else "popup_visits_here", waiting
        )
    if fault:
        return texts.text("popup_new_visits_wait")
    return texts.text("popup_all_synced" if status["canSync"] else "popup_nothing_recorded")


def _standing(status: "Status", clock: "Clock") -> str:
    if not status["canSync"]:
        return status["problem"] or texts.text(
            "popup_not_signed_in" if status["server"] else "popup_nothing_leaves"
        )
    last = status["lastRun"]
    failed = last is not None and last["outcome"] in ("partial", "failed")
    if status["problem"] and not (failed and last and last["error"] == status["problem"]):
        return status["problem"]
    if last and failed:
        again = clock(status["nextAt"]) if status["nextAt"] else ""
        return words.report(last, status["waiting"], again)
    if status["paused"]:
        return texts.text("popup_not_recorded_now")
    return texts.text("popup_syncs_by_itself" if status["waiting"] else "popup_new_visits_follow")


def _held_up(
    progress: "Progress", clock: "Clock", *, stopping: bool, now: float, online: bool
) -> str:
    """Why a run does not simply go on, in a sentence; empty where it does."""
    if stopping:
        return texts.text("popup_stopping")
    lanes = progress.get("lanes")
    if not online and lanes and all(lane["phase"] == "pausing" for lane in lanes):
        return texts.text("popup_offline")
    waits_until = progress.get("waitsUntil")
    if waits_until and waits_until - now > WORTH_TELLING_MS:
        return texts.text("popup_server_asks_to_wait", clock(waits_until))
    return ""


def _action(status: "Status", progress: "Progress | None", fault: str) -> str:
    if fault or progress:
        return ""
    if not status["canSync"]:
        return texts.text("popup_sign_in" if status["server"] else "popup_name_server")
    return texts.text("popup_check_settings") if _is_in_trouble(status) else ""


def _next(status: "Status", progress: "Progress | None", now: float) -> str:
    if progress:
        return texts.text("popup_under_way")
    if not status["canSync"]:
        return texts.text("popup_once_signed_in" if status["server"] else "popup_once_named")
    return (
        words.until(status["nextAt"], now) if status["nextAt"] else texts.text("popup_not_planned")
    )


def _percent(progress: "Progress") -> int:
    return progress["visitsDone"] * 100 // progress["visits"] if progress["visits"] else 0


def _travel(progress: "Progress") -> str:
    done = words.number(progress["visitsDone"])
    return texts.plural("popup_done", progress["visits"], done)


def _detail(progress: "Progress") -> str:
    done = words.number(progress["batchesDone"])
    said = [_travel(progress), texts.plural("popup_batches_done", progress["batches"], done)]
    if progress["retries"]:
        said.append(texts.plural("popup_retries", progress["retries"]))
    return " · ".join(said)
