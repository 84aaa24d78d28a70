"""Whatever servers and connections do, every visit arrives, and once."""

from __future__ import annotations

import pytest

from fault.scenario import Play, Scenario
from fault.scenarios import SCENARIOS
from heyho.testing.loop import jumping


def test_names_tell_them_apart() -> None:
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS) >= 30


@pytest.mark.parametrize(
    ("scenario", "strategy"),
    [(scenario, strategy) for scenario in SCENARIOS for strategy in scenario.strategies],
    ids=str,
)
@jumping
async def test_scenario(scenario: Scenario, strategy: str) -> None:
    play = Play(scenario, strategy)
    await play.go()
    play.assert_as_expected()
