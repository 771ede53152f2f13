"""Alerts that keep others quiet: while a cluster is out of sight, nobody needs to hear of each of its pods.

The rules are Alertmanager's (``inhibit/inhibit.go``). While an alert that a rule's source side matches fires, those that
its target side matches are not told of, as far as the labels in ``equal`` are the same in both; one that is missing
counts as empty. An alert that both sides of a rule match is not inhibited by another such one, least of all by itself.
That a source is itself silenced or inhibited makes no difference.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from farwatch.hub.alerting.alerts import Alert
from farwatch.hub.alerting.document import Fault, Section
from farwatch.hub.alerting.matchers import Matchers
from farwatch.hub.alerting.regex import Regex
from farwatch.hub.alerting.routing import join_matchers, label_faults


class InhibitRuleConfig(Section, frozen=True, kw_only=True):
    """An entry of ``inhibit_rules``."""

    name: str = ""
    source_match: dict[str, str] = msgspec.field(default_factory=dict)
    source_match_re: dict[str, Regex] = msgspec.field(default_factory=dict)
    source_matchers: list[Matchers] = msgspec.field(default_factory=list)
    target_match: dict[str, str] = msgspec.field(default_factory=dict)
    target_match_re: dict[str, Regex] = msgspec.field(default_factory=dict)
    target_matchers: list[Matchers] = msgspec.field(default_factory=list)
    equal: list[str] = msgspec.field(default_factory=list)

    def faults(self) -> Iterator[Fault]:
        """Labels that are named rightly."""
        for key in ("source_match", "source_match_re", "target_match", "target_match_re"):
            yield from label_faults(key, getattr(self, key))
        if "" in self.equal:
            yield Fault(("equal",), "`equal` holds an empty label name")

    def resolved(self, position: int) -> InhibitRule:
        """The rule as inhibition wants it; ``position`` counts from 0."""
        return InhibitRule(
            name=self.name or f"rule {position + 1}",
            source=join_matchers(self.source_match, self.source_match_re, self.source_matchers),
            target=join_matchers(self.target_match, self.target_match_re, self.target_matchers),
            equal=tuple(sorted(set(self.equal))),
        )


class InhibitRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule.

    Attributes:
        name: Its own, or its place among the rules: ``rule 1``.
        source: What alerts must fulfil to inhibit others.
        target: What alerts must fulfil to be inhibited.
        equal: The labels in which both must be the same.
    """

    name: str
    source: Matchers
    target: Matchers
    equal: tuple[str, ...] = ()


class Inhibition(NamedTuple):
    """That something is inhibited: by which rule, and by which alert (its fingerprint)."""

    rule: InhibitRule
    source: str


class Inhibitor:
    """Which alerts are inhibited by those that fire.

    The firing alerts that are the source of a rule are kept by their labels in ``equal``: to take an alert in, or to
    decide about one, takes a step for each rule, however many alerts there are.
    """

    def __init__(self, rules: Iterable[InhibitRule] = ()) -> None:
        self._sources = [_Sources(rule) for rule in rules]

    @property
    def rules(self) -> list[InhibitRule]:
        """All rules, in their order."""
        return [sources.rule for sources in self._sources]

    def observe(self, fingerprint: str, alert: Alert) -> None:
        """Take in an alert as it is now; one that has ended inhibits nothing from its end on."""
        for sources in self._sources:
            sources.observe(fingerprint, alert)

    def forget(self, fingerprint: str, labels: Mapping[str, str]) -> None:
        """An alert is known no more."""
        for sources in self._sources:
            sources.forget(fingerprint, labels)

    def inhibitions(self, labels: Mapping[str, str], now: float) -> Iterator[Inhibition]:
        """What inhibits an alert at a moment (seconds since the epoch): for each rule that does, one of its sources."""
        for sources in self._sources:
            source = sources.inhibiting(labels, now)
            if source is not None:
                yield Inhibition(sources.rule, source)

    def inhibited_by(self, labels: Mapping[str, str], now: float) -> str | None:
        """The fingerprint of an alert that inhibits; None if it is not inhibited."""
        found = next(self.inhibitions(labels, now), None)
        return found.source if found else None


class _Sources:
    """The alerts that may inhibit by one rule, with their ends (seconds since the epoch)."""

    def __init__(self, rule: InhibitRule) -> None:
        self.rule = rule
        self._one_sided: dict[tuple[str, ...], dict[str, float]] = {}
        self._two_sided: dict[tuple[str, ...], dict[str, float]] = {}

    def observe(self, fingerprint: str, alert: Alert) -> None:
        rule = self.rule
        if rule.source.match(alert.labels):
            side = self._two_sided if rule.target.match(alert.labels) else self._one_sided
            ends_at = math.inf if alert.ends_at is None else alert.ends_at.timestamp()
            side.setdefault(self._key(alert.labels), {})[fingerprint] = ends_at

    def forget(self, fingerprint: str, labels: Mapping[str, str]) -> None:
        key = self._key(labels)
        for side in (self._one_sided, self._two_sided):
            alerts = side.get(key)
            if alerts is not None and alerts.pop(fingerprint, None) is not None and not alerts:
                del side[key]

    def inhibiting(self, labels: Mapping[str, str], now: float) -> str | None:
        if not self.rule.target.match(labels):
            return None
        key = self._key(labels)
        source = _firing(self._one_sided, key, now)
        if source is None and not self.rule.source.match(labels):
            source = _firing(self._two_sided, key, now)
        return source

    def _key(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        return tuple(labels.get(name, "") for name in self.rule.equal)


def _firing(side: dict[tuple[str, ...], dict[str, float]], key: tuple[str, ...], now: float) -> str | None:
    """One of the alerts that fires; those that have ended leave on the way, so that none is looked at twice."""
    alerts = side.get(key)
    while alerts:
        fingerprint, ends_at = next(iter(alerts.items()))
        if now < ends_at:
            return fingerprint
        del alerts[fingerprint]
    side.pop(key, None)
    return None
