"""Whether the page in front is recorded, and why not."""

from __future__ import annotations

import pytest

from heyho.front import Front, standing
from heyho.settings import Settings
from heyho.testing.loop import jumping
from heyho.testing.stores import MemoryDatabase, MemoryStateStore, MemoryVisitStore
from unit.sync.device import visit_record

EXCLUDED = Settings(excluded=("bank.example", "news.example/account"))


@pytest.mark.parametrize(
    ("url", "state", "pattern"),
    [
        ("https://site.example/", "recorded", None),
        ("HTTP://site.example:8080/a?b#c", "recorded", None),
        ("https://login.bank.example/x", "excluded", "bank.example"),
        ("https://news.example/account/1", "excluded", "news.example/account"),
        ("https://news.example/", "recorded", None),
        ("chrome://extensions/", "browser", None),
        ("chrome-extension://kpmn/popup.html", "browser", None),
        ("about:blank", "browser", None),
        ("", "browser", None),
        ("file:///home/me/bank.example", "other", None),
        ("data:text/html,hello", "other", None),
    ],
)
def test_where_a_page_stands(url: str, state: str, pattern: str | None) -> None:
    assert standing(url, EXCLUDED) == (state, pattern)


def test_a_pause_comes_after_what_outlasts_it() -> None:
    paused = Settings(paused=True, excluded=("bank.example",))
    assert standing("https://site.example/", paused) == ("paused", None)
    assert standing("https://bank.example/", paused) == ("excluded", "bank.example")
    assert standing("chrome://newtab/", paused) == ("browser", None)


def test_a_kind_of_pages_that_is_kept_out_is_named() -> None:
    spared = Settings(recorded=("mybank.example.bank",), excluded=("bank.example",))
    assert standing("https://www.n26.com/app", spared) == ("preset", "banks")
    assert standing("https://mybank.example.bank/", spared) == ("recorded", None)
    assert standing("https://bank.example/", spared) == ("excluded", "bank.example")
    assert standing("https://www.n26.com/app", Settings(presets=())) == ("recorded", None)


@jumping
async def test_the_page_is_told_with_its_site_and_how_much_of_it_is_kept() -> None:
    database = MemoryDatabase(state={"settings": {"excluded": ["bank.example"]}})
    database.append_visits(visit_record(number) for number in range(3))
    front = Front(state=MemoryStateStore(database), visits=MemoryVisitStore(database))
    assert await front.step() is False
    answer = front.handlers["page"]
    assert await answer({"url": "https://www.site.example/new"}) == {
        "state": "recorded",
        "pattern": None,
        "site": "site.example",
        "visits": 3,
    }
    assert (await answer({"url": "https://bank.example/"}))["pattern"] == "bank.example"
    for url in ("chrome://settings/", None, 7, "https://[broken"):
        assert (await answer({"url": url}))["site"] == ""
