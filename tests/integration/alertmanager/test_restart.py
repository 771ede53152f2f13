"""Both killed and started anew: what was told is not told again, what is silenced stays silenced, the rest goes on.

When exactly they go on is not compared: Alertmanager flushes every group anew, Farwatch's timers survive.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ..conftest import Sink, Stage, ask, eventually
from .sides import Alertmanagers, Hubs, Side

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("alertmanager")]

CONFIG = {
    "route": {
        "receiver": "nobody",
        "routes": [
            {
                "receiver": "sink",
                "matchers": ["tested=yes"],
                "group_wait": "1s",
                "group_interval": "1s",
                "repeat_interval": "1h",
            }
        ],
    },
}
ON_DISK_SECONDS = 2.5
"""Alertmanager writes down every second what it told."""


class Actor:
    """Does to one side what a sender and its operator do."""

    def __init__(self, name: str, starter: Alertmanagers | Hubs, folder: Path, sink: Sink) -> None:
        self._starter = starter
        self._name = name
        self._sink = sink
        self._config = folder / f"restart-{name}.yml"
        receivers = [{"name": "nobody"}, {"name": "sink", "webhook_configs": [{"url": sink.url}]}]
        self._config.write_text(json.dumps({**CONFIG, "receivers": receivers}))
        self._side: Side = starter.start(name, self._config)

    def act(self) -> list[list[str]]:
        """Everything, with a kill in the midst; what was told, alert by alert, resolved ones with a minus."""
        self._began = datetime.now(UTC)  # an older alert would be told at once, each by itself
        self._silence("hushed")
        self._post(["a", "b", "hushed"])
        self._wait_told(1)
        time.sleep(ON_DISK_SECONDS)
        self._starter.kill(self._side)
        self._side = self._starter.start(self._name, self._config)
        self._post(["a", "b", "hushed", "new"])
        self._wait_told(2)
        self._post(["a"], ended=True)
        self._wait_told(3)
        return [
            [
                f"{'-' * (each['status'] == 'resolved')}{each['labels']['alertname']}"
                for each in message["alerts"]
            ]
            for message in self._sink.messages
        ]

    def _post(self, names: Sequence[str], *, ended: bool = False) -> None:
        now = datetime.now(UTC)
        ends = now if ended else now + timedelta(hours=1)
        alerts = [
            {
                "labels": {"alertname": name, "tested": "yes"},
                "startsAt": self._began.isoformat(timespec="milliseconds"),
                "endsAt": ends.isoformat(timespec="milliseconds"),
            }
            for name in names
        ]
        assert ask("POST", f"{self._side.url}/api/v2/alerts", alerts).status == 200

    def _silence(self, name: str) -> None:
        silence = {
            "matchers": [{"name": "alertname", "value": name, "isRegex": False, "isEqual": True}],
            "startsAt": self._began.isoformat(timespec="milliseconds"),
            "endsAt": (self._began + timedelta(hours=1)).isoformat(timespec="milliseconds"),
            "createdBy": "tester",
            "comment": "for a test",
        }
        assert ask("POST", f"{self._side.url}/api/v2/silences", silence).status == 200

    def _wait_told(self, count: int) -> None:
        eventually(lambda: len(self._sink.messages) >= count, f"{self._name} told {count} times")


@pytest.fixture
def actors(alertmanager: Path, stage: Stage, tmp_path: Path) -> Iterator[list[Actor]]:
    with ExitStack() as exits:
        real = exits.enter_context(Alertmanagers(alertmanager).running())
        sinks = [exits.enter_context(Sink().serve()) for _ in range(2)]
        yield [
            Actor("alertmanager", real, tmp_path, sinks[0]),
            Actor("farwatch", Hubs(stage), tmp_path, sinks[1]),
        ]


def test_a_kill_changes_nothing_that_people_are_told(actors: list[Actor]) -> None:
    with ThreadPoolExecutor() as pool:
        real, ours = pool.map(Actor.act, actors)
    assert ours == real
