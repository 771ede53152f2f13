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


def test_unknown_fields_of_any_type_are_skipped() -> None:
    unknown = bytes([9 << 3 | 0, 0x96, 1, 10 << 3 | 1, *range(8), 11 << 3 | 5, *range(4)])
    raw = unknown + field(2, field(1, b"shop"))
    document = decode_document(body(b"SelfSubjectRulesReview", raw))
    assert document["spec"] == {"namespace": "shop"}


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
