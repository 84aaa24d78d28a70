"""Any history of recording, failing, killing and changing one's mind ends with all visits there."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from fault.life import End, Lives
from fault.parts import (
    HOTEL,
    Breaks,
    Drips,
    Latency,
    Miscounts,
    Misnames,
    Says,
    Script,
    Silent,
    Truncates,
    Writes,
)
from fault.server import Part, Server
from heyho.testing.network import Doom

FAULTS = (
    *(Breaks(), Breaks(stored=True), Silent(), Silent(stored=True), Drips(2)),
    *(Truncates(), Miscounts(-1), Miscounts(1), Misnames(), Writes(200, HOTEL)),
    *(Says(401), Says(404), Says(413), Says(429), Says(500)),
    *(Says(429, headers={"retry_after": "70"}), Says(503, headers={"retry_after": "2"})),
)
HOUR_S = 3600.0

few_numbers = st.sets(st.integers(1, 30), max_size=2)
ends = st.builds(
    End,
    steps=st.integers(1, 60),
    from_s=st.sampled_from([0.0, 0.15, 0.3, 0.45, 0.6, 0.9]),
    by=st.sampled_from(["kill", "kill", "kill", "cancel"]),
    arrive=st.booleans(),
)
dooms = st.builds(
    Doom,
    how=st.sampled_from(["dies", "hangs"]),
    at_call=st.integers(0, 6),
    carried_out=st.booleans(),
)


class History(RuleBasedStateMachine):
    """A device, a server, and whatever comes between them."""

    @initialize(rejects=few_numbers, chokes_on=few_numbers, transaction_s=st.sampled_from([0, 0.2]))
    def begin(self, rejects: set[int], chokes_on: set[int], transaction_s: float) -> None:
        self.script = Script([])
        server = Server(Latency(0.3), self.script, rejects=rejects, chokes_on=chokes_on)
        self.lives = Lives(server, visits=5, transaction_s=transaction_s)

    @rule(faults=st.lists(st.sampled_from([None, *FAULTS]), min_size=1, max_size=6))
    def something_will_go_wrong(self, faults: list[Part | None]) -> None:
        self.script.parts.extend(faults)

    @rule(seconds=st.sampled_from([1.0, 30.0, 300.0, HOUR_S, 30 * HOUR_S]))
    def time_passes(self, seconds: float) -> None:
        self.lives.pass_time(seconds)

    @rule(
        visits=st.integers(1, 16),
        strategy=st.sampled_from(["sequential", "concurrent", "parallel", "auto"]),
        lanes=st.integers(1, 4),
        workers=st.integers(1, 3),
        batch=st.integers(1, 4),
        end=ends | ends | st.none(),
        arriving=st.dictionaries(st.sampled_from([0.1, 0.4, 1.0]), st.integers(1, 5), max_size=2),
        dooms=st.lists(dooms, max_size=3),
    )
    def it_syncs(
        self,
        visits: int,
        strategy: str,
        lanes: int,
        workers: int,
        batch: int,
        end: End | None,
        arriving: dict[float, int],
        dooms: list[Doom],
    ) -> None:
        self.lives.device.visit(visits)
        self.lives.run(
            end,
            arriving=arriving,
            dooms=dooms,
            strategy=strategy,
            concurrency=lanes,
            workers=workers,
            batchSize=batch,
        )

    @invariant()
    def nothing_is_wrong(self) -> None:
        if hasattr(self, "lives"):
            self.lives.assert_nothing_is_wrong()

    def teardown(self) -> None:
        if hasattr(self, "lives"):
            self.script.parts.clear()
            self.lives.pass_time(HOUR_S)
            self.lives.run()
            self.lives.assert_all_has_arrived()


TestHistory = History.TestCase
TestHistory.settings = settings(max_examples=100, stateful_step_count=12)


def test_a_visit_may_get_lost_twice_in_one_life() -> None:
    """With a worker that had sent it, and with the engine that sent it again."""
    lives = Lives(Server(Latency(0.3)), visits=1)
    lives.run()
    lives.device.visit()
    options: dict[str, Any] = {"strategy": "parallel", "concurrency": 2, "batchSize": 1}
    dying = Doom("dies", at_call=2, carried_out=True)
    lives.run(End(steps=2, from_s=0.45), dooms=[dying], workers=1, **options)
    assert lives.in_flight[-1] == 2
    lives.run(End(steps=1))
    lives.assert_nothing_is_wrong()
