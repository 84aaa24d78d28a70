"""A run in time: a row for each lane, a block for each attempt of a batch. Pure.

Places are in percent of the timeline's width, so that runs drawn on one scale can be compared.
"""

from heyho import texts
from heyho.pages import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from heyho.pages.shapes import Block, Lane, Span, Timeline

OK_FROM, OK_TO = 200, 299
# As a whole: too large, or not understood. It goes in halves.
REFUSED = (400, 413, 422)
# From harmless to grave: of several blocks drawn as one, the gravest shows.
KINDS = ("waiting", "sending", "sent", "retried", "rejected", "failed")
LEGEND = ("sent", "sending", "waiting", "retried", "rejected", "failed")
# Blocks narrower than this are drawn as one with their neighbours.
NARROW = 0.8
ROUND = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)
SHORTEST_MS = 100


def scale_ms(longest_ms: float) -> float:
    """A round time into which the longest of some runs fits, to draw all of them on."""
    unit = float(SHORTEST_MS)
    while longest_ms > unit * ROUND[-1]:
        unit *= 10
    return min([unit * factor for factor in ROUND if longest_ms <= unit * factor])


def layout(
    spans: "Sequence[Span]",
    *,
    start: float,
    end: float,
    busy: "Sequence[Lane]" = (),
    scale: float = 0,
    lanes: int = 0,
) -> "Timeline":
    """Place the attempts of a run.

    Args:
        spans: as in a run's record; those that ended before `start` are left out.
        start: what stands at the left edge, in epoch milliseconds.
        end: when the run ended, or now.
        busy: what the lanes do now, as in its progress; empty for a run that has ended.
        scale: for how many milliseconds the whole width stands; 0: as many as are needed.
        lanes: how many rows there are at least.
    """
    sheet = _Sheet(start, scale or scale_ms(end - start))
    last_of: "dict[int, float]" = {}
    for span in spans:
        last_of[span["batch"]] = max(last_of.get(span["batch"], 0), span["start"])
    for lane in busy:
        last_of[lane["batch"]] = end + 1  # which follows whatever has ended
    rows: "dict[int, list[Block]]" = {number: [] for number in range(lanes)}
    counts = dict.fromkeys(KINDS, 0)
    for span in sorted(spans, key=lambda span: span["start"]):
        if span["end"] < start:
            continue
        row = rows.setdefault(span["lane"], [])
        if span.get("waited"):
            since = span["start"] - span["waited"]
            sheet.put(row, since, span["start"], kind="waiting", label=_wait(span))
            counts["waiting"] += 1
        kind = _kind(span, span["start"] < last_of[span["batch"]])
        sheet.put(
            row,
            span["start"],
            span["end"],
            kind=kind,
            label=_label(span, kind),
            count=span.get("batches") or 1,
        )
        counts[kind] += span.get("batches") or 1
    for lane in busy:
        row = rows.setdefault(lane["lane"], [])
        if lane["phase"] != "reading":
            kind = "sending" if lane["phase"] == "sending" else "waiting"
            label = texts.text(f"timeline_now_{kind}", words.number(lane["batch"] + 1))
            sheet.put(row, lane.get("phaseSince") or lane["since"], end, kind=kind, label=label)
            counts[kind] += 1
    return {
        "rows": [
            {"label": texts.text("timeline_lane", words.number(lane + 1)), "blocks": rows[lane]}
            for lane in sorted(rows)
        ],
        "scaleMs": sheet.scale,
        "ticks": [words.duration(sheet.scale * part / 2) for part in range(3)],
        "summary": _summary(len(rows), counts, end - start),
    }


def of(progress: "Any", past: "Any", *, now: float) -> "Timeline | None":
    """The timeline of the run under way or, where there is none, of a past one: a run's record.

    None where there is neither, or nothing of it was kept.
    """
    if progress and "spans" in progress:
        return layout(
            progress["spans"],
            start=window(progress),
            end=now,
            busy=progress["lanes"],
            lanes=progress["laneCount"],
        )
    if past and past["spans"] and past["endedAt"]:
        return layout(past["spans"], start=past["startedAt"], end=past["endedAt"])
    return None


def window(progress: "Any") -> float:
    """What stands at the left edge for a run under way: its start, or, once progress tells no
    longer of all its attempts, the first one that it tells of."""
    spans = progress["spans"]
    if spans and progress["spansLeftOut"]:
        return min([span["start"] for span in spans])
    return float(progress["startedAt"])


def legend(timeline: "Timeline") -> "list[tuple[str, str]]":
    """Which kinds of blocks there are, each with its name."""
    present = {block["kind"] for row in timeline["rows"] for block in row["blocks"]}
    return [(kind, texts.text(f"timeline_legend_{kind}")) for kind in LEGEND if kind in present]


def _kind(span: "Span", again: bool) -> str:
    if OK_FROM <= span["status"] <= OK_TO:
        return "rejected" if span.get("rejected") else "sent"
    if span["status"] in REFUSED:
        return "rejected"
    return "retried" if again else "failed"


class _Sheet:
    """Where times stand: `scale` milliseconds from `start` fill the width."""

    def __init__(self, start: float, scale: float) -> None:
        self.start = start
        self.scale = scale

    def put(
        self,
        row: "list[Block]",
        begins: float,
        ends: float,
        *,
        kind: str,
        label: str,
        count: int = 1,
    ) -> None:
        """Add a block to a row, or widen its last one where both are too narrow to be seen."""
        left, right = self._place(begins), self._place(ends)
        last = row[-1] if row else None
        if last and max(last["width"], right - left, left - last["left"] - last["width"]) < NARROW:
            last["width"] = right - last["left"]
            last["count"] += count
            if KINDS.index(kind) > KINDS.index(last["kind"]):
                last["kind"] = kind
            last["label"] = texts.text(
                f"timeline_several_{last['kind']}", words.number(last["count"])
            )
            return
        row.append(
            {"left": left, "width": right - left, "kind": kind, "count": count, "label": label}
        )

    def _place(self, at: float) -> float:
        return round(min(100.0, max(0.0, 100 * (at - self.start) / self.scale)), 3)


def _wait(span: "Span") -> str:
    batch = words.number(span["batch"] + 1)
    return texts.text("timeline_waited", batch, words.duration(span["waited"]))


def _label(span: "Span", kind: str) -> str:
    """What became of one attempt, or of several that are told as one."""
    if span.get("batches"):
        return texts.text(f"timeline_several_{kind}", words.number(span["batches"]))
    batch, took = words.number(span["batch"] + 1), words.duration(span["end"] - span["start"])
    visits = texts.plural("timeline_visits", span["visits"])
    said = texts.text(f"timeline_block_{kind}", batch, visits, took)
    return said if span["attempt"] == 1 else f"{said} {_attempt(span['attempt'])}"


def _attempt(number: int) -> str:
    return texts.text("timeline_attempt", words.number(number))


def _summary(lanes: int, counts: "dict[str, int]", took_ms: float) -> str:
    """The timeline for those who do not see it."""
    said = [texts.plural("timeline_lanes", lanes)]
    said += [
        texts.plural(f"timeline_count_{kind}", counts[kind]) for kind in LEGEND if counts[kind]
    ]
    return texts.text("timeline_summary", ", ".join(said), words.duration(took_ms))
