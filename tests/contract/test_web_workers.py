"""The contract of the workers, on Web Workers in Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from contract.worker_contract import CONTRACTS, Contract

_CHECK = """async ([name, base, dead]) => {
  const database = await openDatabase();
  try {
    return await pyodide.pyimport("contract.thread_world").check(name, database, base, dead);
  } finally {
    database.close();
    await new Promise((resolve) => {
      indexedDB.deleteDatabase("heyho").onsuccess = resolve;
    });
  }
}"""

_NEWER = """async () => {
  (await openDatabase([...MIGRATIONS, () => {}])).close();
  try {
    return await pyodide.pyimport("contract.thread_world").refusal();
  } finally {
    await new Promise((resolve) => {
      indexedDB.deleteDatabase("heyho").onsuccess = resolve;
    });
  }
}"""


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.__name__)
def test_on_web_workers(contract: Contract, page: Page, server: str, dead: str) -> None:
    assert page.evaluate(_CHECK, [contract.__name__, server, dead]) == ""


def test_a_refusal_of_the_database_crosses(page: Page) -> None:
    assert page.evaluate(_NEWER).startswith("StorageTooNew: The history was written by a newer")
