"""Scenarios that nobody thought of: timelines made up by chance, always the same ones."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from ..scenario import (
    Action,
    Expired,
    Json,
    Posted,
    Scenario,
    Silenced,
    equal,
    fire,
    resolve,
    route,
    scenario,
    webhook,
)

COUNT = 40
END = 16
NAMES = ("a", "b", "c")
ZONES = ("1", "2")
SEVERITIES = ("critical", "warning")


def _by_chance(number: int) -> Scenario:
    random = Random(number)  # noqa: S311 - it hides nothing
    made = scenario(
        f"chance-{number}",
        group_by=random.choice([[], ["alertname"], ["zone"], ["alertname", "zone"], ["..."]]),
        repeat_interval=random.choice([3, 5, 7, 1001]),
        receivers={name: [webhook(send_resolved=random.random() < 0.7)] for name in ("", "one", "two")},
        inhibit=[_rule(random)] if random.random() < 0.5 else [],
        routes=[_route(random, name) for name in ("one", "two") if random.random() < 0.5],
    )
    silences: list[str] = []
    for time in range(0, END, 2):
        made = made.at(time, *_actions(random, time, silences))
    return made.until(END)


def _rule(random: Random) -> Json:
    return {
        "source_matchers": ['severity="critical"'],
        "target_matchers": [random.choice(['severity="warning"', 'alertname=~"a|b"'])],
        "equal": random.choice([[], ["zone"], ["alertname"]]),
    }


def _route(random: Random, receiver: str) -> Json:
    matcher = random.choice(['alertname!="a"', 'zone="1"', 'severity="critical"', 'alertname=~"a|c"'])
    return route(receiver, matcher, **{"continue": random.random() < 0.5})


def _actions(random: Random, time: int, silences: list[str]) -> Iterator[Action]:
    labels = {
        (random.choice(NAMES), random.choice(ZONES), random.choice(SEVERITIES))
        for _ in range(random.randrange(4))
    }
    for name, zone, severity in sorted(labels):
        yield _posted(random, time, name, zone=zone, severity=severity)
    if random.random() < 0.2:
        silences.append(f"s{time}")
        matcher = random.choice(
            [equal("alertname", random.choice(NAMES)), equal("zone", random.choice(ZONES))]
        )
        yield Silenced(silences[-1], [matcher], time, time + random.choice([2, 4, 6, 100]))
    elif silences and random.random() < 0.3:
        yield Expired(random.choice(silences), by_amtool=False)


def _posted(random: Random, time: int, name: str, **labels: str) -> Posted:
    if random.random() < 0.3:
        return resolve(name, **labels)
    return fire(
        name,
        # One that began earlier would be told at once, at an even time: see `scenario.py`.
        starts=random.choice([None, time - 0.5]),
        ends=random.choice([None, time + 2, time + 4, time + 100]),
        annotations=random.choice([None, {"summary": f"at {time}"}]),
        **labels,
    )


SCENARIOS = [_by_chance(number) for number in range(COUNT)]
