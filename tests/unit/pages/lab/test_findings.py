"""The lab's page in words and places."""

from __future__ import annotations

from typing import Any

import pytest

from harness.texts import source
from heyho import texts
from heyho.lab.laboratory import USUAL_VISITS
from heyho.lab.verdict import Reason
from heyho.lab.ways import WAYS
from heyho.pages.lab import findings
from heyho.settings import Settings

NAMES = [way.name for way in WAYS]


def a_way(way: str, ms: float, **changes: Any) -> dict[str, Any]:
    spans = [
        {"batch": n, "lane": n % 2, "start": n * 100.0, "end": n * 100.0 + 300, "visits": 1000}
        | {"bytes": 2048, "status": 200, "attempt": 1}
        for n in range(3)
    ]
    return {
        "way": way,
        "changes": {},
        "lanes": 2,
        "workers": 0,
        "ms": ms,
        "idealMs": 300.0,
        "requestMs": 310.0,
        "error": None,
        "batches": 3,
        "visits": 3000,
        "bytes": 6144,
        "rejected": 0,
        "retries": 1,
        "rateLimited": 0,
        "spans": spans,
        **changes,
    }


def a_verdict(**changes: Any) -> dict[str, Any]:
    return {
        "reason": "limited",
        "best": "concurrent-5",
        "bestMs": 700.0,
        "batches": 30,
        "compared": "sequential",
        "comparedMs": 3100.0,
        "quota": 5,
        "windowS": 1.0,
        "changes": {"strategy": "concurrent", "concurrency": 5},
        "failed": [],
        **changes,
    }


def a_session(*ways: dict[str, Any], **verdict: Any) -> dict[str, Any]:
    return {"visits": 3000, "batches": 3, "ways": list(ways), "verdict": a_verdict(**verdict)}


def a_progress(**changes: Any) -> dict[str, Any]:
    return {
        "ways": NAMES,
        "visits": 3000,
        "batches": 3,
        "startedAt": 0.0,
        "phase": "measuring",
        "way": "concurrent-2",
        "wayStartedAt": 5000.0,
        "until": None,
        "batchesDone": 1,
        "inFlight": 2,
        "done": [{"way": "sequential", "ms": 900.0, "error": None, "lanes": 1}],
        **changes,
    }


def test_what_a_session_would_send() -> None:
    assert findings.plan(10_000, 10, 6) == (
        "Sends 10,000 visits in 10 batches, once or twice on each of 6 ways."
    )
    assert findings.plan(1, 1, 6) == "Sends 1 visit in 1 batch, once or twice on each of 6 ways."
    assert findings.USUAL == USUAL_VISITS
    assert findings.USUAL in findings.CHOICES


def test_what_stands_in_the_way() -> None:
    fine = {"canSync": True, "visits": 5, "trials": None}
    assert findings.obstacle(fine) == findings.obstacle({**fine, "trials": True}) == ""
    nowhere = findings.obstacle({**fine, "canSync": False})
    assert nowhere == "Connect your server in the settings first."
    assert "no visit" in findings.obstacle({**fine, "visits": 0})
    assert "offers no trials" in findings.obstacle({**fine, "trials": False})


def test_when_it_was_and_how_much_it_sent() -> None:
    many, one = a_session(), {**a_session(), "visits": 1}
    assert findings.measured(many, "4 May") == "Measured on 4 May, with 3,000 visits."
    texts.use(source("de"))
    assert findings.measured(many, "4. Mai") == "Gemessen am 4. Mai, mit 3.000 Besuchen."
    assert findings.measured(one, "4. Mai") == "Gemessen am 4. Mai, mit 1 Besuch."


def test_a_verdict_is_two_sentences() -> None:
    verdict = a_verdict()
    assert findings.suits(verdict) == (
        "“5 at once” suits you: it took 0.7 s, “One by one” took 3.1 s."
    )
    assert findings.because(verdict).startswith("Your server allows 5 requests in 1 s,")
    assert findings.because(a_verdict(reason="quota")) == (
        "More lanes did not help: your server allows 5 requests in 1 s."
    )
    assert findings.because(a_verdict(reason="quota", quota=1)).endswith("1 request in 1 s.")
    assert findings.chance(verdict) == ""
    swaying = a_verdict(quickest="concurrent-10", quickestMs=400.0, chanceMs=280.0)
    assert findings.chance(swaying).startswith("“10 at once” took 0.4 s, but")
    assert findings.left_out(verdict) == ""
    assert "In parallel threads" in findings.left_out(a_verdict(failed=["parallel"]))
    assert findings.suits(a_verdict(best=None)) == ""
    assert "only 3 batches" in findings.because(a_verdict(reason="batches", batches=3))


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_way_reason_and_end_has_its_sentence(language: str) -> None:
    texts.use(source(language))
    assert len({findings.name(name) for name in NAMES}) == len(NAMES)
    for reason in Reason.__args__:  # type: ignore[attr-defined]
        assert findings.because(a_verdict(reason=reason))
    for outcome in ("complete", "cancelled", "run", "no_trials", "failed"):
        assert findings.ending(outcome, "Why.")
    assert findings.ending("failed", "Why.").endswith("Why.")
    for why in ("no_server", "no_visits", "run"):
        assert findings.refusal(why)
    for phase in ("warming", "resting", "measuring"):
        assert findings.step(a_progress(phase=phase))


def test_it_knows_what_is_in_use() -> None:
    for way in WAYS:
        used = way.settings(Settings(strategy="sequential", concurrency=3))
        assert findings.is_in_use(way.changes, used.strategy, used.concurrency)
    assert not findings.is_in_use({"strategy": "concurrent", "concurrency": 5}, "concurrent", 2)
    assert not findings.is_in_use({"strategy": "auto"}, "concurrent", 5)


def test_bars_are_on_one_scale_with_their_limits() -> None:
    session = a_session(
        a_way("sequential", 2000.0, idealMs=1000.0),
        a_way("concurrent-5", 500.0),
        a_way("parallel", 100.0, error="No.", idealMs=None),
    )
    slow, best, failed = findings.bars(session)
    assert (slow["width"], slow["limit"], slow["kind"], slow["time"]) == (100.0, 50.0, "", "2 s")
    assert (best["width"], best["limit"], best["kind"]) == (25.0, 15.0, "best")
    assert (failed["time"], failed["limit"], failed["note"]) == ("failed", None, "No.")
    assert findings.ticks(findings.scale_of(session)) == ["0 s", "1 s", "2 s"]


def test_bars_grow_while_it_lasts() -> None:
    bars, scale = findings.bars_so_far(a_progress(), now=5450.0)
    assert scale == 1000
    assert [(bar["width"], bar["kind"], bar["time"]) for bar in bars[:3]] == [
        (90.0, "", "0.9 s"),
        (45.0, "now", "0.45 s"),
        (0.0, "", "waits"),
    ]
    assert findings.count(a_progress()) == "1 of 3 batches are answered."
    resting = a_progress(phase="resting", way=None)
    assert findings.count(resting) == ""
    assert all(bar["kind"] == "" for bar in findings.bars_so_far(resting, now=9e6)[0])


def test_timelines_and_their_legend() -> None:
    spans = a_way("sequential", 500.0)["spans"]
    refused = [{**spans[0], "status": 429}, *spans[1:]]
    sheets = findings.sheets(
        a_session(a_way("sequential", 500.0), a_way("auto", 500.0, spans=refused, lanes=3))
    )
    assert [title for title, _, _ in sheets] == ["One by one", "Automatic"]
    assert [len(sheet["rows"]) for _, _, sheet in sheets] == [2, 3]
    assert {sheet["scaleMs"] for _, _, sheet in sheets} == {500.0}
    assert [kind for kind, _ in findings.legend(sheets)] == ["sent", "failed"]


def test_the_table_says_what_the_charts_show() -> None:
    session = a_session(a_way("concurrent-2", 900.0), a_way("auto", 5.0, error="No.", idealMs=None))
    assert findings.rows(session) == [
        ["2 at once", "0.9 s", "0.3 s", "0.31 s", "2", "1", "6 KiB"],
        ["Automatic", "failed", "unknown", "0.31 s", "2", "1", "6 KiB"],
    ]
