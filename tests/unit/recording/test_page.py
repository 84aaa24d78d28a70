"""Which addresses and titles are recorded."""

from __future__ import annotations

import pytest

from heyho.exclusions import Exclusions
from heyho.recording.page import clean_title, is_same_page, recordable_url
from heyho.wire import MAX_URL

NOTHING = Exclusions([])


@pytest.mark.parametrize(
    "url",
    [
        None,
        7,
        "",
        "chrome://newtab/",
        "file:///etc/hosts",
        "about:blank",
        "javascript:alert(1)",
        "http://",
        "https:///path",
        "https://a.example/\x00",
        "https://a.example/\ud800",
        "https://a.example/new\nline",
        "https://[bad",
        "https://a.example/" + "x" * MAX_URL,
    ],
)
def test_not_recordable(url: object) -> None:
    assert recordable_url(url, NOTHING) is None


@pytest.mark.parametrize(
    ("url", "recorded"),
    [
        ("https://a.example/p?q=1#f", "https://a.example/p?q=1#f"),
        ("HTTP://A.example/", "HTTP://A.example/"),
        ("https://me:secret@a.example/", "https://a.example/"),
        ("https://a.example/p?q#" + "f" * MAX_URL, "https://a.example/p?q"),
        ("https://a.example/p?" + "q" * MAX_URL + "#f", "https://a.example/p"),
    ],
)
def test_recordable(url: str, recorded: str) -> None:
    assert recordable_url(url, NOTHING) == recorded
    assert recordable_url(recorded, NOTHING) == recorded


@pytest.mark.parametrize("url", ["https://bank.example/x", "https://a@b@bank.example/"])
def test_excluded(url: str) -> None:
    assert recordable_url(url, Exclusions(["bank.example"])) is None


def test_excluded_by_what_is_too_long_to_be_kept() -> None:
    url = "https://a.example/p?secret" + "q" * MAX_URL
    assert recordable_url(url, NOTHING) == "https://a.example/p"
    assert recordable_url(url, Exclusions(["a.example/*secret*"])) is None


def test_same_page() -> None:
    assert is_same_page("https://a.example/#x", "https://a.example/")
    assert not is_same_page("https://a.example/?#x", "https://a.example/")


@pytest.mark.parametrize(
    ("title", "cleaned"),
    [
        (" A\tgood\r\n one\x85\x00", "A good one"),
        ("\ud83d torn", "torn"),
        ("👩‍👩‍👧 family", "👩‍👩‍👧 family"),
        ("x" * 501, "x" * 500),
        ("a.example", ""),
        ("https://a.example/ä", "https://a.example/ä"),
    ],
)
def test_clean_title(title: str, cleaned: str) -> None:
    assert clean_title(title, "https://a.example/") == cleaned


def test_a_placeholder_may_be_decoded() -> None:
    assert clean_title("a.example/ä b", "https://a.example/%C3%A4%20b") == ""
