"""Figures beside the rows: what Heyho needs, held against a peer or against a limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.table import grid

HEADINGS = (
    *("figure", "unit", "best", "median", "against", "best", "median"),
    *("ratio", "of medians", "goal"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Something measured, and what it is compared with.

    Attributes:
        name: of what was measured.
        unit: of both.
        measured: by each run.
        against: the name of the peer, or of the limit.
        reference: the same of the peer, measured in turns with it; of a limit, that alone.
        goal: the ratio of the best of both is meant to be no more than this.
    """

    name: str
    unit: str
    measured: Sequence[float]
    against: str
    reference: Sequence[float]
    goal: float

    @property
    def ratio(self) -> float:
        """Of the best runs."""
        return min(self.measured) / min(self.reference)

    @property
    def ratio_of_medians(self) -> float:
        return median(self.measured) / median(self.reference)

    def to_record(self) -> dict[str, Any]:
        """The figure in the bench's JSON."""
        return {
            "name": self.name,
            "unit": self.unit,
            "measured": [round(value, 4) for value in self.measured],
            "against": self.against,
            "reference": [round(value, 4) for value in self.reference],
            "ratio": round(self.ratio, 3),
            "ratioOfMedians": round(self.ratio_of_medians, 3),
            "goal": self.goal,
        }


def figures_table(figures: Sequence[Figure]) -> str:
    """A row for each figure, in Markdown."""
    return grid(HEADINGS, map(_cells, figures))


def _cells(figure: Figure) -> tuple[str, ...]:
    return (
        figure.name,
        figure.unit,
        *_values(figure.measured),
        figure.against,
        *_values(figure.reference),
        f"{figure.ratio:.2f}",
        f"{figure.ratio_of_medians:.2f}",
        f"{figure.goal:.2f}",
    )


def _values(values: Sequence[float]) -> tuple[str, str]:
    return f"{min(values):.3g}", f"{median(values):.3g}"
