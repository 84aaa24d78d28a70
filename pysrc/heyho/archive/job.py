"""A job: work that a person has asked for, done in pieces, with a record of how far it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from heyho.errors import RecordError
from heyho.ports import Record
from heyho.ports.archive import Added
from heyho.recording import fields

PROBLEMS_NAMED = 5
JobState = Literal["running", "done", "stopped", "failed"]


@dataclass(slots=True, kw_only=True)
class Progress:
    """What an import has met so far.

    Attributes:
        source: `file` or `history`.
        preview: nothing is written.
        url: of the file, which is one page's to give: it tells whose import this is.
        format: of a file, see `heyho.archive.formats`; empty until it is known.
        read, size: bytes of a file; of the browser's history, the share in thousandths.
        visits: entries that are visits to be kept.
        added, known, doubled: what became of them, see `heyho.ports.Added`.
        excluded, others, bad: left out by the person's patterns; no visits of pages; unreadable.
        problems: the first of what is bad, `{number, reason}`.
        first_at, last_at: the time range of the visits.
        error: why it failed, as a sentence.
    """

    source: str
    name: str = ""
    preview: bool = False
    url: str = ""
    state: JobState = "running"
    format: str = ""
    read: int = 0
    size: int = 0
    visits: int = 0
    added: int = 0
    known: int = 0
    doubled: int = 0
    excluded: int = 0
    others: int = 0
    bad: int = 0
    problems: list[Record] = field(default_factory=list)
    first_at: int | None = None
    last_at: int | None = None
    error: str | None = None

    def meet(self, visit: Record) -> None:
        """Count a visit."""
        at = int(visit["startedAt"])
        self.visits += 1
        self.first_at = at if self.first_at is None else min(self.first_at, at)
        self.last_at = at if self.last_at is None else max(self.last_at, at)

    def leave_out(self, why: str) -> None:
        """Count what is fine, and not kept."""
        if why == "excluded":
            self.excluded += 1
        else:
            self.others += 1

    def fail(self, number: int | None, problem: RecordError | str) -> None:
        """Count what cannot be read, and name it if it is among the first."""
        self.bad += 1
        if len(self.problems) < PROBLEMS_NAMED:
            reason = problem if isinstance(problem, str) else problem.reason
            self.problems.append({"number": number, "reason": reason})

    def stored(self, added: Added) -> None:
        """Count what the store has done."""
        self.added += added.added
        self.known += added.known
        self.doubled += added.doubled

    def to_record(self) -> Record:
        """What pages are told, and what the state keeps."""
        return {
            "source": self.source,
            "name": self.name,
            "preview": self.preview,
            "url": self.url,
            "state": self.state,
            "format": self.format,
            "read": self.read,
            "size": self.size,
            "visits": self.visits,
            "added": self.added,
            "known": self.known,
            "doubled": self.doubled,
            "excluded": self.excluded,
            "others": self.others,
            "bad": self.bad,
            "problems": list(self.problems),
            "firstAt": self.first_at,
            "lastAt": self.last_at,
            "error": self.error,
        }

    @classmethod
    def from_record(cls, record: Any) -> Progress:
        """Read what `to_record` wrote; what makes no sense counts from nothing."""
        told = record if isinstance(record, dict) else {}
        progress = cls(source="history")
        for name in ("visits", "added", "known", "doubled", "excluded", "others", "bad"):
            setattr(progress, name, fields.integer(told.get(name)) or 0)
        progress.first_at = fields.time(told.get("firstAt"))
        progress.last_at = fields.time(told.get("lastAt"))
        return progress
