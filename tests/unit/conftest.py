"""Unit tests hear what is said in English."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.texts import source
from heyho import texts


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    texts.use(source("en"))
    yield
    texts.use(source("en"))
