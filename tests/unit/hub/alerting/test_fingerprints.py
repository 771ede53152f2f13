from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.alerting.fingerprints import fingerprint, fingerprints

LABELS = st.dictionaries(st.text(max_size=12), st.text(max_size=40), max_size=5)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        # As prometheus/common computes them (LabelSet.Fingerprint).
        ({}, "cbf29ce484222325"),
        ({"foo": "bar"}, "3fff2c2d7595e046"),
        ({"foo": "bar", "baz": "qux"}, "e4d83091cd448e77"),
    ],
)
def test_fingerprints_are_alertmanagers(labels: dict[str, str], expected: str) -> None:
    assert fingerprint(labels) == expected
    assert fingerprints([labels] * 10) == [expected] * 10


@given(LABELS)
def test_a_fingerprint_does_not_depend_on_the_order_of_labels(labels: dict[str, str]) -> None:
    assert fingerprint(dict(reversed(labels.items()))) == fingerprint(labels)


@given(st.lists(LABELS, max_size=40))
def test_many_at_a_time_are_the_same_as_one_by_one(label_sets: list[dict[str, str]]) -> None:
    assert fingerprints(label_sets) == [fingerprint(labels) for labels in label_sets]


def test_more_than_one_pass_takes_keep_their_order() -> None:
    label_sets = [{"pod": f"pod-{number}" * (number % 7)} for number in range(600)]
    assert fingerprints(label_sets) == [fingerprint(labels) for labels in label_sets]
