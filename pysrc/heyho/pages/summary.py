"""What the popup shows, decided from what the engine says. Pure."""

from heyho.pages import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from heyho.pages.shapes import Clock, Progress, Run, Status, View


def summarise(
    status: "Status",
    progress: "Progress | None",
    *,
    said: str,
    fault: str,
    stopping: bool,
    now: float,
    clock: "Clock",
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
    """
    last = status["lastRun"]
    message = fault or said or _standing(status, clock)
    waiting = status["waiting"]
    if progress:
        waiting = max(0, progress["visits"] - progress["visitsDone"])
        message = fault or ("Stopping the sync." if stopping else _sending(status, progress))
    return {
        "tone": _tone(status, progress, fault),
        "figure": words.number(waiting) if waiting else "",
        "caption": _left(progress, waiting) if progress else _caption(status, waiting, fault),
        "message": message,
        "action": _action(status, progress, fault),
        "recording": "Paused" if status["paused"] else "Recording",
        "on": "false" if status["paused"] else "true",
        "lastAgo": words.ago(last["endedAt"], now) if last else "not yet",
        "lastAt": last["endedAt"] if last else 0,
        "lastDid": words.outcome(last) if last else "",
        "next": _next(status, progress, now),
        "aside": words.count(status["quarantined"], "visit") if status["quarantined"] else "",
        "server": status["server"] or "No server yet",
        "percent": _percent(progress) if progress else 0,
        "progress": _travel(progress) if progress else "",
    }


def out_of_reach(*, said: str, fault: str) -> "View":
    """What the popup shows while the database, and how things stand with it, cannot be read."""
    return {
        "tone": "fault",
        "figure": "",
        "caption": "Your history is out of reach",
        "message": fault or said,
        "action": "",
        "recording": "Recording",
        "on": "true",
        "lastAgo": "unknown",
        "lastAt": 0,
        "lastDid": "",
        "next": "unknown",
        "aside": "",
        "server": "",
        "percent": 0,
        "progress": "",
    }


def has_ended(begun_at: float, last: "Run | None") -> bool:
    """Whether the last finished run is the one that began at `begun_at`, or a later one."""
    return last is not None and last["endedAt"] >= begun_at


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
    return f"of {words.number(progress['visits'])} left" if waiting else "All are sent"


def _caption(status: "Status", waiting: int, fault: str) -> str:
    if waiting:
        noun = "visit" if waiting == 1 else "visits"
        return f"{noun} waiting" if status["canSync"] else f"{noun} on this device"
    if fault:
        return "New visits wait"
    return "Everything is synced" if status["canSync"] else "Nothing recorded yet"


def _standing(status: "Status", clock: "Clock") -> str:
    if not status["canSync"]:
        return status["problem"] or "Nothing leaves this device until you name your server."
    last = status["lastRun"]
    failed = last is not None and last["outcome"] in ("partial", "failed")
    if status["problem"] and not (failed and last and last["error"] == status["problem"]):
        return status["problem"]
    if last and failed:
        again = clock(status["nextAt"]) if status["nextAt"] else ""
        return words.report(last, status["waiting"], again)
    if status["paused"]:
        return "Pages you visit now are not recorded."
    if status["waiting"]:
        return "Heyho syncs by itself."
    return "New visits follow by themselves."


def _sending(status: "Status", progress: "Progress") -> str:
    visits = words.count(progress["visits"], "visit")
    left = words.left(progress["secondsLeft"])
    return f"Syncing {visits} with {status['server']}.{' ' if left else ''}{left}"


def _action(status: "Status", progress: "Progress | None", fault: str) -> str:
    if fault or progress:
        return ""
    if not status["canSync"]:
        return "Name your server"
    return "Check settings" if _is_in_trouble(status) else ""


def _next(status: "Status", progress: "Progress | None", now: float) -> str:
    if progress:
        return "under way"
    if not status["canSync"]:
        return "once a server is named"
    return words.until(status["nextAt"], now) if status["nextAt"] else "not planned"


def _percent(progress: "Progress") -> int:
    return progress["visitsDone"] * 100 // progress["visits"] if progress["visits"] else 0


def _travel(progress: "Progress") -> str:
    done, total = words.number(progress["visitsDone"]), words.number(progress["visits"])
    return f"{done} of {total} visits"
