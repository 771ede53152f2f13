"""The same alerts at the same times: whom Alertmanager and Farwatch tell, when, and what."""

from __future__ import annotations

from pathlib import Path

import pytest

from .comparison import compare
from .playing import Played
from .plays import PLAYS
from .scenario import Scenario
from .sides import OURS, REAL

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("alertmanager"), pytest.mark.timeout(900)]

SCENARIOS = [scenario for play in PLAYS for scenario in play.scenarios]
STRAIGHT = [scenario for scenario in SCENARIOS if not scenario.twist]
TWISTED = [scenario for scenario in SCENARIOS if scenario.twist]


@pytest.mark.parametrize("scenario", STRAIGHT, ids=lambda scenario: scenario.name)
def test_farwatch_does_as_alertmanager_does(
    scenario: Scenario, played: Played, peer_version: tuple[int, ...]
) -> None:
    differences = compare(played.performances[REAL, scenario.name], played.performances[OURS, scenario.name])
    if scenario.differs_from(peer_version):
        assert differences or scenario.at_times, f"{scenario.name} differs no more: {scenario.differs}"
    else:
        assert not differences, "\n" + "\n".join(differences)


@pytest.mark.parametrize("scenario", TWISTED, ids=lambda scenario: scenario.name)
def test_a_difference_is_seen(scenario: Scenario, played: Played) -> None:
    differences = compare(played.performances[REAL, scenario.name], played.performances[OURS, scenario.name])
    assert any(scenario.differs in line for line in differences), differences


def test_every_difference_is_told_of() -> None:
    told = (Path(__file__).parents[3] / "docs" / "compatibility.md").read_text()
    missing = [each.name for each in STRAIGHT if each.differs and f"`{each.name}`" not in told]
    assert not missing
