"""A search, asked page by page while its text changes."""

from __future__ import annotations

from typing import Any

from heyho.pages.dashboard.finding import FIRST, PAGE, Finding


def a_page(count: int, following: Any = None, **more: Any) -> dict[str, Any]:
    visits = [{"id": f"visit-{number}"} for number in range(count)]
    reply = {"ok": True, "visits": visits, "next": following, "highlight": ["word"], "missing": 0}
    return {**reply, **more}


def test_pages_follow_each_other() -> None:
    finding = Finding()
    finding.begin("word")
    question = finding.question(more=False)
    assert question == {"kind": "search", "text": "word", "limit": FIRST, "before": None}
    assert finding.searching
    assert finding.question(more=True) is None, "one question at a time"
    cursor = {"startedAt": 1.0, "seq": 2}
    assert finding.answer(a_page(FIRST, cursor)) is not None
    assert (finding.found, finding.complete, finding.first[0]) == (FIRST, False, "visit-0")
    assert finding.question(more=False) is None
    question = finding.question(more=True)
    assert question == {"kind": "search", "text": "word", "limit": PAGE, "before": cursor}
    assert not finding.searching
    assert finding.waiting
    assert finding.answer(a_page(3)) is not None
    assert (finding.found, finding.complete) == (FIRST + 3, True)
    assert finding.question(more=True) is None


def test_an_answer_to_an_earlier_text_is_dropped() -> None:
    finding = Finding()
    finding.begin("w")
    assert finding.question(more=False)
    finding.begin("wo")
    finding.begin("wor")
    assert finding.question(more=False) is None
    assert finding.answer(a_page(5)) is None
    question = finding.question(more=False)
    assert question is not None
    assert question["text"] == "wor", "what was typed meanwhile is asked once"
    assert finding.answer(a_page(2)) is not None
    assert finding.found == 2


def test_a_late_page_of_an_earlier_text_is_dropped() -> None:
    finding = Finding()
    finding.begin("one")
    finding.question(more=False)
    finding.answer(a_page(FIRST, {"startedAt": 1.0, "seq": 1}))
    finding.question(more=True)
    finding.begin("two")
    assert finding.answer(a_page(PAGE)) is None
    question = finding.question(more=True)
    assert question is not None
    assert (question["text"], question["before"]) == ("two", None)


def test_a_failure_is_told_and_ends_until_asked_again() -> None:
    finding = Finding()
    finding.begin("word")
    finding.question(more=False)
    assert finding.answer({"ok": False, "error": "The disk is full."}) is None
    assert finding.problem == "The disk is full."
    assert finding.question(more=True) is None
    finding.again()
    assert finding.problem == ""
    assert finding.question(more=False)


def test_a_page_that_failed_is_asked_for_once_more() -> None:
    finding = Finding()
    finding.begin("word")
    finding.question(more=False)
    finding.answer(a_page(FIRST, {"startedAt": 1.0, "seq": 1}))
    question = finding.question(more=True)
    finding.answer({"ok": False, "error": "The disk is full."})
    finding.again()
    assert finding.question(more=True) == question
    assert finding.found == FIRST
