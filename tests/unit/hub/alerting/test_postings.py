from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.alerting.fingerprints import fingerprint
from farwatch.hub.alerting.postings import PostingError, Postings

from .conftest import START, at

TEXT = st.text(max_size=20)


def body(*alerts: object) -> bytes:
    return msgspec.json.encode(alerts)


def test_what_is_posted_again_shares_the_labels_that_were_read_before() -> None:
    postings = Postings()
    written = body({"labels": {"alertname": "A", "empty": ""}, "annotations": {"a": "b"}})
    (first,) = postings.read(written, START, 300).alerts
    (second,) = postings.read(written, START + 60, 300).alerts
    assert second.labels is first.labels
    assert second.annotations is first.annotations
    assert first.labels == {"alertname": "A"}
    assert first.ends_at == at(300)
    assert (second.ends_at, second.timeout) == (at(360), True)


def test_what_is_very_long_is_read_each_time() -> None:
    postings = Postings()
    written = body({"labels": {"a": "b"}, "annotations": {"description": "x" * 20_000}})
    (first,), (second,) = (postings.read(written, START, 300).alerts for _ in range(2))
    assert second.annotations == first.annotations
    assert second.annotations is not first.annotations


def test_annotations_that_change_are_read_anew() -> None:
    postings = Postings()
    texts = []
    for value in ("1", "2", "1"):
        posted = postings.read(body({"labels": {"a": "b"}, "annotations": {"value": value}}), START, 300)
        texts += [alert.annotations["value"] for alert in posted.alerts]
    assert texts == ["1", "2", "1"]


def test_what_is_remembered_is_bounded_and_lasts_as_long_as_it_is_used() -> None:
    postings = Postings(remembered=10)
    written = body({"labels": {"alertname": "kept"}})
    (kept,) = postings.read(written, START, 300).alerts
    for number in range(100):
        postings.read(body({"labels": {"number": str(number)}}), START, 300)
        (again,) = postings.read(written, START, 300).alerts
        assert again.labels is kept.labels
    assert len(postings._young) + len(postings._old) <= 2 * (10 + 1)


def test_a_fault_is_named_each_time_it_is_posted() -> None:
    postings = Postings()
    for _ in range(2):
        posted = postings.read(body({"labels": {}}, {"labels": {"a": "b"}}), START, 300)
        assert posted.faults == ["alert 0: at least one label pair required"]
        assert len(posted.alerts) == 1


def test_an_end_alone_is_the_beginning_too() -> None:
    (alert,) = Postings().read(body({"labels": {"a": "b"}, "endsAt": at(-5)}), START, 300).alerts
    assert (alert.starts_at, alert.ends_at, alert.timeout) == (at(-5), at(-5), False)


def test_a_time_without_a_zone_is_in_utc() -> None:
    written = body({"labels": {"a": "b"}, "endsAt": at(5).replace(tzinfo=None)})
    (alert,) = Postings().read(written, START, 300).alerts
    assert alert.ends_at == at(5)


@given(st.lists(st.dictionaries(TEXT, TEXT, max_size=3), max_size=12), st.booleans())
def test_every_alert_is_taken_or_named(label_sets: list[dict[str, str]], again: bool) -> None:
    postings = Postings()
    written = body(*({"labels": labels} for labels in label_sets))
    posted = postings.read(written, START, 300)
    if again:
        posted = postings.read(written, START, 300)
    assert len(posted.alerts) + len(posted.faults) == len(label_sets)
    for alert in posted.alerts:
        assert alert.fingerprint == fingerprint(alert.labels)
        assert all(alert.labels.values())
        assert alert.labels


@given(st.binary(max_size=60))
def test_bytes_of_any_kind_are_a_list_of_alerts_or_refused(written: bytes) -> None:
    with suppress(PostingError):
        assert Postings().read(written, START, 300).alerts == []


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59-07:30"])
def test_times_at_the_ends_of_the_calendar_are_named(text: str) -> None:
    posted = Postings().read(body({"labels": {"a": "b"}, "startsAt": text, "endsAt": text}), START, 300)
    assert posted.faults == ["alert 0: a time is not in the years 1970 to 2261"]


@pytest.mark.parametrize("year", [1, 1969, 2262, 9999])
def test_times_that_no_store_can_write_are_named(year: int) -> None:
    end = at(0).replace(year=year) + timedelta(seconds=1)
    posted = Postings().read(body({"labels": {"a": "b"}, "startsAt": end, "endsAt": end}), START, 300)
    assert posted.faults == ["alert 0: a time is not in the years 1970 to 2261"]
