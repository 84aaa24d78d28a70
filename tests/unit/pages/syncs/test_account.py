"""A past sync in words."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import pytest

from harness.texts import source
from heyho import texts
from heyho.model import Run
from heyho.pages.shapes import Account
from heyho.pages.syncs import account
from heyho.sync.strategies.auto import choose

T0 = 1_790_000_000_000.0


def a_run(**changes: Any) -> dict[str, Any]:
    run = Run(started_at=T0, trigger="manual", strategy="concurrent", why="set in the options")
    record = {**run.to_record(), "endedAt": T0 + 650, "outcome": "complete", "key": 7}
    return {**record, "visits": 10_000, "batches": 10, "bytes": 120_400, **changes}


def figures(told: Account) -> dict[str, str]:
    return dict(told["figures"])


def test_a_good_run_has_its_figures_and_no_more() -> None:
    told = account.describe(a_run())
    assert (told["outcome"], told["tone"], told["error"]) == ("Complete", "calm", "")
    assert told["how"] == "Started by you. Several batches at once, as set."
    assert figures(told) == {
        "Visits": "10,000",
        "Batches": "10",
        "Size": "120 kB",
        "Time": "0.65 s",
        "Speed": "15,385 a second",
    }


def test_what_the_server_had_deleted_is_told() -> None:
    assert account.describe(a_run())["deleted"] == ""
    told = account.describe(a_run(deleted=12))
    assert told["deleted"] == "12 visits were not stored: you had deleted them on your server."
    earlier = a_run()
    del earlier["deleted"]
    assert account.describe(earlier)["deleted"] == ""


def test_a_bad_run_tells_what_went_wrong() -> None:
    error = "Your server did not answer."
    told = account.describe(
        a_run(
            trigger="periodic",
            outcome="failed",
            visits=0,
            batches=0,
            bytes=0,
            retries=4,
            rateLimited=1,
            rejected=2,
            error=error,
        )
    )
    assert (told["outcome"], told["tone"], told["error"]) == ("Failed", "trouble", error)
    assert told["how"].startswith("By itself.")
    told_figures = figures(told)
    assert "Speed" not in told_figures
    assert [told_figures[name] for name in ("Sent again", "Asked to wait", "Refused")] == [
        "4",
        "1",
        "2",
    ]


def test_what_the_person_stopped_is_no_trouble() -> None:
    told = account.describe(a_run(outcome="partial", cancelled=True))
    assert (told["outcome"], told["tone"]) == ("Stopped by you", "calm")


def test_a_run_is_new_if_it_has_a_record_that_is_not_listed() -> None:
    last, earlier = a_run(), a_run(startedAt=T0 - 1000)
    assert account.is_new(last, None)
    assert account.is_new(last, earlier)
    assert not account.is_new(last, a_run())
    assert account.is_new(a_run(outcome="nothing"), earlier)
    assert not account.is_new(a_run(outcome="nothing", trigger="periodic"), earlier)


def test_a_run_that_never_ended_took_no_time() -> None:
    assert account.took(a_run(endedAt=None)) == 0
    assert figures(account.describe(a_run(endedAt=None)))["Time"] == "0 s"


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (
            "concurrent, 10 lanes: a server with room for all lanes",
            "Several batches at once, 10 lanes, as Heyho chose: the server has room for all lanes.",
        ),
        (
            "sequential, 1 lane: one batch waits",
            "One batch after the other, 1 lane, as Heyho chose: one batch waited.",
        ),
        (
            "parallel, 5 lanes, 2 workers: preparing takes longest",
            "In threads of their own, 5 lanes, as Heyho chose: preparing takes longest.",
        ),
        ("concurrent, 5 lanes: the moon is full", "As Heyho chose."),
        ("", "As Heyho chose."),
    ],
)
def test_a_choice_is_explained(why: str, said: str) -> None:
    assert account.strategy(a_run(strategy="auto", why=why)) == said


def test_every_reason_of_the_decision_tree_has_its_words() -> None:
    tree = ast.parse(Path(inspect.getfile(choose)).read_text(encoding="utf-8"))
    reasons = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "why":
            reasons |= {found.value for found in [node.value] if isinstance(found, ast.Constant)}
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            reasons.add(ast.literal_eval(node.value.elts[-1]))
    assert reasons == set(account.WHYS)


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (2_340_000, "2.3 MB")]
)
def test_bytes_are_told_in_the_unit_that_fits(count: int, said: str) -> None:
    assert account.size(count) == said


def test_only_web_pages_are_linked_to() -> None:
    assert account.link("HTTPS://a.example/") == "HTTPS://a.example/"
    for url in ("javascript:alert(1)", "ftp://x/", "", "data:text/html,x"):
        assert account.link(url) == ""


def test_it_speaks_german_too() -> None:
    texts.use(source("de"))
    told = account.describe(a_run(strategy="sequential"))
    assert told["how"] == "Von dir gestartet. Ein Paket nach dem anderen, wie eingestellt."
