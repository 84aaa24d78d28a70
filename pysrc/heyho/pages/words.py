"""Numbers, times and outcomes in words. Pure."""

from heyho import texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from heyho.pages.shapes import Run

SHORT_MS = 100
SECOND_MS = 1000
MINUTE_MS = 60_000
TWO_MINUTES_MS = 2 * MINUTE_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
WORTH_TELLING_S = 3


def number(value: int) -> str:
    """A whole number with its thousands apart: 12,345."""
    return texts.number(value)


def decimal(value: float, digits: int = 1) -> str:
    """A number with as many decimals, but no zeros at its end: 0.35."""
    said = f"{value:.{digits}f}"
    while "." in said and said[-1] in "0.":
        said = said[:-1]
    return said.replace(".", texts.text("words_decimal"))


def duration(duration_ms: float) -> str:
    """A length of time in short: 40 ms, 0.35 s, 12.5 s, 3 min."""
    if duration_ms and duration_ms < SHORT_MS:
        return texts.text("words_in_ms", decimal(duration_ms, 0))
    if duration_ms < TWO_MINUTES_MS:
        digits = 2 if duration_ms < SECOND_MS else 1
        return texts.text("words_in_seconds", decimal(duration_ms / SECOND_MS, digits))
    return texts.text("words_in_minutes", decimal(duration_ms / MINUTE_MS, 1))


def count(value: int, noun: str) -> str:
    """A number with its noun, `visit`, `request` or `field`: 1 visit, 2 visits."""
    return texts.plural(f"words_count_{noun}", value)


def ago(then: float, now: float) -> str:
    """How long ago `then` was, in the largest unit that fits; both in epoch milliseconds."""
    passed = now - then
    if passed < MINUTE_MS:
        return texts.text("words_just_now")
    unit, value = _span(passed)
    return texts.plural(f"words_ago_{unit}", value)


def until(then: float, now: float) -> str:
    """How long `then` is away; both in epoch milliseconds."""
    left = then - now
    if left < MINUTE_MS:
        return texts.text("words_in_a_moment")
    unit, value = _span(left)
    return texts.plural(f"words_until_{unit}", value)


def left(seconds: "float | None") -> str:
    """How much longer a run takes, as a sentence; empty where that is not worth one."""
    if seconds is None or seconds < WORTH_TELLING_S:
        return ""
    duration_ms = seconds * 1000
    if duration_ms < MINUTE_MS:
        return texts.plural("words_left_second", round(seconds))
    unit, value = _span(duration_ms)
    return texts.plural(f"words_left_{unit}", value)


def outcome(run: "Run") -> str:
    """What a run did, in two or three words, to stand after its time."""
    if run["outcome"] == "nothing":
        return texts.text("words_outcome_nothing")
    if run["outcome"] == "failed":
        return texts.text("words_outcome_failed")
    if run["outcome"] == "partial":
        how = "stopped" if was_stopped(run) else "partial"
        return texts.text(f"words_outcome_{how}", number(run["visits"]))
    return count(run["visits"], "visit")


def was_stopped(run: "Run | None") -> bool:
    """Whether a person has ended the run; earlier records do not tell."""
    return bool(run and run.get("cancelled"))


def not_stored(run: "Run") -> str:
    """That the server left visits out, and why, as a sentence; empty where it did not.

    Earlier records do not tell.
    """
    deleted = run.get("deleted")
    return texts.plural("words_deleted", deleted) if deleted else ""


def report(run: "Run", waiting: int, again: str = "") -> str:
    """What a run did and what follows from it, in sentences; `again` is the time of the next."""
    if run["outcome"] == "nothing":
        return texts.text("words_nothing")
    stopped = was_stopped(run)
    said = [texts.text("words_stopped")] if stopped else []
    stored = run["visits"] - (run.get("deleted") or 0)
    if (stored and not stopped) or (run["outcome"] == "complete" and stored == run["visits"]):
        said.append(texts.plural("words_synced", stored))
    if gone := not_stored(run):
        said.append(gone)
    if run["rejected"]:
        said.append(texts.plural("words_refused", run["rejected"]))
    if run["outcome"] in ("partial", "failed"):
        if waiting:
            said.append(texts.plural("words_wait", waiting))
        if not stopped:
            said.append(run["error"] or texts.text("words_not_all_taken"))
        if waiting and again:
            said.append(texts.plural("words_again", waiting, again))
    return " ".join(said)


def _span(duration_ms: float) -> "tuple[str, int]":
    for unit_ms, unit in ((DAY_MS, "day"), (HOUR_MS, "hour")):
        if duration_ms >= unit_ms:
            return unit, int(duration_ms // unit_ms)
    return "minute", int(duration_ms // MINUTE_MS)
