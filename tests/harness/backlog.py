"""Visits that wait: put into the extension's database, and looked for on the server."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from playwright.sync_api import Page

from harness.browser import read_store
from harness.stored import stored_history, stored_visits
from heyho.wire import visit_from_record

# A generator of `count` visits, without their `seq`.
MAKE_VISITS = """function* makeVisits(count) {
  const start = Date.now() - count * 1000;
  const site = (number) => `site-${number % 97}.example`;
  for (let number = 0; number < count; number += 1) {
    const startedAt = start + number * 1000;
    yield {
      id: crypto.randomUUID(), url: `https://${site(number)}/page/${number}?q=${number}`,
      title: `Page ${number} of a longer title`, domain: site(number),
      startedAt, endedAt: startedAt + 900, durationSeconds: 0.9, activeDuration: 500,
      engagementRate: 0.55, idlePeriods: [], tabId: 1, windowId: 1, transition: "link",
      sourcePageVisitId: null, anonymousClientId: "seeded",
    };
  }
}"""

_SEED = """async (count) => {
  const { openDatabase } = await import("./database.js");
  const database = await openDatabase();
  const transaction = database.transaction("visits", "readwrite");
  const visits = transaction.objectStore("visits");
  const ids = [];
  for (const visit of makeVisits(count)) {
    visits.add(visit);
    ids.push(visit.id);
  }
  await new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  database.close();
  return ids;
  MAKE_VISITS
}""".replace("MAKE_VISITS", MAKE_VISITS)

_IDS = """async () => {
  const { openDatabase } = await import("./database.js");
  const database = await openDatabase();
  const visits = await new Promise((resolve) => {
    const request = database.transaction("visits").objectStore("visits").getAll();
    request.onsuccess = () => resolve(request.result);
  });
  database.close();
  return visits.map((visit) => visit.id);
}"""


def seed(page: Page, count: int) -> list[str]:
    """Let `count` visits wait, and return their ids; `page` is a page of the extension."""
    ids: list[str] = page.evaluate(_SEED, count)
    return ids


def recorded_ids(page: Page) -> list[str]:
    """The ids of all visits that the extension has recorded, sorted."""
    ids: list[str] = page.evaluate(_IDS)
    return sorted(ids)


def stored_ids(data_dir: Path) -> list[str]:
    """The ids of all visits on the server, sorted."""
    return sorted(visit.id for visit in stored_visits(data_dir))


@dataclass(frozen=True, slots=True)
class Differences:
    """How the server's history differs from the one recorded, as ids of visits.

    Attributes:
        lost: recorded, and not on the server.
        doubled: of rows with the same id, or with the same content under several ids.
        altered: on the server with another content.
        strange: on the server, and never recorded.
    """

    lost: list[str]
    doubled: list[str]
    altered: list[str]
    strange: list[str]


def differences(page: Page, data_dir: Path) -> Differences:
    """Compare all visits recorded with all rows on the server, in every field."""
    visits = map(visit_from_record, read_store(page, "visits"))
    recorded = {visit.id: visit for visit in visits}
    rows = stored_history(data_dir)
    contents = {row: replace(row, id="", seq=None) for row in rows}
    ids, kinds = Counter(row.id for row in rows), Counter(contents[row] for row in rows)
    return Differences(
        lost=sorted(recorded.keys() - ids.keys()),
        doubled=[row.id for row in rows if ids[row.id] > 1 or kinds[contents[row]] > 1],
        altered=[row.id for row in rows if recorded.get(row.id, row) != row],
        strange=sorted(ids.keys() - recorded.keys()),
    )
