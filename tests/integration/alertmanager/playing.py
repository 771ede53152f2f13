"""Scenarios played on two sides at once: each thing happens on both at the same time, and what they do is kept."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import aiohttp

from .rendering import own, render
from .scenario import (
    NOW,
    Action,
    Asked,
    ByAmtool,
    Expired,
    Json,
    Posted,
    Scenario,
    Silenced,
    SilencedByAmtool,
    equal,
)
from .sides import OURS, Side, Starter
from .sink import Heard, Sink

FIRST_EVENT_SECONDS = 1.0
NO_ANSWER = 0
STAGGER_UNITS = 0.05
"""Scenarios begin one after the other, so that not everything happens at the same moment."""


@dataclass(frozen=True)
class Answered:
    """What a side said to a request, or what amtool printed, with its exit code."""

    time: float
    request: str
    status: int
    succeeded: bool
    body: Json


@dataclass(frozen=True)
class Performance:
    """What one side did in one scenario. Times are seconds since the epoch."""

    began: float
    unit: float
    heard: Sequence[Heard]
    answered: Sequence[Answered]


@dataclass(frozen=True)
class Play:
    """A configuration, and the scenarios that play on it.

    Attributes:
        name: Names its files.
        scenarios: What plays.
        extra: The configuration beside routes, receivers and rules.
        files: Files beside the configuration, by name.
    """

    name: str
    scenarios: Sequence[Scenario]
    extra: Mapping[str, Json] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Played:
    """How a play went: by side and scenario; and by how many units the latest thing was late."""

    performances: Mapping[tuple[str, str], Performance]
    late: float


class Player:
    """Plays on sides.

    Args:
        sides: What starts each, by its name.
        amtool: The program.
        folder: For files.
        unit: How many seconds a unit is.
    """

    def __init__(self, sides: Mapping[str, Starter], amtool: Path, folder: Path, unit: float) -> None:
        self._starters = sides
        self._amtool = amtool
        self._folder = folder
        self._unit = unit

    def play(self, plays: Sequence[Play]) -> Played:
        """All plays at once."""
        return asyncio.run(self._play(plays))

    async def _play(self, plays: Sequence[Play]) -> Played:
        async with Sink().serve() as sink, aiohttp.ClientSession() as http:
            stages = [(play, await self._raise_curtain(play, sink)) for play in plays]
            stage = _Stage(_Means(http, self._amtool, self._unit))
            began = time.time() + FIRST_EVENT_SECONDS
            entrances = itertools.count()
            await asyncio.gather(
                *(
                    stage.perform(scenario, sides, began + next(entrances) * STAGGER_UNITS * self._unit)
                    for play, sides in stages
                    for scenario in play.scenarios
                )
            )
            return Played(dict(stage.listen_back(sink)), stage.late)

    async def _raise_curtain(self, play: Play, sink: Sink) -> list[Side]:
        for name, text in play.files.items():
            (self._folder / name).write_text(text)
        return list(await asyncio.gather(*(self._start(side, play, sink) for side in self._starters)))

    async def _start(self, side: str, play: Play, sink: Sink) -> Side:
        config = self._folder / f"{play.name}-{side}.yml"
        scenarios = [each.twisted() if side == OURS else each for each in play.scenarios]
        config.write_text(
            render(
                scenarios,
                play.extra,
                lambda scenario, who, way: sink.address(side, scenario, who, way, self._unit),
                self._unit,
            )
        )
        return await asyncio.to_thread(self._starters[side], side, config)


@dataclass(frozen=True)
class _Means:
    """What actors act with."""

    http: aiohttp.ClientSession
    amtool: Path
    unit: float


class _Stage:
    """Lets things happen."""

    def __init__(self, means: _Means) -> None:
        self.late = 0.0
        self._performances: list[tuple[Side, Scenario, Performance]] = []
        self._means = means

    async def perform(self, scenario: Scenario, sides: Iterable[Side], began: float) -> None:
        """A scenario on every side."""
        await asyncio.gather(*(self._perform(scenario, side, began) for side in sides))

    async def _perform(self, scenario: Scenario, side: Side, began: float) -> None:
        unit = self._means.unit
        actor = _Actor(scenario, side, began, self._means)
        for units, actions in scenario.events:
            due = began + units * unit
            await asyncio.sleep(max(due - time.time(), 0))
            await actor.act(units, actions)
            self.late = max(self.late, (actor.last_change - due) / unit)
        self._performances.append((side, scenario, Performance(began, unit, (), tuple(actor.answered))))

    def listen_back(self, sink: Sink) -> Iterator[tuple[tuple[str, str], Performance]]:
        """What each side did in each scenario, with whom it told until the scenario's end."""
        for side, scenario, performance in self._performances:
            end = performance.began + scenario.end * performance.unit
            heard = sink.heard.get((side.name, scenario.name), ())
            in_time = tuple(each for each in heard if each.time < end)
            yield (side.name, scenario.name), dataclasses.replace(performance, heard=in_time)


class _Actor:
    """Does what a scenario says to one side.

    Attributes:
        answered: What the side said.
        last_change: When it was last brought to do something, and not merely asked.
    """

    def __init__(self, scenario: Scenario, side: Side, began: float, means: _Means) -> None:
        self.answered: list[Answered] = []
        self.last_change = 0.0
        self._scenario = scenario
        self._side = side
        self._began = began
        self._means = means
        self._silences: dict[str, str] = {}

    async def act(self, now: float, actions: Sequence[Action]) -> None:
        self.last_change = time.time()
        batch = [self._alert(now, action) for action in actions if isinstance(action, Posted)]
        if batch:
            await self._request("POST", "/api/v2/alerts", batch)
            self.last_change = time.time()
        for action in actions:
            match action:
                case Asked():
                    await self._ask(action)
                case Silenced():
                    await self._silence(action)
                case SilencedByAmtool():
                    await self._silence_by_amtool(action)
                case ByAmtool(words):
                    await self._run_amtool(*map(self._filled, words))
                case Expired(name, by_amtool=True):
                    await self._run_amtool("silence", "expire", self._silence_id(name))
                case Expired(name):
                    await self._request("DELETE", f"/api/v2/silence/{self._silence_id(name)}")
            if isinstance(action, Silenced | SilencedByAmtool | Expired):
                self.last_change = time.time()

    def _alert(self, now: float, posted: Posted) -> Json:
        fields = {
            "labels": {"scenario": self._scenario.name, **posted.labels},
            "startsAt": self._time(now, posted.starts),
            "endsAt": self._time(now, posted.ends),
            "annotations": posted.annotations,
            "generatorURL": posted.url,
        }
        return {key: value for key, value in fields.items() if value is not None}

    def _time(self, now: float, time: float | str | None) -> str | None:
        if isinstance(time, str) and time != NOW:
            return time
        if time is None:
            return None
        units = now if isinstance(time, str) else time
        return datetime.fromtimestamp(self._began + units * self._means.unit, UTC).isoformat(
            timespec="milliseconds"
        )

    async def _ask(self, asked: Asked) -> None:
        path = self._filled(asked.path)
        if asked.method == "GET":
            path = (
                f"{path}?{urlencode([*asked.body, ('filter', own(self._scenario))])}"
                if asked.body is not None
                else path
            )
            await self._request("GET", path)
        else:
            await self._request(asked.method, path, asked.body)

    def _filled(self, text: str) -> str:
        text = text.replace("{scenario}", own(self._scenario))
        for name, known in self._silences.items():
            text = text.replace(f"{{{name}}}", known)
        return text

    async def _silence(self, silenced: Silenced) -> None:
        body = {
            "matchers": [*silenced.matchers, equal("scenario", self._scenario.name)],
            "startsAt": self._time(0, silenced.starts),
            "endsAt": self._time(0, silenced.ends),
            "createdBy": "tester",
            "comment": silenced.comment,
        }
        if silenced.id is not None:
            body["id"] = self._silence_id(silenced.id)
        answer = await self._request("POST", "/api/v2/silences", body)
        if "silenceID" in answer:
            self._silences[silenced.name] = answer["silenceID"]

    def _silence_id(self, name: str) -> str:
        """One that nobody has, if the silence was refused."""
        return self._silences.get(name, str(UUID(int=0)))

    async def _silence_by_amtool(self, silenced: SilencedByAmtool) -> None:
        seconds = f"{round(silenced.units * self._means.unit)}s"
        words = ["--author=tester", "--comment=for a test", f"--duration={seconds}"]
        said = await self._run_amtool("silence", "add", *words, own(self._scenario), *silenced.matchers)
        self._silences[silenced.name] = said.strip()

    async def _run_amtool(self, *words: str) -> str:
        process = await asyncio.create_subprocess_exec(
            self._means.amtool,
            f"--alertmanager.url={self._side.url}",
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, complained = await process.communicate()
        # What it has to say beside an answer is that the server's version is not its own.
        text = _read(complained if process.returncode else said)
        self.answered.append(
            Answered(
                time.time(),
                f"amtool {' '.join(words)}",
                process.returncode or 0,
                not process.returncode,
                text,
            )
        )
        return said.decode()

    async def _request(self, method: str, path: str, body: Json = None) -> Json:
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if data is not None else {}
        asked = self._means.http.request(method, self._side.url + path, data=data, headers=headers)
        try:
            async with asked as answer:
                status, said = answer.status, _read(await answer.read())
        except aiohttp.ServerDisconnectedError:
            status, said = NO_ANSWER, "the connection was closed"
        self.answered.append(Answered(time.time(), f"{method} {path}", status, 200 <= status < 300, said))
        return said


def _read(body: bytes) -> Any:
    """JSON if it is, else text."""
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
