"""How long a sync takes: `build.py bench`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from bench.machine import machine
from bench.measure import Plan, measure
from bench.result import Result
from bench.rows import Row, available, matching
from bench.table import table


def main() -> int:
    """Measure, print the table, and say by the exit status whether any visit was lost."""
    options = parse()
    plan = Plan(
        visits=options.visits,
        latency_ms=options.latency_ms,
        runs=options.runs,
        full=options.full,
    )
    rows = matching(options.rows, available())
    if not rows:
        print(f"No row matches {options.rows!r}.", file=sys.stderr)
        return 2
    results = run(rows, plan)
    print(table(results))
    if options.json:
        record = {
            "machine": machine(),
            "visits": plan.visits,
            "latencyMs": plan.latency_ms,
            "runs": plan.runs,
            "rows": [result.to_record() for result in results],
        }
        options.json.write_text(json.dumps(record, indent=2) + "\n")
    wrong = sum(result.lost + result.duplicated for result in results)
    print(
        f"{wrong} visits were lost or stored twice."
        if wrong
        else "Every visit is on the server exactly once.",
        file=sys.stderr,
    )
    return 1 if wrong else 0


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="build.py bench", description=__doc__)
    parser.add_argument("--visits", type=int, default=10_000, help="sent by each run (%(default)s)")
    parser.add_argument(
        "--latency-ms",
        type=float,
        default=300.0,
        metavar="MS",
        help="how long the server takes for each batch at least (%(default)s)",
    )
    parser.add_argument("--runs", type=int, default=3, help="of each row (%(default)s)")
    parser.add_argument(
        "--rows", default="", metavar="PATTERN", help="only rows that this matches, such as HTTP/2"
    )
    parser.add_argument(
        "--full", action="store_true", help="all visits in each row, even where it takes minutes"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    return parser.parse_args()


def run(rows: list[Row], plan: Plan) -> list[Result]:
    """Measure one row after the other, and tell how it goes."""
    results = []
    with sync_playwright() as playwright:
        for row in rows:
            print(f"{row.name}: ", end="", file=sys.stderr, flush=True)
            result = measure(row, plan, playwright)
            results.append(result)
            took = ", ".join(f"{sync.seconds:.2f} s" for sync in result.syncs)
            print(took, file=sys.stderr, flush=True)
    return results


if __name__ == "__main__":
    sys.exit(main())
