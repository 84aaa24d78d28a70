"""Visits can be meant by presets, with what is to be recorded anyway left out."""

from __future__ import annotations

from types import SimpleNamespace

from heyho.archive.selection import Selection

QUERY = {"patterns": ["a.example"], "presets": ["banks", "nonsense"], "recorded": ["dkb.de"]}


def test_presets_and_exceptions() -> None:
    selection = Selection.from_record(QUERY)
    assert selection.to_record() == {**QUERY, "presets": ["banks"]}
    assert Selection.from_record(selection.to_record()) == selection
    means = selection.matcher()
    meant = {
        url: means(SimpleNamespace(url=url, domain="", startedAt=0))
        for url in (
            "https://a.example/",
            "https://www.chase.com/",
            "https://dkb.de/",
            "https://b.example/",
        )
    }
    assert list(meant.values()) == [True, True, False, False]


def test_exceptions_alone_mean_nothing() -> None:
    assert Selection.from_record({"site": "a.example", "recorded": ["x"]}).recorded == ()
