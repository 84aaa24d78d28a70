"""The contract of the transport, on fetch in Chromium against a real server."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from contract.transport_contract import CONTRACTS, Contract

_CHECK = """([name, base, dead]) =>
  pyodide.pyimport("contract.fetch_world").check(name, base, dead)"""


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.__name__)
def test_on_fetch(contract: Contract, page: Page, server: str, dead: str) -> None:
    assert page.evaluate(_CHECK, [contract.__name__, server, dead]) == ""
