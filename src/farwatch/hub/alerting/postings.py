"""Alerts as other tools post them, in the format of Alertmanager's API v2.

The same alerts come again and again. What a sender wrote about an alert's labels and annotations is kept with what was
read from it, so that a repetition costs a look at bytes, and everybody shares one copy of the labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from farwatch.hub.alerting.alerts import Alert, Origin
from farwatch.hub.alerting.errors import AlertingError
from farwatch.hub.alerting.fingerprints import fingerprints
from farwatch.hub.times import to_time

REMEMBERED = 131_072
"""So many alerts, at the least, are recognised when they are posted again; about 1 KB each."""

LONGEST_REMEMBERED_BYTES = 16 * 1024
"""Labels and annotations that are longer are read each time: what is remembered must not grow without bound."""

YEARS = range(1970, 2262)
"""What the hub's stores can write down."""

_NEVER = datetime.min.replace(tzinfo=UTC)
"""How senders written in Go spell a time that is not known."""


class PostingError(AlertingError):
    """A body is no list of alerts: nothing in it was taken."""


class _Posting(msgspec.Struct, kw_only=True, rename="camel", gc=False):
    labels: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    annotations: msgspec.Raw = msgspec.Raw(b"null")
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    generator_url: str | None = msgspec.field(name="generatorURL", default=None)


class _Labels(msgspec.Struct, frozen=True, gc=False):
    """What was read from a posting's labels and annotations."""

    labels: dict[str, str]
    fingerprint: str
    written_annotations: bytes
    annotations: dict[str, str]
    fault: str


class Posted(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a body holds.

    Attributes:
        alerts: Those that can be taken.
        faults: What is wrong with the others, each with its place in the body, from 0.
    """

    alerts: list[Alert]
    faults: list[str]


_decode = msgspec.json.Decoder(list[_Posting] | None).decode
_decode_labels = msgspec.json.Decoder(dict[str, str] | None).decode


class Postings:
    """Reads bodies; remembers what was read lately, in two generations of which the elder is dropped in time."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._young: dict[bytes, _Labels] = {}
        self._old: dict[bytes, _Labels] = {}

    def read(self, body: bytes, now: float, resolve_timeout: float) -> Posted:
        """The alerts that a body holds.

        Args:
            body: A JSON list.
            now: Seconds since the epoch.
            resolve_timeout: After how many seconds an alert that is posted without an end will be given up.

        Raises:
            PostingError: It is no such list; the message names the place.
        """
        try:
            postings = _decode(body) or []
        except msgspec.DecodeError as error:
            raise PostingError(f"the body is no list of alerts: {error}") from None
        except UnicodeDecodeError:
            raise PostingError("the body is no list of alerts: it is not UTF-8") from None
        moment = to_time(now)
        given_up = moment + timedelta(seconds=resolve_timeout)
        alerts, faults = [], []
        for index, (posting, read) in enumerate(zip(postings, self._read_labels(postings), strict=True)):
            alert = _to_alert(posting, read, moment, given_up)
            fault = read.fault or _fault(alert)
            if fault:
                faults.append(f"alert {index}: {fault}")
            else:
                alerts.append(alert)
        return Posted(alerts=alerts, faults=faults)

    def _read_labels(self, postings: Sequence[_Posting]) -> list[_Labels]:
        """Of each posting, by the bytes of its labels; what is new is read all at once."""
        found: dict[int, _Labels] = {}
        new: list[tuple[int, bytes, bytes, dict[str, str], dict[str, str]]] = []
        for index, posting in enumerate(postings):
            written = b"" if posting.labels is msgspec.UNSET else bytes(posting.labels)
            written_annotations = bytes(posting.annotations)
            known = self._young.get(written) or self._old.get(written)
            if known is not None and known.written_annotations == written_annotations:
                found[index] = self._young[written] = known
            else:
                new.append((index, written, written_annotations, *_decode_both(index, posting)))
        digests = fingerprints([texts for *_, texts, _ in new])
        for (index, written, written_annotations, texts, remarks), digest in zip(new, digests, strict=True):
            fault = _label_fault(texts, remarks)
            found[index] = read = _Labels(texts, digest, written_annotations, remarks, fault)
            if not fault and len(written) + len(written_annotations) <= LONGEST_REMEMBERED_BYTES:
                self._young[written] = read
        if len(self._young) > self._remembered:
            self._old, self._young = self._young, {}
        return [found[index] for index in range(len(postings))]


def _decode_both(index: int, posting: _Posting) -> tuple[dict[str, str], dict[str, str]]:
    """Labels, without those that are empty, and annotations."""
    if posting.labels is msgspec.UNSET or bytes(posting.labels) == b"null":
        raise PostingError(f"alert {index}: labels are required")
    labels = _decode_texts(index, "labels", posting.labels)
    annotations = _decode_texts(index, "annotations", posting.annotations)
    if "" in labels.values():
        labels = {name: value for name, value in labels.items() if value}
    return labels, annotations


def _decode_texts(index: int, field: str, written: msgspec.Raw) -> dict[str, str]:
    try:
        return _decode_labels(written) or {}
    except msgspec.DecodeError as error:
        reason = str(error).replace("at `$[...]`", "as a value").replace("at `key in $`", "as a name")
        raise PostingError(f"alert {index}: {field}: {reason}") from None
    except UnicodeDecodeError:
        raise PostingError(f"alert {index}: {field}: not UTF-8") from None


def _to_alert(posting: _Posting, read: _Labels, now: datetime, given_up: datetime) -> Alert:
    starts_at, ends_at = _time(posting.starts_at), _time(posting.ends_at)
    return Alert(
        labels=read.labels,
        annotations=read.annotations,
        starts_at=starts_at or ends_at or now,
        ends_at=ends_at or given_up,
        generator_url=posting.generator_url or "",
        origin=Origin.API,
        timeout=ends_at is None,
        fingerprint=read.fingerprint,
    )


def _time(time: datetime | None) -> datetime | None:
    if time is None:
        return None
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    if time == _NEVER:
        return None
    # A year at the end of the calendar may have no time in UTC; it is refused later.
    return time.astimezone(UTC) if time.tzinfo is not UTC and time.year in YEARS else time


def _fault(alert: Alert) -> str:
    """What keeps an alert from being taken; empty if nothing does. Upstream's rules, and their order."""
    if alert.ends_at is not None and alert.ends_at < alert.starts_at:
        return "start time must be before end time"
    if alert.starts_at.year not in YEARS or (alert.ends_at or alert.starts_at).year not in YEARS:
        return f"a time is not in the years {YEARS.start} to {YEARS.stop - 1}"
    return ""


def _label_fault(labels: dict[str, str], annotations: dict[str, str]) -> str:
    if not labels:
        return "at least one label pair required"
    for what, names in (("invalid label set", labels), ("invalid annotations", annotations)):
        if "" in names:
            return f'{what}: invalid name ""'
    return ""
