"""A deletion, an import, a sync and a session of the lab, all asked for at the same moment."""

from __future__ import annotations

import json
from typing import Any

from harness.backlog import differences, recorded_ids, seed, stored_ids
from harness.browser import Browser, read_store
from harness.desk import Desk
from harness.server import ServerProcess

VISITS = 485
KINDS = ("delete", "import", "run", "lab")

_SEND = """async ([requests, kinds, lines]) => {
  const url = URL.createObjectURL(new Blob([lines]));
  requests.import.url = url;
  const send = (kind) => chrome.runtime.sendMessage({
    target: "background", kind: "engine", request: { kind, ...requests[kind] },
  });
  const replies = await Promise.all(kinds.map(send));
  return Object.fromEntries(kinds.map((kind, number) => [kind, replies[number]]));
}"""
# An import goes on while nothing is asked: whoever looks every moment keeps it from that.
_SETTLED = """async () => {
  const ask = (kind) => chrome.runtime.sendMessage({
    target: "background", kind: "engine", request: { kind },
  });
  for (let looks = 0; looks < 60; looks += 1) {
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const { job } = await ask("archive");
    const { underWay } = await ask("lab_results");
    const { progress } = await ask("status");
    if (job?.state !== "running" && !underWay && !progress) return;
  }
  throw new Error("something goes on and on");
}"""


def lines_of(round_number: int) -> str:
    """A file of visits from another browser."""
    start = 1_700_000_000_000 + round_number * 1_000_000
    visits = (
        {"url": f"https://elsewhere-{round_number}.example/{n}", "title": "There", "visitTime": at}
        for n, at in enumerate(range(start, start + 300_000, 1000))
    )
    return "\n".join(map(json.dumps, visits))


def ask_at_once(desk: Desk, kinds: tuple[str, ...], site: str, lines: str) -> dict[str, Any]:
    """The replies by kind."""
    requests = {
        "delete": {"query": {"site": site}},
        "import": {"source": "file", "name": "a.jsonl", "size": len(lines), "preview": False},
        "run": {"trigger": "manual"},
        "lab": {"strategies": ["sequential", "concurrent-5"]},
    }
    replies: dict[str, Any] = desk.page.evaluate(_SEND, [requests, kinds, lines])
    return replies


def test_each_waits_or_says_why_not(browser: Browser, server: ServerProcess) -> None:
    desk = Desk(browser)
    desk.change(serverUrl=server.url, token=server.token, batchSize=100)
    gone: set[str] = set()
    for number in range(len(KINDS)):
        seed(desk.page, VISITS)
        site = f"site-{number}.example"
        gone |= {v["id"] for v in read_store(desk.page, "visits") if v["domain"] == site}
        lines = lines_of(number)
        kinds = (*KINDS[number:], *KINDS[:number])
        for _ in range(10):
            replies = ask_at_once(desk, kinds, site, lines)
            for kind, reply in replies.items():
                if not reply["ok"]:
                    assert (kind, reply["error"]) == ("delete", BUSY)
            desk.page.evaluate(_SETTLED)
            kinds = tuple(kind for kind in kinds if not replies.get(kind, {"ok": True})["ok"])
            if not kinds:
                break
        assert kinds == ()
    desk.page.close()
    browser.sync("")
    desk = Desk(browser)
    urls = [visit["url"] for visit in read_store(desk.page, "visits")]
    assert len([url for url in urls if "elsewhere-" in url]) == 4 * 300
    here, there = recorded_ids(desk.page), stored_ids(server.data_dir)
    assert len(set(here)) == len(here) == 4 * (VISITS + 300) - len(gone)
    assert gone.isdisjoint(here)
    # What was sent before it was deleted is for the order that comes when the undo is over.
    assert set(there) - gone == set(here)
    found = differences(desk.page, server.data_dir)
    assert (found.lost, found.doubled, set(found.strange) - gone) == ([], [], set())
    assert browser.console() == []


BUSY = "An import is under way. Wait for it, or stop it first."
