import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.sim.errors import StatusError
from farwatch.sim.server.protobuf import decode_document


def field(number: int, value: bytes) -> bytes:
    assert len(value) < 128
    return bytes([number << 3 | 2, len(value)]) + value


def body(kind: bytes, raw: bytes) -> bytes:
    return b"k8s\0" + field(1, field(1, b"authorization.k8s.io/v1") + field(2, kind)) + field(2, raw)


def test_an_access_review_is_read() -> None:
    attributes = field(1, b"shop") + field(2, b"list") + field(5, b"pods")
    raw = field(1, b"") + field(2, field(1, attributes))
    assert decode_document(body(b"SelfSubjectAccessReview", raw)) == {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"namespace": "shop", "verb": "list", "resource": "pods"}},
    }


def number(field_number: int, value: int) -> bytes:
    assert value < 128
    return bytes([field_number << 3, value])


def test_an_object_is_read_as_its_json_would_be() -> None:
    rule = field(1, b"get") + field(2, b"") + field(3, b"pods") + field(3, b"nodes")
    meta = field(1, b"r") + field(2, b"") + field(11, field(1, b"team") + field(2, b"shop"))
    assert decode_document(body(b"Role", field(1, meta) + field(2, rule))) == {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "r", "labels": {"team": "shop"}},
        "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods", "nodes"]}],
    }


@pytest.mark.parametrize(
    ("kind", "spec", "expected"),
    [
        (b"Deployment", number(1, 0), {"replicas": 0}),
        (b"Deployment", bytes([1 << 3, *b"\xff" * 9, 1]), {"replicas": -1}),
        (b"Job", number(10, 1), {"suspend": True}),
        (b"ResourceQuota", field(1, field(1, b"pods") + field(2, field(1, b"3"))), {"hard": {"pods": "3"}}),
        (b"PodDisruptionBudget", field(1, number(1, 0) + number(2, 2)), {"minAvailable": 2}),
        (b"PodDisruptionBudget", field(3, number(1, 1) + field(3, b"50%")), {"maxUnavailable": "50%"}),
    ],
)
def test_values_of_every_type_are_read(kind: bytes, spec: bytes, expected: dict[str, object]) -> None:
    assert decode_document(body(kind, field(2, spec)))["spec"] == expected


def test_bytes_are_base64_as_in_json() -> None:
    secret = field(2, field(1, b"password") + field(2, b"\x00\xff")) + field(3, b"Opaque")
    assert decode_document(body(b"Secret", secret))["data"] == {"password": "AP8="}


def test_fields_without_a_value_are_left_out() -> None:
    empty = number(9, 0) + bytes([10 << 3 | 1, *bytes(8), 11 << 3 | 5, *bytes(4)]) + field(12, b"")
    document = decode_document(body(b"SelfSubjectRulesReview", empty + field(2, field(1, b"shop"))))
    assert document["spec"] == {"namespace": "shop"}
    assert set(document) == {"apiVersion", "kind", "spec"}


@pytest.mark.parametrize("unknown", [number(9, 1), bytes([11 << 3 | 5, 0, 0, 0, 1]), field(12, b"x")])
def test_a_value_that_is_not_understood_is_not_lost_but_refused(unknown: bytes) -> None:
    with pytest.raises(StatusError, match="understood in application/json only") as caught:
        decode_document(body(b"Namespace", unknown))
    assert caught.value.code == 415


def test_other_kinds_are_asked_for_in_json() -> None:
    with pytest.raises(StatusError, match="Pod is understood in application/json only") as caught:
        decode_document(body(b"Pod", b""))
    assert caught.value.code == 415


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(StatusError) as caught:
        decode_document(b"k8s\0" + data)
    assert caught.value.code in (400, 415)


def test_what_is_not_protobuf_is_a_bad_request() -> None:
    with pytest.raises(StatusError):
        decode_document(b"{}")
