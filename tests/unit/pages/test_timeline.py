"""Where the attempts of a run stand in its timeline, and what is said of them."""

from __future__ import annotations

import pytest

from harness.texts import source
from heyho import texts
from heyho.pages import timeline
from heyho.pages.shapes import Lane, Span, Timeline

START = 1_790_000_000_000.0


def span(batch: int, lane: int, start: float, end: float, **changes: int) -> Span:
    made: Span = {
        "batch": batch,
        "lane": lane,
        "start": START + start,
        "end": START + end,
        "visits": 1000,
        "bytes": 12_000,
        "status": 200,
        "attempt": 1,
        "rejected": 0,
        "waited": 0,
    }
    return {**made, **changes}  # type: ignore[typeddict-item]


def lane(number: int, batch: int, phase: str, since: float) -> Lane:
    return {
        "lane": number,
        "batch": batch,
        "visits": 1000,
        "phase": phase,
        "since": START,
        "phaseSince": START + since,
    }


def drawn(made: Timeline) -> list[list[tuple[str, float, float]]]:
    return [
        [(block["kind"], block["left"], block["width"]) for block in row["blocks"]]
        for row in made["rows"]
    ]


def test_one_lane_draws_its_batches_one_after_the_other() -> None:
    spans = [span(number, 0, 300 * number, 300 * number + 300) for number in range(4)]
    made = timeline.layout(spans, start=START, end=START + 1200, scale=1200)
    assert drawn(made) == [[("sent", 25.0 * number, 25.0) for number in range(4)]]


def test_several_lanes_draw_theirs_at_the_same_time() -> None:
    spans = [span(number, number % 5, 300 * (number // 5), 300) for number in range(10)]
    for made_span in spans[5:]:
        made_span["end"] = START + 600
    made = timeline.layout(spans, start=START, end=START + 600)
    assert drawn(made) == [[("sent", 0.0, 50.0), ("sent", 50.0, 50.0)]] * 5
    assert [row["label"] for row in made["rows"]] == [f"Lane {number}" for number in range(1, 6)]
    assert made["ticks"] == ["0 s", "0.3 s", "0.6 s"]
    assert made["summary"] == "Timeline: 5 lanes, 10 batches sent. Time: 0.6 s."


def test_runs_on_one_scale_can_be_compared() -> None:
    scale = timeline.scale_ms(max(1200, 300))
    short = timeline.layout([span(0, 0, 0, 300)], start=START, end=START + 300, scale=scale)
    assert scale == 1500
    assert drawn(short) == [[("sent", 0.0, 20.0)]]


@pytest.mark.parametrize(
    ("longest_ms", "scale_ms"),
    [(0, 100), (100, 100), (101, 150), (650, 800), (3100, 4000), (11_000, 15_000)],
)
def test_a_scale_is_round(longest_ms: float, scale_ms: float) -> None:
    assert timeline.scale_ms(longest_ms) == scale_ms


def test_an_attempt_that_is_followed_by_another_was_repeated() -> None:
    spans = [
        span(0, 0, 0, 100, status=503),
        span(0, 0, 300, 500, attempt=2, waited=200),
        span(1, 1, 0, 200, status=0),
    ]
    made = timeline.layout(spans, start=START, end=START + 500, scale=1000)
    assert drawn(made) == [
        [("retried", 0.0, 10.0), ("waiting", 10.0, 20.0), ("sent", 30.0, 20.0)],
        [("failed", 0.0, 20.0)],
    ]
    assert [block["label"] for block in made["rows"][0]["blocks"]] == [
        "Batch 1: 1,000 visits, not taken after 0.1 s. It went again.",
        "Batch 1 waited for 0.2 s.",
        "Batch 1: 1,000 visits, sent in 0.2 s. It was attempt 2.",
    ]
    assert made["summary"] == (
        "Timeline: 2 lanes, 1 batch sent, 1 wait, 1 attempt repeated, 1 attempt failed. "
        "Time: 0.5 s."
    )


@pytest.mark.parametrize("changes", [{"rejected": 3}, {"status": 400}, {"status": 413}])
def test_refused_visits_are_seen(changes: dict[str, int]) -> None:
    made = timeline.layout([span(0, 0, 0, 100, **changes)], start=START, end=START + 100)
    assert drawn(made) == [[("rejected", 0.0, 100.0)]]


def test_what_is_under_way_grows_to_now() -> None:
    busy = [lane(0, 2, "sending", 300), lane(1, 1, "pausing", 200), lane(2, 3, "reading", 0)]
    made = timeline.layout(
        [span(0, 0, 0, 300), span(1, 1, 0, 200, status=503)],
        start=START,
        end=START + 400,
        busy=busy,
        scale=1000,
        lanes=4,
    )
    assert drawn(made) == [
        [("sent", 0.0, 30.0), ("sending", 30.0, 10.0)],
        [("retried", 0.0, 20.0), ("waiting", 20.0, 20.0)],
        [],
        [],
    ]
    assert timeline.legend(made) == [
        ("sent", "sent"),
        ("sending", "on its way"),
        ("waiting", "waiting"),
        ("retried", "sent again"),
    ]
    assert made["summary"].startswith(
        "Timeline: 4 lanes, 1 batch sent, 1 batch on its way, 1 wait, 1 attempt repeated."
    )


def test_a_lane_of_an_earlier_version_is_drawn_from_where_it_was_entered() -> None:
    entered = lane(0, 0, "sending", 0)
    del entered["phaseSince"]
    made = timeline.layout([], start=START, end=START + 50, busy=[entered], scale=100)
    assert drawn(made) == [[("sending", 0.0, 50.0)]]


def test_many_short_attempts_are_drawn_as_few_blocks_and_the_gravest_shows() -> None:
    spans = [span(number, 0, 10 * number, 10 * number + 10) for number in range(5000)]
    spans[7]["rejected"] = 1
    [row] = timeline.layout(spans, start=START, end=START + 50_000)["rows"]
    assert len(row["blocks"]) < 150
    assert sum(block["count"] for block in row["blocks"]) == 5000
    assert [block["kind"] for block in row["blocks"]].count("rejected") == 1
    assert row["blocks"][-1]["label"].endswith("in a row, all sent.")


def test_attempts_that_are_told_as_one_count_as_many() -> None:
    made = timeline.layout([span(0, 0, 0, 100, batches=40)], start=START, end=START + 100)
    assert made["rows"][0]["blocks"][0]["label"] == "40 in a row, all sent."
    assert made["summary"] == "Timeline: 1 lane, 40 batches sent. Time: 0.1 s."


def test_a_window_leaves_out_what_ended_before_it() -> None:
    spans = [span(number, 0, 100 * number, 100 * number + 100) for number in range(4)]
    progress = {"startedAt": START, "spans": spans[2:], "spansLeftOut": 2}
    start = timeline.window(progress)
    assert start == START + 200
    assert timeline.window({**progress, "spansLeftOut": 0}) == START
    assert timeline.window({**progress, "spans": []}) == START
    made = timeline.layout(spans, start=start + 1, end=START + 400, scale=200)
    assert [left for _, left, _ in drawn(made)[0]] == [0.0, 49.5]


def test_it_speaks_german_too() -> None:
    texts.use(source("de"))
    made = timeline.layout([span(0, 0, 0, 350)], start=START, end=START + 350)
    assert made["rows"][0]["blocks"][0]["label"] == "Paket 1: 1.000 Besuche, gesendet in 0,35 s."


def test_a_run_under_way_goes_before_a_past_one() -> None:
    spans = [span(0, 0, 0, 300)]
    progress = {
        "startedAt": START,
        "spans": spans,
        "spansLeftOut": 0,
        "lanes": [lane(1, 1, "sending", 0)],
        "laneCount": 2,
    }
    past = {"startedAt": START, "endedAt": START + 600, "spans": spans}
    now = timeline.of(progress, past, now=START + 400)
    assert now is not None
    assert drawn(now) == [[("sent", 0.0, 75.0)], [("sending", 0.0, 100.0)]]
    before = timeline.of(None, past, now=START + 400)
    assert before is not None
    assert drawn(before) == [[("sent", 0.0, 50.0)]]
    assert timeline.of(None, {**past, "spans": []}, now=START) is None
    assert timeline.of(None, None, now=START) is None
