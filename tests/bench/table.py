"""The bench's table, in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.result import Result

HEADINGS = (
    *("way", "HTTP", "visits", "median s", "first s", "limit s"),
    *("of limit", "of Dexie", "CPU s", "MB", "lost", "doubled", "429"),
)


def table(results: Sequence[Result]) -> str:
    """A row for each result, compared with its limit and with Dexie's row of the same kind."""
    return grid(HEADINGS, (_cells(result, results) for result in results))


def grid(headings: Sequence[str], cells: Iterable[Sequence[str]]) -> str:
    """A table whose first column is words, and whose others are figures."""
    rows = [headings, *cells]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["| " + " | ".join(map(_pad, row, widths, range(len(row)))) + " |" for row in rows]
    rule = ["-" * (width + 1) + ("-" if n == 0 else ":") for n, width in enumerate(widths)]
    lines.insert(1, f"|{'|'.join(rule)}|")
    return "\n".join(lines)


def _pad(cell: str, width: int, column: int) -> str:
    return cell.ljust(width) if column == 0 else cell.rjust(width)


def _cells(result: Result, results: Sequence[Result]) -> tuple[str, ...]:
    dexie = dexie_of(result, results)
    return (
        result.row.way,
        result.row.http.removeprefix("HTTP/"),
        f"{result.visits:,}",
        f"{result.seconds:.2f}",
        f"{result.first_s:.2f}",
        f"{result.ideal_s:.2f}",
        _ratio(result.seconds, result.ideal_s),
        _ratio(result.seconds, dexie.seconds) if dexie else "",
        "" if result.cpu_s is None else f"{result.cpu_s:.2f}",
        "" if result.peak_memory_mb is None else f"{result.peak_memory_mb:.0f}",
        str(result.lost),
        str(result.duplicated),
        str(result.rate_limited),
    )


def _ratio(seconds: float, other_s: float) -> str:
    return f"{seconds / other_s:.2f}" if other_s else ""


def dexie_of(result: Result, results: Sequence[Result]) -> Result | None:
    """Dexie's row with the same visits, lanes and HTTP, if it was measured."""

    def kind(of: Result) -> tuple[object, ...]:
        return of.visits, of.row.concurrency, of.row.http, of.row.sink

    same = (r for r in results if r.row.strategy == "dexie" and kind(r) == kind(result))
    return next(same, None)
