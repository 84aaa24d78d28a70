"""What a run leaves behind: its record, and its progress as pages are told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from heyho.model import Run, Span
from heyho.ports.device import Clock
from heyho.ports.network import Reply
from heyho.ports.stores import Payload
from heyho.sync.progress import Phase, Progress, Travel


class Logbook:
    """Keeps a run's record and its progress, and tells of each change.

    Args:
        announce: called with the progress after each change.
        attempted: called with the span of each attempt once it has ended.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        run: Run,
        progress: Progress,
        announce: Callable[[Progress], None],
        attempted: Callable[[Span], None] = lambda _: None,
    ) -> None:
        self._clock = clock
        self._announce = announce
        self._attempted = attempted
        self.run = run
        self.progress = progress

    def tell(self) -> None:
        """Announce the progress as it stands."""
        self._announce(self.progress)

    def enter(self, lane: int, number: int) -> Travel:
        """A batch enters a lane."""
        travel = self.progress.enter(lane, number, at_ms=self._clock.now_ms())
        self.tell()
        return travel

    def leave(self, lane: int, *, delivered: bool) -> None:
        """The batch has left its lane. Whoever decides what became of it tells of it."""
        self.progress.leave(lane, at_ms=self._clock.now_ms(), delivered=delivered)

    def phase(self, travel: Travel, phase: Phase) -> None:
        """What happens to a batch now."""
        now = self._clock.now_ms()
        if travel.phase != phase:
            travel.phase, travel.phase_since = phase, now
        if phase in {"waiting", "pausing"} and travel.waits_since is None:
            travel.waits_since = now
        self.tell()

    def wait(self, travel: Travel, seconds: float) -> None:
        """The server wants no request for so long."""
        self.progress.waits_until = self._clock.now_ms() + 1000 * seconds
        self.phase(travel, "waiting")

    def read(self, travel: Travel, *, visits: int, numbers: int) -> None:
        """A batch turned out to have so many visits under its sequence numbers."""
        if travel.visits is None:
            travel.visits = visits
            self.progress.visits -= numbers - visits

    @contextmanager
    def attempt(
        self, payload: Payload, travel: Travel, *, lane: int, attempt: int
    ) -> Iterator[Callable[[Reply], None]]:
        """A span around one attempt; call what it yields with the reply, if one comes."""
        status = 0

        def answered(reply: Reply) -> None:
            nonlocal status
            status = reply.status

        self.phase(travel, "sending")
        start = self._clock.now_ms()
        waited = 0.0 if travel.waits_since is None else start - travel.waits_since
        travel.waits_since = None
        try:
            yield answered
        finally:
            span = Span(
                batch=travel.number,
                lane=lane,
                start=start,
                end=self._clock.now_ms(),
                visits=payload.visits,
                bytes=payload.sent_bytes,
                status=status,
                attempt=attempt,
                waited=waited,
            )
            self.run.rate_limited += status == 429
            self.run.spans.append(span)
            self.progress.attempted(span)
            self._attempted(span)

    def refused(self, visits: int) -> None:
        """The answer to the attempt that has just ended refuses some of its visits."""
        self.run.spans[-1] = replace(self.run.spans[-1], rejected=visits)
        self.progress.recent[-1]["rejected"] = visits

    def retry(self) -> None:
        """Another attempt follows."""
        self.run.retries += 1
        self.progress.retries += 1

    def acknowledged(
        self, travel: Travel, *, visits: int, rejected: int, deleted: int, sent_bytes: int
    ) -> None:
        """The ledger has a batch, or a part of one."""
        travel.done += visits
        self.progress.visits_done += visits
        self.progress.bytes += sent_bytes
        self.run.batches += visits > 0
        self.run.visits += visits - rejected
        self.run.rejected += rejected
        self.run.deleted += deleted
        self.run.bytes += sent_bytes

    def succeeded(self) -> None:
        """The ledger has a whole batch."""
        self.progress.batches_done += 1
        self.tell()

    def failed(self, travel: Travel) -> None:
        """A batch waits for the next run."""
        self.progress.batches_failed += 1
        self.progress.visits_failed += (travel.visits or 0) - travel.done
        self.tell()
