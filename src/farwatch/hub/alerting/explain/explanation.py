"""All that decides about who is told of an alert, as it stands now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from farwatch.hub.alerting.acknowledgements import Acknowledgement, Acknowledgements
from farwatch.hub.alerting.alerts import KnownAlert
from farwatch.hub.alerting.dispatch import GroupId, GroupView
from farwatch.hub.alerting.explain.destinations import Destination
from farwatch.hub.alerting.explain.forecast import forecast, integrations_of
from farwatch.hub.alerting.explain.telling import Circumstances, Telling, telling
from farwatch.hub.alerting.explain.visits import RouteVisit
from farwatch.hub.alerting.fingerprints import fingerprint
from farwatch.hub.alerting.nflog import LogKey
from farwatch.hub.alerting.notify import Attempt
from farwatch.hub.alerting.service import Alerting
from farwatch.hub.times import to_time


class SilenceNow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A silence that hushes the alert now."""

    id: str
    matchers: str
    created_by: str
    comment: str
    ends_at: datetime
    words: str


class InhibitionNow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A rule that inhibits the alert now, and an alert by which it does."""

    rule: str
    source: str
    source_labels: dict[str, str]
    words: str


class AcknowledgementNow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who has taken on the alert."""

    at: datetime
    by: str
    note: str
    words: str


class GroupNow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The alert's group on one route.

    Attributes:
        alerts: How many alerts are in it.
        next_flush: When it is looked at next.
    """

    alerts: int
    next_flush: datetime


class DestinationNow(Destination, frozen=True, kw_only=True, rename="camel"):
    """A route that the alert takes, and how it stands with telling people there.

    Attributes:
        group: The alert's group; None: there is none, as nothing is left to tell.
        tellings: Each integration of the receiver.
    """

    group: GroupNow | None = None
    tellings: tuple[Telling, ...] = ()


class Explanation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Why people are told of an alert, or are not.

    Attributes:
        labels: The alert's labels.
        fingerprint: The alert's.
        status: ``firing`` or ``resolved``; ``unknown`` if there is no such alert: then this is what would happen.
        routes: Every route that is looked at or skipped on the way, in the order of the file.
        destinations: The routes that are taken.
        silences: What hushes it now.
        inhibitions: What inhibits it now.
        acknowledgement: Who has taken it on.
        words: How it stands, in sentences.
    """

    labels: dict[str, str]
    fingerprint: str
    status: str
    routes: list[RouteVisit]
    destinations: list[DestinationNow]
    silences: list[SilenceNow]
    inhibitions: list[InhibitionNow]
    acknowledgement: AcknowledgementNow | None
    words: list[str]


class Explainer:
    """Explains by what alerting is doing.

    Args:
        alerting: What it does.
        acknowledgements: Who has taken on what.
    """

    def __init__(self, alerting: Alerting, acknowledgements: Acknowledgements) -> None:
        self._alerting = alerting
        self._acknowledgements = acknowledgements

    def explain(self, labels: Mapping[str, str], now: float) -> Explanation:
        """Explain an alert by its labels: how it stands if there is such an alert, else what would happen.

        Args:
            labels: The alert's.
            now: Seconds since the epoch.
        """
        alerting = self._alerting
        found = forecast(
            alerting.route,
            labels,
            integrations=integrations_of(alerting.config),
            intervals=alerting.suppressor.intervals,
            now=now,
        )
        key = fingerprint(found.labels)
        known = alerting.get(key)
        silences = list(self._silences(found.labels, now))
        inhibitions = list(self._inhibitions(found.labels, now))
        acknowledgement = self._acknowledgements.get(key)
        made = Explanation(
            labels=found.labels,
            routes=found.routes,
            destinations=[],
            fingerprint=key,
            status="unknown" if known is None else "resolved" if known.resolved else "firing",
            silences=silences,
            inhibitions=inhibitions,
            acknowledgement=_acknowledgement(acknowledgement),
            words=[],
        )
        groups = {group.id: group for group in alerting.groups()} if known else {}
        destinations = [
            self._destination(
                place, made, known=known, group=groups.get(GroupId(place.route, place.group_key)), now=now
            )
            for place in found.destinations
        ]
        made = msgspec.structs.replace(made, destinations=destinations)
        return msgspec.structs.replace(made, words=list(_words(made, known)))

    def _silences(self, labels: Mapping[str, str], now: float) -> Iterator[SilenceNow]:
        for silence in self._alerting.silences.silencing(labels, now):
            ends_at = to_time(silence.ends_at)
            why = f": {silence.comment}" if silence.comment else ""
            yield SilenceNow(
                id=silence.id,
                matchers=str(silence.matchers),
                created_by=silence.created_by,
                comment=silence.comment,
                ends_at=ends_at,
                words=f"It is silenced by {silence.created_by or 'somebody'} until {ends_at:%Y-%m-%d %H:%M} UTC{why} "
                f"({silence.matchers}, {silence.id}).",
            )

    def _inhibitions(self, labels: Mapping[str, str], now: float) -> Iterator[InhibitionNow]:
        for inhibition in self._alerting.suppressor.inhibitor.inhibitions(labels, now):
            source = self._alerting.get(inhibition.source)
            source_labels = source.alert.labels if source else {}
            name = source_labels.get("alertname", "an alert")
            rule = inhibition.rule
            same = f" of the same {', '.join(rule.equal)}" if rule.equal else ""
            yield InhibitionNow(
                rule=rule.name,
                source=inhibition.source,
                source_labels=source_labels,
                words=f"It is inhibited by {name}{same} ({rule.name}: {rule.source} keeps {rule.target} quiet; "
                f"{inhibition.source}).",
            )

    def _destination(
        self,
        place: Destination,
        about: Explanation,
        *,
        known: KnownAlert | None,
        group: GroupView | None,
        now: float,
    ) -> DestinationNow:
        made = DestinationNow(**msgspec.structs.asdict(place))
        if known is None or group is None or not _holds(group, about.fingerprint):
            return made
        tellings = tuple(self._tellings(place, known, group, about, now))
        next_flush = to_time(group.next_flush)
        return msgspec.structs.replace(
            made,
            group=GroupNow(alerts=len(group.alerts), next_flush=next_flush),
            tellings=tellings,
            words=(*made.words, *(found.words for found in tellings)),
        )

    def _tellings(
        self, place: Destination, known: KnownAlert, group: GroupView, about: Explanation, now: float
    ) -> Iterator[Telling]:
        alerting = self._alerting
        members = [member for alert in group.alerts if (member := alerting.get(alert.fingerprint))]
        first = min(member.received_at for member in members)
        # As long as there is one alert in it that nobody has taken on, the group is told again.
        seen_to = all(
            found.resolved or self._acknowledgements.acknowledged(found.alert.fingerprint)
            for found in members
        )
        entries = {receiver.name: receiver for receiver in alerting.config.receivers}[place.receiver].entries(
            alerting.config.global_
        )
        for kind, position, section in entries:
            key = LogKey(place.receiver, kind, position, place.group_key)
            found = Circumstances(
                known=known,
                group=group,
                first_received_at=first,
                told=alerting.nflog.told(key, now),
                last=self._last_attempt(key),
                send_resolved=section.send_resolved,
                suppressed=bool(about.silences or about.inhibitions or place.muted),
                acknowledged_by=about.acknowledgement.by if about.acknowledgement and seen_to else "",
                now=now,
            )
            yield telling(kind, position, found)

    def _last_attempt(self, key: LogKey) -> Attempt | None:
        return next((made for made in reversed(self._alerting.attempts()) if made.key == key), None)


def _holds(group: GroupView, key: str) -> bool:
    return any(alert.fingerprint == key for alert in group.alerts)


def _acknowledgement(found: Acknowledgement | None) -> AcknowledgementNow | None:
    if found is None:
        return None
    at = to_time(found.time)
    note = f": {found.note}" if found.note else ""
    return AcknowledgementNow(
        at=at,
        by=found.author,
        note=found.note,
        words=f"{found.author} acknowledged it at {at:%Y-%m-%d %H:%M} UTC{note}.",
    )


def _words(made: Explanation, known: KnownAlert | None) -> Iterator[str]:
    """How it stands, before all detail."""
    if known is None:
        yield "There is no such alert now; this is what would happen if there were."
    elif known.resolved and known.alert.ends_at is not None:
        yield f"The alert was resolved at {known.alert.ends_at:%Y-%m-%d %H:%M:%S} UTC."
    else:
        yield f"The alert fires since {known.alert.starts_at:%Y-%m-%d %H:%M:%S} UTC."
    yield from (inhibition.words for inhibition in made.inhibitions)
    yield from (silence.words for silence in made.silences)
    if made.acknowledgement:
        yield made.acknowledgement.words
    if not made.silences and not made.inhibitions:
        yield "No silence and no inhibition applies to it."
