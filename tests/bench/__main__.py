"""How long a sync takes: `build.py bench`."""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Playwright, sync_playwright

from bench.chart import chart
from bench.checks import SERVER_CHECKS, Check, planned
from bench.figures import Figure, figures_table
from bench.machine import machine
from bench.measure import measure
from bench.plan import Plan
from bench.result import Result
from bench.rows import Row, available, limited, matching
from bench.seeds import Seeds
from bench.table import table


def main() -> int:
    """Measure, print the table, and say by the exit status whether any visit was lost."""
    options = parse()
    plan = Plan(
        visits=options.visits,
        latency_ms=options.latency_ms,
        runs=options.runs,
        full=options.full,
        backlog=options.million,
    )
    rows, checks = chosen(options, plan)
    if not rows and not checks:
        print(f"No row matches {options.rows.pattern!r}.", file=sys.stderr)
        return 2
    here = machine()
    with sync_playwright() as playwright:
        results = measure_rows(rows, plan, playwright)
        figures = measure_checks(checks, plan, playwright)
    print("\n\n".join([table(results)] * bool(rows) + [figures_table(figures)] * bool(checks)))
    if options.json:
        record = {
            "machine": here,
            "visits": plan.visits,
            "latencyMs": plan.latency_ms,
            "runs": plan.runs,
            "rows": [result.to_record() for result in results],
            "figures": [figure.to_record() for figure in figures],
        }
        options.json.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    drawn = [result for result in results if not result.row.sink]
    if options.chart and drawn:
        options.chart.write_text(chart(drawn, plan.visits, plan.latency_ms), encoding="utf-8")
    if not results:
        return 0
    wrong = sum(result.lost + result.duplicated for result in results)
    print(
        f"{wrong} visits were lost or stored twice."
        if wrong
        else "Every visit is on the server exactly once.",
        file=sys.stderr,
    )
    return 1 if wrong else 0


def chosen(options: argparse.Namespace, plan: Plan) -> tuple[list[Row], list[Check]]:
    """What the person asked for."""
    if options.server:
        return [], planned(options.rows, plan, SERVER_CHECKS)
    if options.limits:
        return matching(options.rows, limited(available())), []
    return matching(options.rows, available()), planned(options.rows, plan)


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
    add(
        "--server",
        action="store_true",
        help="figures of the server alone, beside what its database can do",
    )
    add(
        "--million",
        type=positive,
        nargs="?",
        const=1_000_000,
        default=0,
        metavar="VISITS",
        help="also figures of a backlog of a million, or of so many; takes minutes",
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


def measure_rows(rows: list[Row], plan: Plan, playwright: Playwright) -> list[Result]:
    """Measure one row after the other, and tell how it goes."""
    results = []
    with tempfile.TemporaryDirectory() as folder:
        seeds = Seeds(Path(folder), playwright)
        for row in rows:
            tell(f"{row.name}: ", end="")
            result = measure(row, plan, seeds, playwright)
            results.append(result)
            tell(", ".join(f"{sync.seconds:.2f} s" for sync in result.syncs))
    return results


def measure_checks(checks: list[Check], plan: Plan, playwright: Playwright) -> list[Figure]:
    """The same for what is beside the rows."""
    figures = []
    for check in checks:
        tell(f"{check.name}: ", end="")
        found = check.measure(plan, playwright)
        figures += found
        tell(", ".join(f"{figure.ratio:.2f}" for figure in found))
    return figures


def tell(text: str, end: str = "\n") -> None:
    """Say how it goes."""
    print(text, end=end, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
