"""What the options page says of a pairing code."""

from __future__ import annotations

from typing import Any

import pytest

from heyho.pages.pairing import missing, trouble


@pytest.mark.parametrize(
    ("status", "answer", "says"),
    [
        (200, {"token": "x"}, ""),
        (200, {"token": ""}, "not that of a server"),
        (200, {"token": " \n"}, "not that of a server"),
        (200, {"token": "☃ <b>"}, "not that of a server"),
        (200, {"token": "x" * 100_000}, "not that of a server"),
        (200, {"token": 7}, "not that of a server"),
        (200, None, "not that of a server"),
        (200, ["token"], "not that of a server"),
        (404, {"message": "no such page"}, "not that of a server"),
        (400, {"error_code": "WRONG_CODE"}, "Make a new one"),
        (429, None, "Wait a few minutes"),
        (500, {}, "error of its own (500)"),
        (0, None, "did not answer"),
    ],
)
def test_how_it_went(status: int, answer: Any, says: str) -> None:
    assert says in trouble(status, answer)
    assert bool(says) == bool(trouble(status, answer))


def test_what_has_to_be_entered() -> None:
    assert "address" in missing(" ", "K7WM-3XQD")
    assert "code" in missing("https://history.example", "")
    assert missing("https://history.example", "K7WM-3XQD") == ""
