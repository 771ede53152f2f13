"""What templates see: Alertmanager's data model (``template.Data``), as its users know it from their files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import gotpl
from goduration import Duration
from gotime import Time

from farwatch.hub.alerting.alerts import Alert
from farwatch.hub.alerting.evidence import Digest
from farwatch.hub.alerting.message import Message, go_time, quote_meta, status

_GO_ZERO_TIME = datetime(1, 1, 1, tzinfo=UTC)


class Fields:
    """A Go struct: a field that is not there is an error."""

    def __init__(self, **fields: Any) -> None:
        self._fields = fields

    def __gotemplate_lookup__(self, name: str) -> Any:
        return self._fields[name]

    def as_json(self) -> dict[str, Any]:
        """As Go writes it: names begin with a small letter."""
        return {_json_name(name): value for name, value in self._fields.items()}


class Texts(list[str]):
    """Alertmanager's ``Strings``."""

    def __gotemplate_lookup__(self, name: str) -> Any:
        return {"Join": self._join}[name]

    def _join(self, separator: str) -> str:
        return separator.join(self)


class Pairs(list[Fields]):
    """Alertmanager's ``Pairs``."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._pairs = list(pairs)
        super().__init__(Fields(Name=name, Value=value) for name, value in self._pairs)

    def __gotemplate_lookup__(self, name: str) -> Any:
        return {"Names": self.names, "Values": self.values}[name]

    def __str__(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in self._pairs)

    def names(self) -> Texts:
        """The names."""
        return Texts(name for name, _ in self._pairs)

    def values(self) -> Texts:
        """The values."""
        return Texts(value for _, value in self._pairs)


class LabelSet(gotpl.TypedMap[str, str]):
    """Alertmanager's ``KV``: a label that is not there is empty."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        super().__init__(dict(labels), zero="")

    def __gotemplate_lookup__(self, name: str) -> Any:
        methods: dict[str, Callable[..., Any]] = {
            "SortedPairs": self._sorted_pairs,
            "Names": self._names,
            "Values": self._values,
            "Remove": self._remove,
        }
        return methods.get(name) or self.data.get(name, "")

    def __str__(self) -> str:
        return str(self._sorted_pairs())

    def as_json(self) -> dict[str, str]:
        """As Go writes it: sorted by name."""
        return dict(sorted(self.data.items()))

    def _sorted_pairs(self) -> Pairs:
        # As upstream, the name of the alert comes first.
        return Pairs(sorted(self.data.items(), key=lambda pair: (pair[0] != "alertname", pair[0])))

    def _names(self) -> Texts:
        return self._sorted_pairs().names()

    def _values(self) -> Texts:
        return self._sorted_pairs().values()

    def _remove(self, names: Iterable[str]) -> LabelSet:
        out = set(names)
        return LabelSet({name: value for name, value in self.data.items() if name not in out})


class AlertFields(Fields):
    """Alertmanager's ``Alert``; besides, ``Evidence`` is what is known about it, as text. JSON is Alertmanager's."""

    def __init__(self, evidence: str, **fields: Any) -> None:
        super().__init__(**fields)
        self._evidence = evidence

    def __gotemplate_lookup__(self, name: str) -> Any:
        return self._evidence if name == "Evidence" else super().__gotemplate_lookup__(name)


class AlertList(list[Fields]):
    """Alertmanager's ``Alerts``."""

    def __init__(self, alerts: Iterable[Alert], evidence: Mapping[str, Digest]) -> None:
        self._alerts = list(alerts)
        self._evidence = evidence
        super().__init__(_alert(alert, evidence) for alert in self._alerts)

    def __gotemplate_lookup__(self, name: str) -> Any:
        return {"Firing": self._firing, "Resolved": self._resolved}[name]

    def _firing(self) -> AlertList:
        return AlertList((alert for alert in self._alerts if alert.ends_at is None), self._evidence)

    def _resolved(self) -> AlertList:
        return AlertList((alert for alert in self._alerts if alert.ends_at is not None), self._evidence)


class Span:
    """Go's ``time.Duration``."""

    def __init__(self, duration: Duration) -> None:
        self.duration = duration

    def __gotemplate_lookup__(self, name: str) -> Any:
        return {
            "Hours": self.duration.total_hours,
            "Minutes": self.duration.total_minutes,
            "Seconds": self.duration.total_seconds,
            "Milliseconds": self.duration.total_milliseconds,
            "String": self.__str__,
        }[name]

    def __str__(self) -> str:
        return str(self.duration)


class Moment:
    """Go's ``time.Time``."""

    def __init__(self, time: Time) -> None:
        self.time = time

    @classmethod
    def at(cls, time: datetime | None) -> Moment:
        """A moment; None is Go's zero time."""
        return cls(Time.from_datetime(time or _GO_ZERO_TIME))

    def __gotemplate_lookup__(self, name: str) -> Any:
        return {
            "Add": self._add,
            "AddDate": self._add_date,
            "After": self._after,
            "Before": self._before,
            "Day": self.time.day,
            "Equal": self._equal,
            "Format": self.time.format,
            "Hour": self.time.hour,
            "IsZero": self.time.is_zero,
            "Local": self._local,
            "Minute": self.time.minute,
            "Month": self.time.month,
            "Second": self.time.second,
            "String": self.__str__,
            "Sub": self._sub,
            "UTC": self._utc,
            "Unix": self.time.unix,
            "UnixMilli": self.time.unix_milliseconds,
            "Weekday": self.time.weekday,
            "Year": self.time.year,
        }[name]

    def __str__(self) -> str:
        return str(self.time)

    # gotpl calls methods of Python wherever they stand, and lambdas neither in `.UTC.Format` nor in `.After .Other`.

    def _add(self, nanoseconds: float) -> Moment:
        return Moment(self.time.add(Duration(int(nanoseconds))))

    def _add_date(self, years: int, months: int, days: int) -> Moment:
        return Moment(self.time.add_date(years, months, days))

    def _after(self, other: Moment) -> bool:
        return self.time.after(other.time)

    def _before(self, other: Moment) -> bool:
        return self.time.before(other.time)

    def _equal(self, other: Moment) -> bool:
        return self.time.equal(other.time)

    def _local(self) -> Moment:
        return Moment(self.time.local())

    def _sub(self, other: Moment) -> Span:
        return Span(self.time.subtract(other.time))

    def _utc(self) -> Moment:
        return Moment(self.time.utc())

    def as_json(self) -> str:
        """As Go writes it."""
        return go_time(self.time.to_datetime())


def template_data(message: Message) -> Fields:
    """A message as templates see it."""
    return Fields(
        Receiver=quote_meta(message.receiver),
        Status=str(message.status),
        Alerts=AlertList(message.alerts, message.evidence),
        NotificationReason=str(message.reason),
        GroupLabels=LabelSet(message.group_labels),
        CommonLabels=LabelSet(message.common_labels),
        CommonAnnotations=LabelSet(message.common_annotations),
        RouteLabels=LabelSet({}),  # no route has any: its key is refused by name
        ExternalURL=message.external_url,
    )


def _alert(alert: Alert, evidence: Mapping[str, Digest]) -> Fields:
    digest = evidence.get(alert.fingerprint)
    return AlertFields(
        "" if digest is None else digest.text,
        Status=str(status(alert)),
        Labels=LabelSet(alert.labels),
        Annotations=LabelSet(alert.annotations),
        StartsAt=Moment.at(alert.starts_at),
        EndsAt=Moment.at(alert.ends_at),
        GeneratorURL=alert.generator_url,
        Fingerprint=alert.fingerprint,
    )


def _json_name(name: str) -> str:
    if name == "NotificationReason":
        return "notification_reason"
    return name[:1].lower() + name[1:]
