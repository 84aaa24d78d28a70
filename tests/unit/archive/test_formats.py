"""Files of visits, read in pieces of any size."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heyho.archive.formats import LONGEST_ENTRY, ListReader, Unreadable, reader_for

TAKEOUT = json.dumps(
    {
        "Session": [{"url": "https://not.example/"}],
        "Browser History": [
            {
                "favicon_url": "https://a.example/favicon.ico",
                "page_transition": "LINK",
                "title": "Ein “Titel” ] [ {",
                "url": "https://a.example/1",
                "client_id": "abc",
                "time_usec": 1_700_000_000_123_456,
            },
            {"title": "", "url": "https://a.example/2", "time_usec": 1_700_000_001_000_000},
        ],
        "Typed Url": [{"url": "https://not.example/"}],
    }
)
TITLE = 'two\r\nlines, and "more"'
CSV = 'url,title,time\r\nhttps://a.example/,"two\r\nlines, and ""more""",1700000000\r\n\r\nx,,\r\n'


def read(text: str, size: int = 1_000_000) -> tuple[str, list[tuple[int, Any]]]:
    """The format, and all entries of a text that comes in pieces."""
    reader, start, entries = None, "", []
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    for number, piece in enumerate([*pieces, ""]):
        last = number == len(pieces)
        start += piece
        reader = reader or reader_for(start, whole=last)
        if reader is not None:
            entries += list(reader.feed(start, last=last))
            start = ""
    assert reader is not None
    return reader.format, entries


@pytest.mark.parametrize("indent", [None, 2])
def test_takeout(indent: int | None) -> None:
    text = json.dumps(json.loads(TAKEOUT), indent=indent)
    kind, entries = read(text)
    assert kind == "takeout"
    assert [(number, entry["url"]) for number, entry in entries] == [
        (1, "https://a.example/1"),
        (2, "https://a.example/2"),
    ]


def test_csv_rows_go_on_over_lines() -> None:
    kind, entries = read(CSV)
    assert kind == "csv"
    assert entries == [
        (
            2,
            {
                "url": "https://a.example/",
                "title": 'two\r\nlines, and "more"',
                "time": "1700000000",
            },
        ),
        (5, {"url": "x", "title": "", "time": ""}),
    ]


@pytest.mark.parametrize("mark", [";", "\t"])
def test_csv_of_other_countries(mark: str) -> None:
    _, [(_, entry)] = read(f"\ufeffURL{mark}Zeit{mark}Titel\nhttps://a.example/{mark}1{mark}x,y")
    assert entry == {"URL": "https://a.example/", "Zeit": "1", "Titel": "x,y"}


def test_a_quotation_mark_that_nothing_closes_spoils_one_line() -> None:
    lines = "".join(f"https://a.example/{n},x,{n}\n" for n in range(200_000))
    _, entries = read(f'url,title,time\nhttps://a.example/,"broken,1\n{lines}')
    assert len(entries) == 200_001
    assert isinstance(entries[0][1], Unreadable)
    assert entries[0][0] == 2
    assert entries[-1] == (
        200_002,
        {"url": "https://a.example/199999", "title": "x", "time": "199999"},
    )


def test_own_table_is_unguarded() -> None:
    text = "id,url,title,startedAt,endedAt,idlePeriods\nv,https://a.example/,'=1+1,1,2,[]\n"
    _, [(_, entry)] = read(text)
    assert entry["title"] == "=1+1"
    assert (entry["startedAt"], entry["idlePeriods"]) == (1, [])


def test_lines_that_are_none_are_named() -> None:
    kind, entries = read('{"url": 1}\n\nnonsense\n[]\n{"url": 2')
    assert kind == "lines"
    assert [number for number, _ in entries] == [1, 3, 4, 5]
    assert [isinstance(entry, Unreadable) for _, entry in entries] == [False, True, True, True]


def test_a_list_that_is_cut_off_gives_what_is_whole() -> None:
    kind, entries = read('[{"url": 1}, 5, {"url": 2}, {"url"')
    assert kind == "json"
    assert [isinstance(entry, Unreadable) for _, entry in entries] == [False, True, False, True]


def test_what_is_no_entry_is_passed_over_in_the_end() -> None:
    broken = '[{"url": 1}, {"x" ' + " " * LONGEST_ENTRY + '{"url": 2}]'
    _, entries = read(broken, 100_000)
    assert [entry for _, entry in entries if isinstance(entry, dict)] == [{"url": 1}, {"url": 2}]


@given(st.integers(1, 40), st.sampled_from([TAKEOUT, CSV, '{"a": 1}\n{"b": "\\n"}\n']))
def test_the_size_of_pieces_does_not_matter(size: int, text: str) -> None:
    assert read(text, size) == read(text)


@given(st.text(alphabet='{}[]",:\n\r a1\\', max_size=60), st.integers(1, 9))
def test_no_text_makes_it_fail(text: str, size: int) -> None:
    if text:
        read(text, size)


@pytest.mark.parametrize(
    ("start", "end", "after"),
    [
        ('{"a":1}\n"', '"\n{"a":2}\n', (3, {"a": 2})),
        ("a,b\n", "\n1,2\n", (3, {"a": "1", "b": "2"})),
        ('a,b\n1,"', "\n3,4\n", (4, {"a": "3", "b": "4"})),
    ],
)
def test_a_line_without_an_end_is_passed_over_and_not_kept(
    start: str, end: str, after: tuple[int, Any]
) -> None:
    reader = reader_for(start, whole=False)
    assert reader is not None
    entries = list(reader.feed(start))
    for _ in range(5 * LONGEST_ENTRY // 100_000):
        entries += reader.feed(100_000 * "x")
        assert sum(len(part) for part in vars(reader).values() if isinstance(part, str)) < 1.2e6
    entries += reader.feed(end, last=True)
    assert Unreadable("It is too long.") in [entry for _, entry in entries]
    assert entries[-1][1] == after[1]


def test_a_file_of_one_line_without_an_end_is_looked_at_only_so_far() -> None:
    assert reader_for("x" * LONGEST_ENTRY, whole=False) is None
    reader = reader_for("x" * (LONGEST_ENTRY + 1), whole=False)
    assert reader is not None
    entries = list(reader.feed("x" * (LONGEST_ENTRY + 1)))
    entries += reader.feed("\n1,2\n", last=True)
    assert all(isinstance(entry, Unreadable) for _, entry in entries)


@pytest.mark.parametrize("part", ["{", '{"a":', "[", '{"a', "{ "])
def test_what_never_ends_is_no_work_without_end(part: str) -> None:
    text = "[" + part * (LONGEST_ENTRY // len(part))
    attempts = 0
    reader = reader_for(text, whole=False)
    assert isinstance(reader, ListReader)
    decode = reader._decode

    def counted(*args: Any) -> Any:
        nonlocal attempts
        attempts += 1
        return decode(*args)

    reader._decode = counted  # type: ignore[assignment]
    entries = list(reader.feed(text)) + list(reader.feed("", last=True))
    assert len(entries) < 25
    assert attempts < 30
