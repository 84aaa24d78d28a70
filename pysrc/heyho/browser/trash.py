"""The transactions that move visits into the trash, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from heyho.browser.catalog import CHANGED_STORES, apply
from heyho.browser.idb import Transaction, between
from heyho.browser.interop import to_object, to_value
from heyho.ports.catalog import CatalogChange
from heyho.sync.ledger import Ledger


class Moving:
    """Moves visits into the trash; see ArchiveStore.move."""

    STORES = ("state", "visits", "trash", "rejected", *CHANGED_STORES[1:])

    def __init__(
        self, seqs: Sequence[int], after: int | None, change: CatalogChange | None
    ) -> None:
        self._seqs = seqs
        self._after = after
        self._change = change
        self._refused: set[str] = set()
        self._ledgers: dict[str, Ledger] = {}

    def body(self, transaction: Transaction) -> None:
        """The body of the transaction."""
        self._transaction = transaction
        self._visits, self._trash = transaction.store("visits"), transaction.store("trash")
        self._rejected, self._state = transaction.store("rejected"), transaction.store("state")
        transaction.then(self._rejected.getAllKeys(), self._refused.update)
        transaction.then(self._state.get("ledger"), self._read_ledgers)
        transaction.then(self._state.get("deletion"), self._begin)

    def _read_ledgers(self, told: Any) -> None:
        self._ledgers = ledgers_of(told)

    def _begin(self, stored: Any) -> None:
        deletion = to_value(stored)
        if not deletion or deletion["phase"] != "moving":
            return
        if self._change is not None:
            apply(self._transaction, self._change)
        deletion["visits"] += len(self._seqs)
        if self._after is None:
            deletion["phase"] = "kept"
        else:
            deletion["after"] = self._after
        self._state.put(to_object(deletion), "deletion")
        if not self._seqs:
            return
        wanted = set(self._seqs)
        span = between(self._seqs[0], self._seqs[-1])

        def take(rows: Any) -> None:
            for row in rows:
                if row.seq in wanted:
                    self._throw(row)

        self._transaction.then(self._visits.getAll(span), take)

    def _throw(self, row: Any) -> None:
        seq, visit_id = row.seq, row.id
        sent_to = [name for name, ledger in self._ledgers.items() if seq in ledger]
        bag = to_object({"seq": seq, "sentTo": sent_to, "refused": None})
        bag.visit = row
        self._visits.delete(seq)
        self._trash.put(bag)
        if visit_id in self._refused:
            # Put once more, with the reason.
            self._transaction.then(
                self._rejected.get(visit_id), lambda record: self._keep_reason(bag, record)
            )
            self._rejected.delete(visit_id)

    def _keep_reason(self, bag: Any, record: Any) -> None:
        bag.refused = record
        self._trash.put(bag)


class Restoring:
    """Puts visits of the trash back; see ArchiveStore.restore."""

    STORES = Moving.STORES

    def __init__(self, seqs: Sequence[int], change: CatalogChange | None) -> None:
        self._seqs = seqs
        self._change = change

    def body(self, transaction: Transaction) -> None:
        """The body of the transaction."""
        self._transaction = transaction
        self._state, self._trash = transaction.store("state"), transaction.store("trash")
        if self._change is not None:
            apply(transaction, self._change)
        if self._seqs:
            span = between(self._seqs[0], self._seqs[-1])
            transaction.then(self._trash.getAll(span), self._take)
        else:
            self._state.put(None, "deletion")

    def _take(self, bags: Any) -> None:
        visits = self._transaction.store("visits")
        rejected = self._transaction.store("rejected")
        # One that was imported again in the meantime is there already.
        refuse = self._transaction.tolerating("ConstraintError")
        unsent: list[tuple[int, list[str]]] = []
        for bag in bags:
            visits.add(bag.visit).onerror = refuse
            if bag.refused:
                rejected.put(bag.refused)
            unsent.append((bag.seq, list(bag.sentTo)))
        self._trash.delete(between(self._seqs[0], self._seqs[-1]))
        self._transaction.then(
            self._state.get("ledger"), lambda told: self._withdraw(ledgers_of(told), unsent)
        )

    def _withdraw(self, ledgers: dict[str, Ledger], unsent: list[tuple[int, list[str]]]) -> None:
        """A ledger may have passed over a visit while it was away: it has not been sent."""
        for name, ledger in ledgers.items():
            seqs = [seq for seq, sent_to in unsent if name not in sent_to]
            ledgers[name] = ledger.withdraw(seqs)
        if ledgers:
            record = {name: ledger.to_record() for name, ledger in ledgers.items()}
            self._state.put(to_object(record), "ledger")


def following(rows: Any, limit: int) -> int | None:
    """Where to go on after rows that were asked for by `limit`; None at the end."""
    return int(rows[rows.length - 1].seq) if rows.length == limit else None


def ledgers_of(told: Any) -> dict[str, Ledger]:
    """The ledgers of the state."""
    return {name: Ledger.from_record(ranges) for name, ranges in (to_value(told) or {}).items()}
