"""Imports, from a request to the store."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heyho.archive.slices import PAGES_PER_SLICE
from heyho.errors import HeyhoError
from heyho.ports import Record
from heyho.testing.archive import MemoryHistory
from heyho.testing.loop import jumping, run_jumping
from unit.archive.archive_desk import DAY, NOW, Desk, bare, visit


def lines(*entries: object) -> str:
    return "".join(f"{json.dumps(entry)}\n" for entry in entries)


def page(number: int, *ages_ms: int, **changes: Any) -> Record:
    """A page of the browser's history, with visits that long ago."""
    visits = [
        {
            "visitId": f"{number}-{age}",
            "referringVisitId": "0",
            "visitTime": NOW - age + 0.25,
            "transition": "typed",
        }
        for age in ages_ms
    ]
    url = f"https://old.example/{number}"
    return {"url": url, "title": f"Old {number}", "visits": visits, **changes}


@jumping
async def test_a_file_is_looked_at_before_anything_is_written() -> None:
    desk = Desk()
    text = lines({"url": "https://a.example/", "time": NOW - DAY}, {"url": 5}, {"a": 1})
    job = await desk.import_file(text, preview=True)
    assert (job["state"], job["format"], job["preview"]) == ("done", "lines", True)
    assert (job["visits"], job["bad"], job["added"]) == (1, 2, 0)
    assert job["problems"] == [
        {"number": 2, "reason": "It has no time that can be read; ISO 8601 or epoch can."},
        {"number": 3, "reason": "It has no time that can be read; ISO 8601 or epoch can."},
    ]
    assert (job["firstAt"], job["lastAt"]) == (NOW - DAY, NOW - DAY)
    assert job["read"] == job["size"] == len(text)
    assert desk.visits() == []


@jumping
async def test_the_same_file_twice_adds_nothing_the_second_time() -> None:
    desk = Desk()
    entries = [{"url": f"https://a.example/{n}", "time": NOW - n * 1000} for n in range(1, 2501)]
    first = await desk.import_file(lines(*entries))
    assert (first["state"], first["added"], first["known"]) == ("done", 2500, 0)
    before = desk.visits()
    again = await desk.import_file(lines(*entries))
    assert (again["added"], again["known"]) == (0, 2500)
    assert desk.visits() == before


@jumping
async def test_what_heyho_has_recorded_is_not_doubled() -> None:
    desk = Desk(3)
    seen = visit(1)
    open_visit = {"url": "https://open.example/", "startedAt": NOW - 1000}
    desk.database.state["fold"] = {"tabs": [{"visit": open_visit}, {"visit": None}]}
    job = await desk.import_file(
        lines(
            {"url": seen["url"], "time": seen["startedAt"] + 4_000},
            {"url": seen["url"], "time": seen["startedAt"] + 6_000},
            {"url": visit(2)["url"], "time": seen["startedAt"]},
            {"url": "https://open.example/", "time": NOW - 800},
        )
    )
    assert (job["doubled"], job["added"]) == (2, 2)


@jumping
async def test_two_visits_of_an_import_that_are_close_are_both_kept() -> None:
    desk = Desk()
    entries = [{"url": "https://a.example/", "time": NOW - 9_000 + n} for n in (0, 1_000)]
    assert (await desk.import_file(lines(*entries)))["added"] == 2
    assert (await desk.import_file(lines(*reversed(entries))))["known"] == 2


@jumping
async def test_a_file_without_any_visit_says_so() -> None:
    job = await Desk().import_file("%PDF-1.7\n\x00nonsense")
    assert job["state"] == "failed"
    assert "no visits" in job["error"]


@jumping
async def test_a_file_that_is_gone_says_so() -> None:
    desk = Desk()
    await desk.ask("import", source="file", url="blob:gone")
    await desk.work()
    job = (await desk.ask("archive"))["job"]
    assert job["state"] == "failed"
    assert "once more" in job["error"]


@jumping
async def test_an_import_can_be_stopped_and_only_one_goes_on_at_a_time() -> None:
    desk = Desk()
    entries = [{"url": f"https://a.example/{n}", "time": NOW - n * 1000} for n in range(1, 5001)]
    desk.files.files["blob:x"] = lines(*entries).encode()
    await desk.ask("import", source="file", url="blob:x")
    for _ in range(100):
        assert await desk.archive.step()
    with pytest.raises(HeyhoError, match="under way"):
        await desk.ask("import", source="history")
    with pytest.raises(HeyhoError, match="under way"):
        await desk.ask("delete", query={"everything": True})
    assert (await desk.ask("import_stop"))["stopped"]
    assert (await desk.ask("archive"))["job"]["state"] == "stopped"
    assert 0 < len(desk.visits()) < 5000
    assert not (await desk.ask("import_stop"))["stopped"]
    assert not await desk.archive.step()


@jumping
async def test_an_import_that_another_engine_has_left_can_be_stopped_too() -> None:
    desk = Desk(history=MemoryHistory([page(n, n * 3_600_000 + 1) for n in range(600)]))
    await desk.ask("import", source="history")
    while not desk.visits():
        assert await desk.archive.step()
    imported = len(desk.visits())
    desk.restart()
    with pytest.raises(HeyhoError, match="under way"):
        await desk.ask("delete", query={"everything": True})
    desk.restart()
    with pytest.raises(HeyhoError, match="under way"):
        await desk.ask("import", source="file", url="blob:x")
    desk.restart()
    assert (await desk.ask("import_stop"))["stopped"]
    await desk.work()
    desk.restart()
    await desk.work()
    assert len(desk.visits()) == imported < 600


@jumping
async def test_a_history_is_read_in_slices_the_earliest_first() -> None:
    pages = [page(n, n * 3_600_000 + 1, n * 3_600_000 + 5) for n in range(3 * PAGES_PER_SLICE)]
    desk = Desk(history=MemoryHistory(pages))
    job = await desk.import_history()
    assert (job["state"], job["added"], job["read"]) == ("done", 2 * len(pages), 1000)
    times = [each["startedAt"] for each in desk.visits()]
    assert times == sorted(times)
    assert len(desk.history.asked) < 60
    assert "import" not in desk.database.state or desk.database.state["import"] is None
    again = await desk.import_history()
    assert (again["added"], again["known"]) == (0, 2 * len(pages))


@jumping
async def test_what_led_to_a_page_is_its_source() -> None:
    first = page(1, 5_000)
    second = page(2, 4_000)
    second["visits"][0] |= {"transition": "link", "referringVisitId": "1-5000"}
    frame = page(3, 3_000)
    frame["visits"][0]["transition"] = "auto_subframe"
    desk = Desk(history=MemoryHistory([second, first, frame]))
    job = await desk.import_history()
    assert (job["added"], job["others"]) == (2, 1)
    source, follower = desk.visits()
    assert (source["transition"], follower["transition"]) == ("typed", "link")
    assert follower["sourcePageVisitId"] == source["id"]


@jumping
async def test_a_history_that_may_not_be_read_says_so() -> None:
    job = await Desk(history=MemoryHistory(allowed=False)).import_history()
    assert job["state"] == "failed"
    assert "may not read" in job["error"]


def test_an_import_of_the_history_goes_on_after_a_kill_anywhere() -> None:
    pages = [page(n, n * 3_600_000 + 1) for n in range(PAGES_PER_SLICE + 50)]
    whole = Desk(history=MemoryHistory(pages))
    run_jumping(whole.import_history())
    for steps in range(1, 40):
        desk = Desk(history=MemoryHistory(pages))

        async def begin(desk: Desk = desk, steps: int = steps) -> None:
            await desk.ask("import", source="history")
            for _ in range(steps):
                await desk.archive.step()

        run_jumping(begin())
        desk.restart()
        run_jumping(desk.work())
        assert bare(desk.visits()) == bare(whole.visits())
        assert desk.database.state["import"] is None


@jumping
async def test_pages_that_are_excluded_meanwhile_are_left_out_from_then_on() -> None:
    desk = Desk()
    entries = [{"url": f"https://a.example/{n}", "time": NOW - n * 1000} for n in range(1, 3001)]
    desk.files.files["blob:x"] = lines(*entries).encode()
    await desk.ask("import", source="file", url="blob:x")
    while not desk.visits():
        assert await desk.archive.step()
    desk.database.state["settings"] = {"excluded": ["a.example"]}
    await desk.work()
    job = (await desk.ask("archive"))["job"]
    assert job["added"] < 1100
    assert job["added"] + job["excluded"] == 3000


@jumping
async def test_nobodys_password_comes_with_a_visit_of_another_heyho() -> None:
    desk = Desk()
    told = {"id": "a-1", "url": "https://me:secret@a.example/x", "startedAt": NOW - 1}
    job = await desk.import_file(lines(told))
    assert (job["added"], desk.visits()[0]["url"]) == (1, "https://a.example/x")


@jumping
async def test_excluded_pages_are_left_out() -> None:
    desk = Desk(history=MemoryHistory([page(1, 1_000), page(2, 2_000)]))
    desk.database.state["settings"] = {"excluded": ["old.example/1"]}
    job = await desk.import_history()
    assert (job["added"], job["excluded"]) == (1, 1)
    assert "old.example/1" not in json.dumps(desk.visits())


hostile = st.text(alphabet="=+-@\t\r\n'\",;ü🙂 a\x85\u2028", max_size=12)


@pytest.mark.parametrize("form", ["jsonl", "csv"])
@given(titles=st.lists(hostile, max_size=8))
def test_an_import_of_an_export_gives_the_same_visits(form: str, titles: list[str]) -> None:
    async def both() -> None:
        desk, other = Desk(), Desk()
        idle = [{"start": NOW - DAY, "end": NOW - DAY + 5, "reason": "hidden"}]
        changes: list[dict[str, Any]] = [{"title": title} for title in titles]
        changes.append({"tabId": None, "transition": None, "idlePeriods": idle})
        desk.database.append_visits(visit(n, **each) for n, each in enumerate(changes))
        job = await other.import_file(await desk.export(form))
        assert (job["bad"], job["added"]) == (0, len(changes))
        assert bare(other.visits()) == bare(desk.visits())

    run_jumping(both())


@jumping
async def test_an_export_of_a_site_or_of_days_has_no_other_visits() -> None:
    desk = Desk(2500)
    text = await desk.export("jsonl", site="site-1.example")
    urls = [json.loads(line)["url"] for line in text.splitlines()]
    assert len(urls) == 833
    assert all(url.startswith("https://site-1.example/") for url in urls)
    days = {"from": NOW - 3 * DAY, "to": NOW - DAY}
    assert len((await desk.export("jsonl", **days)).splitlines()) == 2


@jumping
async def test_no_title_is_a_formula_in_a_spreadsheet() -> None:
    desk = Desk()
    desk.database.append_visits([visit(1, title="=HYPERLINK(1)"), visit(2, title="'quoted")])
    text = await desk.export("csv")
    assert ",'=HYPERLINK(1)," in text
    assert ",''quoted," in text


@jumping
async def test_pages_hear_how_an_import_goes() -> None:
    desk = Desk()
    await desk.import_file(lines({"url": "https://a.example/", "time": NOW - DAY}))
    told = [message["job"]["state"] for message in desk.browser.published]
    assert told[-1] == "done"
    assert set(told[:-1]) <= {"running"}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_spreadsheets_encodings_are_read(encoding: str) -> None:
    async def imported() -> list[Record]:
        desk = Desk()
        table = f"url,title,time\nhttps://a.example/,Grüße 😀,{NOW - DAY}\n"
        desk.files.files["blob:x"] = table.encode(encoding)
        await desk.ask("import", source="file", url="blob:x")
        await desk.work()
        return desk.visits()

    assert [visit["title"] for visit in run_jumping(imported())] == ["Grüße 😀"]


@jumping
async def test_a_job_tells_whose_file_it_reads() -> None:
    desk = Desk()
    desk.files.files["blob:mine"] = b"x"
    job = (await desk.ask("import", source="file", url="blob:mine", preview=True))["job"]
    assert job["url"] == "blob:mine"
