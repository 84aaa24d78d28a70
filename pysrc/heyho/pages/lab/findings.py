"""What the lab's page says and draws. Pure.

Places are in percent of the chart's width, on one scale for all ways.
"""

from heyho import texts
from heyho.pages import timeline, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from heyho.pages.shapes import Bar, Json, Timeline

CHOICES = (1000, 3000, 10_000, 30_000)
USUAL = 10_000
KIB = 1024.0


def name(way: str) -> str:
    """A way in the person's language."""
    return texts.text(f"lab_way_{way.replace('-', '_')}")


def plan(visits: int, batches: int, ways: int) -> str:
    """What a session would send."""
    return texts.text(
        "lab_plan",
        texts.plural("lab_visits", visits),
        texts.plural("lab_batches", batches),
        texts.number(ways),
    )


def obstacle(results: "Json") -> str:
    """Why no session can be started, by what is known beforehand; empty if one can."""
    if not results["canSync"]:
        return refusal("no_server")
    if not results["visits"]:
        return refusal("no_visits")
    return ending("no_trials", None) if results["trials"] is False else ""


def refusal(reason: str) -> str:
    """Why no session was started."""
    return texts.text(f"lab_reason_{reason}")


def step(progress: "Json") -> str:
    """What a session is doing."""
    if progress["phase"] != "measuring":
        return texts.text(f"lab_phase_{progress['phase']}")
    return texts.text("lab_phase_measuring", name(progress["way"]))


def count(progress: "Json") -> str:
    """How many batches of a way have been answered; empty while none is measured."""
    if progress["phase"] != "measuring":
        return ""
    done, batches = texts.number(progress["batchesDone"]), texts.number(progress["batches"])
    return texts.text("lab_count", done, batches)


def ending(outcome: str, problem: "str | None") -> str:
    """How a session has ended."""
    return texts.text(f"lab_ended_{outcome}", problem or "")


def measured(session: "Json", when: str) -> str:
    """When a session was, and how much it sent."""
    return texts.plural("lab_when", session["visits"], when)


def suits(verdict: "Json") -> str:
    """Which way suits; empty where none can be named."""
    if not verdict["best"]:
        return ""
    return texts.text(
        "lab_suits",
        name(verdict["best"]),
        words.duration(verdict["bestMs"]),
        name(verdict["compared"]),
        words.duration(verdict["comparedMs"]),
    )


def because(verdict: "Json") -> str:
    """Why."""
    window_ms = 1000 * (verdict["windowS"] or 0)
    return texts.text(
        f"lab_because_{verdict['reason']}",
        words.count(verdict["quota"] or 0, "request"),
        words.duration(window_ms),
        texts.number(verdict["batches"]),
    )


def chance(verdict: "Json") -> str:
    """Why a quicker way does not count; empty where there is none."""
    if not verdict.get("quickest"):
        return ""
    return texts.text(
        "lab_chance",
        name(verdict["quickest"]),
        words.duration(verdict["quickestMs"]),
        words.duration(verdict["chanceMs"]),
    )


def left_out(verdict: "Json") -> str:
    """Which ways could not be compared; empty where all could."""
    failed = ", ".join([name(way) for way in verdict["failed"]])
    return texts.text("lab_left_out", failed) if failed else ""


def is_in_use(changes: "Json", strategy: str, concurrency: int) -> bool:
    """Whether syncs go this way already."""
    return bool(
        changes
        and changes["strategy"] == strategy
        and changes.get("concurrency", concurrency) == concurrency
    )


def scale_of(session: "Json") -> float:
    """How many milliseconds the width of the charts stands for."""
    return timeline.scale_ms(max([way["ms"] for way in session["ways"]] + [1]))


def bars(session: "Json") -> "list[Bar]":
    """A bar for each way of a session that has come to its end."""
    scale, best = scale_of(session), session["verdict"]["best"]
    return [
        {
            "name": name(way["way"]),
            "time": words.duration(way["ms"]) if not way["error"] else texts.text("lab_failed"),
            "width": _place(way["ms"], scale),
            "limit": _place(way["idealMs"], scale) if way["idealMs"] else None,
            "kind": "best" if way["way"] == best else "",
            "note": way["error"] or "",
        }
        for way in session["ways"]
    ]


def bars_so_far(progress: "Json", now: float) -> "tuple[list[Bar], float]":
    """A bar for each way of a session under way, and the scale of all."""
    done = {way["way"]: way for way in progress["done"]}
    current = progress["way"] if progress["phase"] == "measuring" else None
    elapsed = max(0.0, now - (progress["wayStartedAt"] or now)) if current else 0.0
    scale = timeline.scale_ms(max([way["ms"] for way in progress["done"]] + [elapsed, 1]))
    drawn: "list[Bar]" = []
    for way in progress["ways"]:
        ms, time, kind = 0.0, texts.text("lab_waits"), ""
        if way == current:
            ms, time, kind = elapsed, words.duration(elapsed), "now"
        elif way in done:
            ms = done[way]["ms"]
            time = texts.text("lab_failed") if done[way]["error"] else words.duration(ms)
        drawn.append(
            {
                "name": name(way),
                "time": time,
                "width": _place(ms, scale),
                "limit": None,
                "kind": kind,
                "note": "",
            }
        )
    return drawn, scale


def ticks(scale: float) -> "list[str]":
    """What stands below the chart: at its start, its middle and its end."""
    return [words.duration(scale * part / 2) for part in range(3)]


def sheets(session: "Json") -> "list[tuple[str, str, Timeline]]":
    """The name of each way, its time and its timeline; all on one scale."""
    scale = scale_of(session)
    return [
        (
            name(way["way"]),
            texts.text("lab_failed") if way["error"] else words.duration(way["ms"]),
            timeline.layout(way["spans"], start=0, end=way["ms"], scale=scale, lanes=way["lanes"]),
        )
        for way in session["ways"]
    ]


def legend(sheets: "list[tuple[str, str, Timeline]]") -> "list[tuple[str, str]]":
    """Which kinds of blocks there are in any of the timelines, each with its name."""
    present = {kind for _, _, sheet in sheets for kind, _ in timeline.legend(sheet)}
    return [
        (kind, texts.text(f"timeline_legend_{kind}")) for kind in timeline.LEGEND if kind in present
    ]


def rows(session: "Json") -> "list[list[str]]":
    """The figures of each way, a row of the table."""
    return [
        [
            name(way["way"]),
            texts.text("lab_failed") if way["error"] else words.duration(way["ms"]),
            _duration(way["idealMs"]),
            _duration(way["requestMs"]),
            texts.number(way["lanes"]),
            texts.number(way["retries"]),
            texts.text("lab_kib", words.decimal(way["bytes"] / KIB, 0)),
        ]
        for way in session["ways"]
    ]


def _duration(ms: "float | None") -> str:
    return words.duration(ms) if ms else texts.text("lab_unknown")


def _place(ms: float, scale: float) -> float:
    return round(min(100.0, 100 * ms / scale), 2)
