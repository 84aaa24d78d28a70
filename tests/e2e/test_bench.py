"""The bench itself, on little: it measures, and every visit is there once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from harness.browser import ROOT, chromium_path
from harness.processes import Meter


def bench(*options: object) -> str:
    """Run the bench, and return what it prints."""
    path = os.pathsep.join(str(ROOT / folder) for folder in ("pysrc", "tests"))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "bench", *map(str, options)],
        env={**os.environ, "PYTHONPATH": path, "HEYHO_CHROMIUM": chromium_path()},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.long
def test_of_few_visits(tmp_path: Path) -> None:
    figures, picture = tmp_path / "figures.json", tmp_path / "picture.svg"
    printed = bench(
        *("--visits", 2300, "--latency-ms", 20, "--runs", 2),
        *("--rows", "concurrent 5, HTTP/2|dexie 5, HTTP/1.1|preparing|planning"),
        *("--json", figures, "--chart", picture),
    )
    assert " 2,300 | " in printed
    record = json.loads(figures.read_text())
    rows = record["rows"]
    assert [(row["strategy"], row["http"]) for row in rows] == [
        ("concurrent", "HTTP/2"),
        ("dexie", "HTTP/1.1"),
    ]
    for row in rows:
        assert (row["visits"], row["lost"], row["duplicated"]) == (2300, 0, 0)
        assert row["peakInFlight"] <= 3
        assert row["idealSeconds"] == 0.02
    assert [figure["unit"] for figure in record["figures"]] == ["s"] * 4
    assert all(figure["ratio"] > 0 for figure in record["figures"])
    ET.parse(picture)


@pytest.mark.long
def test_of_a_server_that_is_no_bottleneck(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    bench(
        *("--visits", 300, "--runs", 1, "--rows", "heavy, workers, warm|memory"),
        *("--million", 11_000, "--json", figures),
    )
    record = json.loads(figures.read_text())
    (row,) = record["rows"]
    assert (row["visits"], row["lost"], row["duplicated"]) == (2000, 0, 0)
    assert [figure["unit"] for figure in record["figures"]] == ["MB"] * Meter.works_here()
