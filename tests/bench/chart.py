"""The bench's chart: bars of seconds, each with its physical limit, as one SVG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from bench.result import Result
from bench.rows import PEERS

WIDTH, LABELS, FIGURES = 760, 250, 100
TOP, PITCH, BAR = 66, 26, 16
BARS = WIDTH - LABELS - FIGURES
# A bar longer than this many times the longest limit is cut off, and does not set the scale.
MOST_LIMITS = 3

_STYLE = """
  svg { --paper: #fffefb; --ink: #23271f; --quiet: #5c6156; --own: #1f6b51; --peer: #b3b0a4;
    --limit: #a2301f; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #20231f; --ink: #ebe9e1; --quiet: #a8ada1; --own: #78cfab; --peer: #6b7065;
      --limit: #e0402a; }
  }
  text { font: 13px system-ui, sans-serif; fill: var(--ink); }
  .quiet { fill: var(--quiet); }
  .own { fill: var(--own); }
  .peer { fill: var(--peer); }
  .limit { stroke: var(--limit); stroke-width: 2; }
  .title { font-size: 15px; font-weight: 600; }
"""


def chart(results: Sequence[Result], visits: int, latency_ms: float) -> str:
    """An SVG document, for light and dark pages."""
    limit_s = max(result.ideal_s for result in results)
    shown = [r.seconds for r in results if r.seconds <= MOST_LIMITS * limit_s]
    longest_s = max([limit_s, *shown])
    bars = (_bar(*numbered, longest_s, visits) for numbered in enumerate(results))
    height = TOP + PITCH * len(results) + 12
    title = f"Seconds to sync {visits:,} visits, at {latency_ms:g} ms for each batch of 1,000"
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
<rect width="{WIDTH}" height="{height}" rx="8" fill="var(--paper)"/>
<text x="16" y="26" class="title">{escape(title)}</text>
<path d="M17 36v12" class="limit"/>
<text x="25" y="46" class="quiet">the physical limit: the server's time alone</text>
{chr(10).join(bars)}
</svg>
"""


def _bar(number: int, result: Result, longest_s: float, visits: int) -> str:
    y = TOP + number * PITCH
    base = y + BAR - 3
    width = _length(result.seconds, longest_s)
    limit = LABELS + _length(result.ideal_s, longest_s)
    kind = "peer" if result.row.strategy in PEERS else "own"
    note = f", {result.visits:,} visits" if result.visits != visits else ""
    label = f"{result.row.way}, {result.row.http}{note}"
    cut = " →" if result.seconds > longest_s else ""
    return (
        f'<text x="{LABELS - 10}" y="{base}" text-anchor="end">{escape(label)}</text>'
        f'<rect x="{LABELS}" y="{y}" width="{width:.1f}" height="{BAR}" rx="3" class="{kind}"/>'
        f'<path d="M{limit:.1f} {y - 3}v{BAR + 6}" class="limit"/>'
        f'<text x="{LABELS + max(width, limit - LABELS) + 8:.1f}" y="{base}">'
        f"{cut} {result.seconds:.2f} s</text>"
    )


def _length(seconds: float, longest_s: float) -> float:
    return BARS * min(seconds / longest_s, 1) if longest_s else 0.0
