"""Scenarios, chance, and ordinary life."""

from pathlib import Path
from typing import Any

import pytest

from farwatch.sim.churn import Churn
from farwatch.sim.scenario import DEMO, SCENARIOS, Player, Scenario, ScenarioError, Step, load_scenario
from farwatch.sim.troubles import TROUBLES

Town = Any  # of conftest.py, which tests cannot import


def raised(town: Town) -> list[str]:
    return [active.trouble.name for active in town.troubles.active.values()]


def test_a_scenario_raises_and_mends_on_time(town: Town) -> None:
    steps = (Step(5, "pvc-pending", lasts=10), Step(8, "memory-pressure"))
    Player(town.engine, town.troubles, Scenario(steps))

    seen = []
    for _ in range(5):
        town.advance(4)
        seen.append(raised(town))

    assert seen == [
        [],
        ["pvc-pending", "memory-pressure"],
        ["pvc-pending", "memory-pressure"],
        ["memory-pressure"],
        ["memory-pressure"],
    ]


def test_a_scenario_repeats(town: Town) -> None:
    Player(town.engine, town.troubles, Scenario((Step(1, "pvc-pending", lasts=1),), repeat=10))
    numbers = set()
    for _ in range(35):
        town.advance(1)
        numbers |= set(town.troubles.active)

    assert numbers == {1, 2, 3, 4}


def test_a_step_without_anything_to_befall_is_passed_over(town: Town) -> None:
    steps = (Step(1, "crash-loop", workload="absent"), Step(2, "pvc-pending"))
    Player(town.engine, town.troubles, Scenario(steps))
    town.advance(5)

    assert raised(town) == ["pvc-pending"]


def test_what_somebody_else_mended_stays_mended(town: Town) -> None:
    Player(town.engine, town.troubles, Scenario((Step(1, "pvc-pending", lasts=10),)))
    town.advance(5)
    town.troubles.mend(1)
    town.advance(20)

    assert raised(town) == []


def test_chaos_raises_troubles_at_its_rate_and_mends_them(town: Town) -> None:
    Player(town.engine, town.troubles, Scenario(), chaos_per_minute=6)
    town.advance(300)
    most = max(town.troubles.active, default=0)

    assert 10 < most < 60
    assert len(town.troubles.active) < most


def test_the_demo_begins_soon_and_mends_all_it_breaks(town: Town) -> None:
    assert DEMO.repeat is not None
    assert min(step.at for step in DEMO.steps) < 5
    assert all(step.lasts and step.at + step.lasts < DEMO.repeat for step in DEMO.steps)
    assert len({step.trouble for step in DEMO.steps}) > 15

    Player(town.engine, town.troubles, Scenario(DEMO.steps))
    town.advance(700)

    assert raised(town) == []
    assert town.unready() == []
    assert town.unsettled() == []


def test_scenarios_name_only_troubles_that_there_are() -> None:
    assert {step.trouble for scenario in SCENARIOS.values() for step in scenario.steps} == set(TROUBLES)


def test_a_scenario_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "night.yaml"
    path.write_text("steps:\n- at: 5\n  trouble: crash-loop\n  workload: web\n  lasts: 60\nrepeat: 100\n")

    assert load_scenario(str(path)) == Scenario(
        (Step(5, "crash-loop", lasts=60, workload="web"),), repeat=100
    )
    assert load_scenario("demo") is DEMO


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("steps: [{at: 1, trouble: bad-luck}]", "no trouble is called bad-luck"),
        ("steps: [{at: soon, trouble: crash-loop}]", "Expected `float`"),
        ("steps: [{at: 1, trouble: crash-loop, who: me}]", "unknown field `who`"),
        ("steps: [", "night.yaml"),
    ],
)
def test_a_file_that_is_no_scenario_is_refused_with_the_reason(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "night.yaml"
    path.write_text(text)

    with pytest.raises(ScenarioError) as caught:
        load_scenario(str(path))

    assert words in str(caught.value)


def test_a_scenario_that_is_not_there_is_refused() -> None:
    with pytest.raises(ScenarioError, match="neither a scenario"):
        load_scenario("absent")


def test_churn_changes_things_and_leaves_them_well(town: Town) -> None:
    Churn(town.engine, per_minute=30)
    before = town.store.resource_version
    pods = len(town.engine.world.pods)
    town.advance(120)

    reasons = town.reasons()
    assert town.store.resource_version - before > 500
    assert {"ScalingReplicaSet", "SuccessfulCreate", "SuccessfulDelete", "Killing"} <= reasons
    assert "BackOff" not in reasons
    assert abs(len(town.engine.world.pods) - pods) < 40


def test_a_quiet_cluster_still_writes_logs(town: Town) -> None:
    Churn(town.engine, per_minute=0)
    town.advance(30)

    pods = town.store.list("pods")
    logs = town.engine.world.logs
    lines = [
        line.text
        for pod in pods
        for line in logs.current(
            pod["metadata"]["namespace"], pod["metadata"]["name"], pod["spec"]["containers"][0]["name"]
        ).lines
    ]
    assert sum('msg="request"' in line for line in lines) > 100
