"""What two sides did in a scenario, compared: who was told how often, when, and what; and what requests got.

Times are compared in units from the scenario's beginning. Two are the same when they are less than one unit apart:
groups are flushed every two. What the sides give ids to (silences) is compared by the order in which ids appear.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import zip_longest
from typing import Any

from .playing import Performance
from .scenario import Json
from .sink import Heard

TOLERANCE_UNITS = 1.0
NEWER = frozenset({"annotations", "mutedBy", "routeLabels"})
"""Fields of the API that Alertmanager has had since 0.28 and later: one that is older lacks them."""

AS_GOOD = frozenset({(422, 400), (422, 404), (500, 404)})
"""Statuses of a refusal by Alertmanager, and what Farwatch may answer instead: bad is bad, and unknown is unknown."""

GO_ZERO_TIME = "0001-01-01T00:00:00Z"

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)")
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def compare(real: Performance, ours: Performance) -> list[str]:
    """The differences, one per line; none: the sides did the same."""
    differences = list(_compare_messages(real, ours)) + list(_compare_answers(real, ours))
    if not differences:
        return []
    return [*differences, "", "Alertmanager:", *describe(real), "", "Farwatch:", *describe(ours)]


def describe(performance: Performance) -> Iterator[str]:
    """What a side did, one line per message and answer, by time."""
    lines = [(heard.time, f"{heard.who} {_summary(heard.body)}") for heard in performance.heard]
    lines += [
        (answer.time, f"  {answer.request} -> {answer.status} {str(answer.body)[:300]}")
        for answer in performance.answered
    ]
    for time, line in sorted(lines):
        yield f"  {_units(performance, time):6.2f}  {line}"


def _compare_messages(real: Performance, ours: Performance) -> Iterator[str]:
    theirs, own = _threads(real), _threads(ours)
    for thread in sorted(theirs.keys() | own.keys()):
        pairs = zip_longest(theirs.get(thread, ()), own.get(thread, ()))
        for number, (wanted, found) in enumerate(pairs, 1):
            where = f"{' '.join(filter(None, thread))}, message {number}"
            if wanted is None:
                yield f"{where}: only Farwatch told"
            elif found is None:
                yield f"{where}: only Alertmanager told"
            else:
                due, came = _units(real, wanted.time), _units(ours, found.time)
                if abs(due - came) >= TOLERANCE_UNITS:
                    yield f"{where}: Alertmanager told at {due:.2f}, Farwatch at {came:.2f}"
                read_real, read_ours = _Reader(real), _Reader(ours)
                yield from _compare_values(
                    where, read_real(_plain(wanted.body)), read_ours(_plain(found.body))
                )


def _threads(performance: Performance) -> dict[tuple[str, str], list[Heard]]:
    """Messages by who was told about which group: among those alone there is an order."""
    threads: dict[tuple[str, str], list[Heard]] = {}
    for heard in performance.heard:
        group = heard.body.get("groupKey", "") if isinstance(heard.body, dict) else ""
        threads.setdefault((heard.who, group), []).append(heard)
    return threads


def _plain(body: Json) -> Json:
    """A message without what makes no difference to its service."""
    if isinstance(body, dict) and "attachments" in body:
        return {**body, "attachments": [_plain_attachment(each) for each in body["attachments"]]}
    if isinstance(body, dict) and "chat_id" in body:
        return _plain_telegram(body)
    if isinstance(body, dict) and "groupKey" in body:
        return {key: value for key, value in body.items() if key != "notification_reason"}  # since 0.32
    return body


def _plain_attachment(attachment: Mapping[str, Json]) -> Json:
    """Slack: fields that are empty, and the order of names in ``mrkdwn_in``."""
    return {
        key: sorted(value) if key == "mrkdwn_in" else value
        for key, value in attachment.items()
        if value not in ("", None)
    }


def _plain_telegram(body: Mapping[str, Json]) -> Json:
    """Telegram: Alertmanager writes numbers and booleans as strings, and leaves out what is false."""
    return {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in body.items()
        if value is not False
    }


def _compare_answers(real: Performance, ours: Performance) -> Iterator[str]:
    read_real, read_ours = _Reader(real), _Reader(ours)
    for number, (wanted, found) in enumerate(zip(real.answered, ours.answered, strict=True), 1):
        where = f"request {number}, {_ID.sub('ID', wanted.request)}"
        if wanted.status != found.status and (wanted.status, found.status) not in AS_GOOD:
            yield f"{where}: Alertmanager answers {wanted.status}, Farwatch {found.status}"
        if wanted.succeeded and found.succeeded:
            yield from _compare_values(where, read_real(wanted.body), read_ours(found.body))


class _Reader:
    """Turns what a side said into what can be compared: times into units, ids into numbers."""

    def __init__(self, performance: Performance) -> None:
        self._performance = performance
        self._ids: dict[str, int] = {}

    def __call__(self, value: Json) -> Any:
        if isinstance(value, dict):
            return {key: self(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self(item) for item in value]
        if not isinstance(value, str):
            return value
        text = _ID.sub(lambda found: f"ID {self._ids.setdefault(found[0], len(self._ids))}", value)
        return self._time(text)

    def _time(self, text: str) -> Any:
        found = _TIME.fullmatch(text)
        if found is None or text == GO_ZERO_TIME:
            return text
        zone = "+00:00" if found[3] == "Z" else found[3]
        time = datetime.fromisoformat(found[1] + zone).timestamp() + float(found[2] or 0)
        if abs(time - self._performance.began) > 86_400:
            return text  # one that a scenario names itself: what is compared is how it is written
        return _units(self._performance, time)


def _compare_values(where: str, wanted: Any, found: Any) -> Iterator[str]:
    """Differences within a body, each with the way to it."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in sorted(wanted.keys() | found.keys()):
            if key not in found:
                yield f"{where}: {key} is missing in Farwatch's, Alertmanager has {wanted[key]!r}"
            elif key not in wanted and key in NEWER:
                continue
            elif key not in wanted:
                yield f"{where}: {key} is not in Alertmanager's, Farwatch has {found[key]!r}"
            else:
                yield from _compare_values(f"{where}.{key}", wanted[key], found[key])
    elif isinstance(wanted, list) and isinstance(found, list):
        if len(wanted) != len(found):
            yield f"{where}: Alertmanager has {len(wanted)}, Farwatch {len(found)}"
        for place, (one, other) in enumerate(zip(wanted, found, strict=False)):
            yield from _compare_values(f"{where}[{place}]", one, other)
    elif not _same(wanted, found):
        yield f"{where}: Alertmanager has {wanted!r}, Farwatch {found!r}"


def _same(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, float) and isinstance(found, float):
        return abs(wanted - found) < TOLERANCE_UNITS
    return type(wanted) is type(found) and wanted == found


def _units(performance: Performance, time: float) -> float:
    return (time - performance.began) / performance.unit


def _summary(body: Json) -> str:
    """A message in a few words: what fires, and with a minus what is resolved."""
    if not isinstance(body, dict) or "alerts" not in body:
        return str(body)[:300]
    alerts = [
        ("-" if alert["status"] == "resolved" else "")
        + "/".join(value for name, value in sorted(alert["labels"].items()) if name != "scenario")
        for alert in body["alerts"]
    ]
    return f"{body['groupKey']} {body['status']}: {' '.join(alerts)}"
