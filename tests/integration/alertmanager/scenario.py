"""Scenarios: a piece of configuration, and what happens when.

Time is counted in units from the scenario's own beginning; a play decides how long a unit is. Groups are flushed at odd
times (``group_wait`` 1, ``group_interval`` 2 unless said otherwise), and things happen at even ones: half an interval
away from any flush, so that a slow machine changes nothing. What is repeated has an odd ``repeat_interval``, likewise.
(An alert that is older than its ``group_wait`` is told at once: then it is the other way round.)

Every alert, silence and rule of a scenario carries the label ``scenario``, so that all of them can play at once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

UTF8 = (0, 27, 0)
"""The version of Alertmanager that lets labels have any name."""

Json = Any
Units = float

DURATIONS = frozenset({"group_wait", "group_interval", "repeat_interval", "timeout"})
CALM: Mapping[str, Any] = {"group_wait": 1, "group_interval": 2, "repeat_interval": 1001}


# --- what happens ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Posted:
    """An alert of a batch; its times are units, or text that is sent as it stands, or None for those not sent."""

    labels: Mapping[str, Json]
    starts: Units | str | None = None
    ends: Units | str | None = None
    annotations: Mapping[str, Json] | None = None
    url: str | None = None


@dataclass(frozen=True)
class Asked:
    """A request, whose answer is compared. In its path, ``{NAME}`` stands for the id of the silence of this name."""

    method: str
    path: str
    body: Json = None


@dataclass(frozen=True)
class Silenced:
    """A silence made or changed through the API; ``id`` names one made before, to be changed."""

    name: str
    matchers: Sequence[Mapping[str, Json]]
    starts: Units
    ends: Units
    id: str | None = None
    comment: str = "for a test"


@dataclass(frozen=True)
class SilencedByAmtool:
    """A silence made by the real amtool, beginning at once."""

    name: str
    matchers: Sequence[str]
    units: Units


@dataclass(frozen=True)
class Expired:
    """A silence ended before its time, by the real amtool or else by the API."""

    name: str
    by_amtool: bool = True


@dataclass(frozen=True)
class ByAmtool:
    """Anything done by the real amtool: its exit code and what it prints are compared.

    In its words, ``{scenario}`` stands for the scenario's matcher, ``{NAME}`` for the id of the silence of this name.
    """

    words: Sequence[str]


def amtool(*words: str) -> ByAmtool:
    return ByAmtool(words)


Action = Posted | Asked | Silenced | SilencedByAmtool | Expired | ByAmtool


def fire(
    alertname: str,
    *,
    starts: Units | str | None = None,
    ends: Units | str | None = None,
    annotations: Mapping[str, Json] | None = None,
    url: str | None = None,
    **labels: Json,
) -> Posted:
    """An alert that fires, until ``ends`` or as long as ``resolve_timeout`` lets it."""
    return Posted({"alertname": alertname, **labels}, starts, ends, annotations, url)


NOW = "now"
"""As the end of an alert: the time at which it is sent."""


def resolve(alertname: str, **labels: Json) -> Posted:
    """An alert that ends as it is sent."""
    return Posted({"alertname": alertname, **labels}, ends=NOW)


def get(path: str, *filters: str, **query: str) -> Asked:
    """A read of the API; this scenario's alerts alone."""
    pairs = [("filter", each) for each in filters] + list(query.items())
    return Asked("GET", path, pairs)


def equal(name: str, value: str) -> dict[str, Json]:
    """A silence's matcher."""
    return {"name": name, "value": value, "isRegex": False, "isEqual": True}


# --- who is told ----------------------------------------------------------------------------------------------


OK = (200,)


@dataclass(frozen=True)
class Way:
    """An entry of a receiver. ``answers`` are the sink's statuses, the last one for good; ``hang`` is in units."""

    kind: str = "webhook"
    options: Mapping[str, Json] = field(default_factory=dict)
    answers: Sequence[int] = OK
    hang: Units = 0

    @property
    def address_key(self) -> str:
        """Where the configuration has the service's address."""
        return {"webhook": "url", "pagerduty": "url", "discord": "webhook_url"}.get(self.kind, "api_url")


def webhook(*, answers: Sequence[int] = OK, hang: Units = 0, **options: Json) -> Way:
    return Way("webhook", options, answers, hang)


PLAIN_SLACK: Mapping[str, Json] = {
    "channel": "#test",
    "username": "Alertmanager",
    "color": "good",
    "title": "a title",
    "title_link": "http://example.com",
    "text": "a text",
    "fallback": "a fallback",
}
"""Every field that has a default: Farwatch has other words there."""


def slack(**options: Json) -> Way:
    return Way("slack", {**PLAIN_SLACK, **options})


# --- the whole ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scenario:
    """What is configured, and what happens.

    Attributes:
        name: The value of its label ``scenario``, and its test's name.
        route: Its route's options, with routes below; receivers in it are named within the scenario.
        receivers: The ways to reach people by each receiver; one that is not here has one webhook.
        inhibit: Rules, each with its own matchers beside that of the scenario.
        events: What happens, by time.
        differs: Why Farwatch does otherwise, on purpose; empty: it does the same.
        before: The first version of Alertmanager that does as Farwatch does; what is older differs.
        at_times: It differs only as chance has it.
        twist: With what Farwatch's route is configured instead, to see that the difference is seen.
    """

    name: str
    route: Mapping[str, Json] = field(default_factory=dict)
    receivers: Mapping[str, Sequence[Way]] = field(default_factory=dict)
    inhibit: Sequence[Mapping[str, Json]] = ()
    events: tuple[tuple[Units, tuple[Action, ...]], ...] = ()
    differs: str = ""
    before: tuple[int, ...] | None = None
    at_times: bool = False
    twist: Mapping[str, Json] = field(default_factory=dict)

    def differs_from(self, version: tuple[int, ...]) -> bool:
        """Whether Farwatch does otherwise than this version of Alertmanager."""
        return bool(self.differs) and (self.before is None or version < self.before)

    def twisted(self) -> Scenario:
        """As Farwatch plays it."""
        return dataclasses.replace(self, route={**self.route, **self.twist})

    def at(self, time: Units, *actions: Action) -> Scenario:
        """The same, and then at this time these things. Alerts that stand together are sent as one batch."""
        return dataclasses.replace(self, events=(*self.events, (time, actions)))

    def until(self, time: Units) -> Scenario:
        """The same, and nothing more until then."""
        return self.at(time)

    @property
    def end(self) -> Units:
        return max(time for time, _ in self.events)


def scenario(
    name: str,
    *,
    receivers: Mapping[str, Sequence[Way]] | Sequence[Way] = (),
    inhibit: Sequence[Mapping[str, Json]] = (),
    differs: str = "",
    before: tuple[int, ...] | None = None,
    at_times: bool = False,
    twist: Mapping[str, Json] | None = None,
    **route: Json,
) -> Scenario:
    """A scenario by its route's options; a plain list of ways is that of its only receiver."""
    if not isinstance(receivers, Mapping):
        receivers = {"": receivers} if receivers else {}
    return Scenario(
        name,
        {**CALM, **route},
        receivers,
        inhibit,
        differs=differs,
        before=before,
        at_times=at_times,
        twist=twist or {},
    )


def route(receiver: str | None = None, *matchers: str, **options: Json) -> dict[str, Json]:
    """A route below a scenario's own; None: the receiver of its parent."""
    return {"matchers": list(matchers), **({} if receiver is None else {"receiver": receiver}), **options}
