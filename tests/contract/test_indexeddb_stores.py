"""The contract of the stores, on IndexedDB in Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from contract.store_contract import CONTRACTS, Contract

_CHECK = """async (name) => {
  const database = await openDatabase(MIGRATIONS, name);
  try {
    const check = pyodide.pyimport("contract.idb_world").check;
    return await check(name, database);
  } finally {
    database.close();
    indexedDB.deleteDatabase(name);
  }
}"""


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.__name__)
def test_in_indexeddb(contract: Contract, page: Page) -> None:
    assert page.evaluate(_CHECK, contract.__name__) == ""
