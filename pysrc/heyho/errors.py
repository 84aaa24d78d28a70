"""Every error that Heyho raises on purpose.

HeyhoError
├── SettingsError         what a person entered does not make sense; one sentence a field
├── RecordError           one record is not a visit; names the field and the reason
├── WorkerLost            a worker ended, hangs or did not start, with what it was doing
├── StorageError          the browser's database refused
│   ├── StorageFull       no room left on the device
│   ├── StorageBlocked    another Heyho page holds the old database open
│   └── StorageTooNew     the database was written by a newer Heyho
└── SyncError             one attempt to send a batch did not end in an acknowledgement
    ├── Unreachable       no connection, no such host, or the connection broke
    ├── TimedOut          no whole answer in time
    │   └── TooSlow       nor to anything else meanwhile: smaller batches may get through
    ├── NotSignedIn       the token is missing, wrong or revoked            (401, 403)
    ├── TooLarge          the server takes smaller batches                  (413)
    ├── RateLimited       the server asks for patience                      (429)
    ├── ServerFailed      the server is at fault                            (5xx, 408, 425)
    ├── Refused           a Heyho server does not take the batch as it is   (400, 422)
    ├── NoTrial           what was meant as a trial was not taken as one
    └── Unintelligible    the answer is not what a Heyho server sends

Messages are sentences for the person: what happened, to what, and what to do next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from heyho import texts


class HeyhoError(Exception):
    """The root of the tree."""

    @property
    def sentence(self) -> str:
        """The message, as it is shown to the person."""
        return str(self)

    def to_record(self) -> dict[str, Any]:
        """What JSON can carry to another context, where `from_record` makes the same error."""
        return {"name": type(self).__name__, "message": str(self), **vars(self)}

    @staticmethod
    def from_record(record: Mapping[str, Any]) -> HeyhoError | None:
        """The error that a record tells of, or None where Heyho has no such error."""
        for kind in _kinds(HeyhoError):
            if kind.__name__ == record["name"]:
                error = kind.__new__(kind, texts.resolve(record["message"]))
                vars(error).update({k: v for k, v in record.items() if k not in _OF_ALL})
                return error
        return None


_OF_ALL = frozenset({"name", "message"})


def _kinds(root: type[HeyhoError]) -> Iterator[type[HeyhoError]]:
    yield root
    for kind in root.__subclasses__():
        yield from _kinds(kind)


class SettingsError(HeyhoError):
    """Settings that cannot be used.

    Attributes:
        problems: a sentence for each field at fault, by the field's name.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


class RecordError(HeyhoError):
    """A record that cannot be stored as a visit.

    Attributes:
        record_id: the record's id when it has a usable one, else None.
        field: the wire name of the field at fault.
        reason: a sentence that says what is wrong with it.
    """

    def __init__(self, record_id: str | None, field: str, reason: str) -> None:
        super().__init__(reason)
        self.record_id = record_id
        self.field = field
        self.reason = reason


class WorkerLost(HeyhoError):
    """A worker is gone. Whatever it was asked to do, another one can do."""


class StorageError(HeyhoError):
    """The browser's database refused an operation; nothing of it was written."""


class StorageFull(StorageError):
    """The device has no room left for the database."""


class StorageBlocked(StorageError):
    """An upgrade of the database waits for another context to close it."""


class StorageTooNew(StorageError):
    """The database has a higher schema version than this Heyho knows."""


class SyncError(HeyhoError):
    """An attempt that was not acknowledged. Its visits wait and go again next time.

    Attributes:
        retry_after_s: how long the server asked to be left alone, in seconds, or None.
        status: the HTTP status, or None where no answer came.
        final: whether a visit that meets this error all alone will never be taken.
        ends_run: whether the run's other batches would fail in the same way, or should not be sent.
        passes: whether the same request may well succeed a little later.
    """

    ends_run = False
    passes = False

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retry_after_s: float | None = None,
        final: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_s = retry_after_s
        self.final = final


class Unreachable(SyncError):
    """No answer: no network, no such host, a refused or a broken connection."""

    passes = True


class TimedOut(SyncError):
    """No whole answer within the time-out."""

    passes = True


class TooSlow(TimedOut):
    """No whole answer in time, to this batch or any other; smaller ones may have one."""


class NotSignedIn(SyncError):
    """The server does not know the token."""

    ends_run = True


class TooLarge(SyncError):
    """The server takes smaller batches than this one."""


class RateLimited(SyncError):
    """The server asks for patience."""

    ends_run = True
    passes = True


class ServerFailed(SyncError):
    """The server is at fault, or is not ready."""

    passes = True


class Refused(SyncError):
    """The server does not take this batch as it is."""


class NoTrial(SyncError):
    """The server, or something on the way, has not taken a trial as one."""

    ends_run = True


class Unintelligible(SyncError):
    """An answer that no Heyho server gives, such as a proxy's page."""
