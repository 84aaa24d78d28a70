"""The contract of the archive, on the in-memory twin and on IndexedDB in Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from contract.archive_contract import CONTRACTS, ArchiveContract, Archived
from contract.test_memory_stores import stores_of
from heyho import texts
from heyho.testing.archive import MemoryArchiveStore
from heyho.testing.loop import run_jumping
from heyho.testing.stores import MemoryDatabase

_CHECK = """async (name) => {
  const database = await openDatabase(MIGRATIONS, name);
  try {
    return await pyodide.pyimport("contract.archive_world").check(name, database);
  } finally {
    database.close();
    indexedDB.deleteDatabase(name);
  }
}"""


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.__name__)
def test_in_memory(contract: ArchiveContract) -> None:
    database = MemoryDatabase()
    world = Archived(stores_of(database), MemoryArchiveStore(database))
    run_jumping(contract(world))  # type: ignore[arg-type]


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.__name__)
def test_in_indexeddb(contract: ArchiveContract, page: Page) -> None:
    assert page.evaluate(_CHECK, contract.__name__) == ""


def test_a_file_is_read_in_pieces(page: Page) -> None:
    read = "size => pyodide.pyimport('contract.archive_world').read_file(size)"
    pieces, _, problem = page.evaluate(read, 5_000_000).partition(" ")
    assert int(pieces) > 1
    assert "Choose it once more" in texts.resolve(problem)
