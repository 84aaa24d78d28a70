"""Profiles of the extension in which visits wait: made once, and copied for each row."""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import Playwright

from harness.backlog import MAKE_VISITS
from harness.browser import Browser
from harness.desk import Desk

AT_ONCE = {False: 50_000, True: 5_000}


class Seeds:
    """Args:
    folder: where the profiles are kept that copies are made of.
    """

    def __init__(self, folder: Path, playwright: Playwright) -> None:
        self._folder = folder
        self._playwright = playwright
        self._ids: dict[tuple[int, bool], list[str]] = {}

    def plant(self, profile: Path, visits: int, *, heavy: bool) -> list[str]:
        """Make a profile with visits that wait, and return their ids.

        Heavy ones have addresses and titles that are long, and random, so that they take long to
        compress.
        """
        kept = self._folder / f"{'heavy' if heavy else 'ordinary'}-{visits}"
        if not kept.exists():
            with Browser(profile=kept, playwright=self._playwright) as browser:
                self._ids[visits, heavy] = _seed(Desk(browser), visits, heavy=heavy)
        shutil.copytree(kept, profile, ignore=shutil.ignore_patterns("Singleton*"))
        return self._ids[visits, heavy]


def _seed(desk: Desk, visits: int, *, heavy: bool) -> list[str]:
    ids: list[str] = []
    while len(ids) < visits:
        count = min(AT_ONCE[heavy], visits - len(ids))
        ids += desk.page.evaluate(_SEED, [count, heavy])
    return ids


_SEED = """async ([count, heavy]) => {
  const noise = (length) => {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    return btoa(String.fromCharCode(...bytes)).slice(0, length);
  };
  const database = await openDatabase();
  const transaction = database.transaction("visits", "readwrite");
  const visits = transaction.objectStore("visits");
  const ids = [];
  for (const visit of makeVisits(count)) {
    if (heavy) Object.assign(visit, { url: `${visit.url}&${noise(1500)}`, title: noise(450) });
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
