"""The whole of the history: imports, exports and deletions, and what comes from elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from heyho.ports import Record
from heyho.ports.catalog import CatalogChange

if TYPE_CHECKING:
    from heyho.archive.selection import Selection


@dataclass(frozen=True, slots=True)
class Added:
    """What became of visits from elsewhere.

    Attributes:
        added: stored now.
        known: stored before, under the same id.
        doubled: recorded by Heyho itself at about the same time, so left out.
    """

    added: int = 0
    known: int = 0
    doubled: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """Some of the visits that a selection means.

    Attributes:
        visits: how many.
        first_at, last_at: when the first and the last of them started; None where there is none.
        sites: their domains.
        after: where to go on; None at the end.
    """

    visits: int = 0
    first_at: int | None = None
    last_at: int | None = None
    sites: frozenset[str] = frozenset()
    after: int | None = None


class ArchiveStore(Protocol):
    """Whole histories: what comes in from elsewhere, goes out, is deleted, and comes back."""

    async def add(self, visits: Sequence[Record], *, near_ms: int) -> Added:
        """Store visits without `seq`, in this order, in one transaction.

        Left out is one whose id is known; and one that is told to be of no tab where the recorder
        has a visit to its address, ended or open, that started within `near_ms` of it.
        """
        ...

    async def read(
        self, selection: Selection, *, after: int, limit: int
    ) -> tuple[list[Record], int | None]:
        """Of `limit` visits beyond a `seq` those that are meant, and where to go on, or None."""
        ...

    async def find(self, selection: Selection, *, after: int, limit: int) -> Found:
        """Count as `read` reads."""
        ...

    async def delete(self, deletion: Record, *, meant: Selection) -> None:
        """Put `deletion` into the state, under that name, and forget the open visits that are
        meant, for good: in one transaction, so that none of them ends in between.

        It has the `phase` "moving" and `after`, behind which it will look for visits; `last`, with
        which it ends, is set here: the `seq` of the last visit that there is.
        """
        ...

    async def move(
        self, seqs: Sequence[int], *, after: int | None, change: CatalogChange | None = None
    ) -> None:
        """Move visits into the trash, in one transaction, with the catalog's `change`.

        With each goes its record in quarantine, and which ledgers hold it. The state's `deletion`
        goes on to `after`, or has the `phase` "kept" where that is None, and counts `visits`.
        Does nothing in any other phase than "moving". Raises Outdated.
        """
        ...

    async def turn(self, phase: str, orders: Sequence[Record] = ()) -> Record | None:
        """Set the deletion's `phase`, and append to the state's `orders`, at once."""
        ...

    async def thrown(self, *, limit: int) -> list[Thrown]:
        """Some visits of the trash."""
        ...

    async def copies(self, recorded: Sequence[Record], *, since: int, near_ms: int) -> list[Record]:
        """Visits that `add` would have left out, had these been there: what it has stored beyond
        the `seq` of `since` of a visit that one of these tells of."""
        ...

    async def restore(self, seqs: Sequence[int], *, change: CatalogChange | None = None) -> None:
        """Put visits of the trash back as they were, in one transaction; none is the end.

        One whose id is known again is left out. A ledger that did not hold one when it was deleted
        does not hold it afterwards. At the end the state's `deletion` is None. Raises Outdated.
        """
        ...

    async def forget(self, *, limit: int) -> int:
        """Empty the trash of some visits for good, and tell how many; 0 at the end.

        At the end the state's `deletion` is None.
        """
        ...

    async def old(self, *, after_ms: int, before_ms: int, limit: int) -> list[Old]:
        """Visits that started in [after, before), the earliest first."""
        ...

    async def latest(self, *, before_ms: float | None = None) -> int | None:
        """When the latest visit started, of those before a time if there is one; epoch ms."""
        ...

    async def drop(self, seqs: Sequence[int], *, change: CatalogChange | None = None) -> None:
        """Delete visits for good, with their records in quarantine. Raises Outdated."""
        ...

    async def figures(self) -> Record:
        """How many records each store has, by its name, and `usage` and `quota` in bytes.

        The bytes are None where the browser does not tell.
        """
        ...


@dataclass(frozen=True, slots=True)
class Old:
    """A visit that retention looks at; `refused` is one that is in quarantine."""

    visit: Record
    refused: bool


@dataclass(frozen=True, slots=True)
class Thrown:
    """A visit in the trash; `known` where there is one of its id again."""

    visit: Record
    known: bool


class BrowserHistory(Protocol):
    """The browser's own history."""

    async def read(self, from_ms: int, to_ms: int, *, limit: int) -> list[Record] | None:
        """Pages visited in [from, to): `url`, `title` and `visits` in that time.

        A visit has `visitId`, `referringVisitId`, `visitTime` and `transition`, in Chrome's words.
        None where there are `limit` pages or more; a limit of 0 is none. Raises HeyhoError where
        the person has not allowed it.
        """
        ...


class Files(Protocol):
    """Files that a page has been given by the person."""

    def read(self, url: str) -> AsyncIterator[bytes]:
        """A file by the URL that the page has made for it, piece by piece.

        Raises HeyhoError where it is gone.
        """
        ...
