"""How long a sync takes: `build.py bench`."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from bench.chart import chart
from bench.machine import machine
from bench.measure import Plan, measure
from bench.result import Result
from bench.rows import Row, available, limited, matching
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
    rows = matching(options.rows, limited(available()) if options.limits else available())
    if not rows:
        print(f"No row matches {options.rows.pattern!r}.", file=sys.stderr)
        return 2
    here = machine()
    results = run(rows, plan)
    print(table(results))
    if options.json:
        record = {
            "machine": here,
            "visits": plan.visits,
            "latencyMs": plan.latency_ms,
            "runs": plan.runs,
            "rows": [result.to_record() for result in results],
        }
        options.json.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    if options.chart:
        options.chart.write_text(chart(results, plan.visits, plan.latency_ms), encoding="utf-8")
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
    add = parser.add_argument
    add("--visits", type=positive, default=10_000, help="sent by each run (%(default)s)")
    add(
        "--latency-ms",
        type=float,
        default=300.0,
        metavar="MS",
        help="how long the server takes for each batch at least (%(default)s)",
    )
    add("--runs", type=positive, default=3, help="of each row (%(default)s)")
    add(
        "--rows",
        type=pattern,
        default="",
        metavar="PATTERN",
        help="only rows whose name this is found in, such as HTTP/2 or 'dexie 5'",
    )
    add("--full", action="store_true", help="all visits in each row, even where it takes minutes")
    add(
        "--limits",
        action="store_true",
        help="the extension's rows under the server's own rate limits",
    )
    add("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    add("--chart", type=Path, metavar="FILE", help="draw the figures as an SVG")
    return parser.parse_args()


def positive(text: str) -> int:
    """A whole number from 1."""
    if (number := int(text)) < 1:
        raise ValueError
    return number


def pattern(text: str) -> re.Pattern[str]:
    """A regular expression that ignores case."""
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no regular expression: {error}") from None


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
