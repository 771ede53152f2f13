"""Troubles over HTTP."""

from typing import Any

import msgspec
import pytest

from farwatch.sim.troubles import TROUBLES, TroubleError
from farwatch.sim.troubles.orders import order_trouble

Town = Any  # of conftest.py, which tests cannot import


def order(town: Town, method: str, **fields: Any) -> dict[str, Any]:
    return order_trouble(town.troubles, method, msgspec.json.encode(fields) if fields else b"")


def test_known_troubles_are_described(town: Town) -> None:
    known = order(town, "GET")["known"]

    assert {each["trouble"] for each in known} == set(TROUBLES)
    assert all(each["description"] and each["befalls"] for each in known)


def test_a_trouble_is_raised_listed_and_mended(town: Town) -> None:
    told = order(town, "POST", trouble="crash-loop", namespace="shop")
    assert told["trouble"] == "crash-loop"
    assert told["target"].split("/")[1] == "shop"
    assert order(town, "GET")["active"] == [told]

    assert order(town, "DELETE", number=told["number"]) == {"mended": [told]}
    assert order(town, "GET")["active"] == []


def test_troubles_are_mended_by_what_they_are(town: Town) -> None:
    for name in ("pvc-pending", "pvc-pending", "memory-pressure"):
        order(town, "POST", trouble=name)

    assert len(order(town, "DELETE", trouble="pvc-pending")["mended"]) == 2
    assert len(order(town, "DELETE")["mended"]) == 1


@pytest.mark.parametrize(
    ("method", "body", "error"),
    [
        ("POST", b"{}", TroubleError),
        ("POST", b'{"trouble":"bad-luck"}', TroubleError),
        ("DELETE", b'{"number":7}', TroubleError),
        ("PATCH", b"{}", TroubleError),
        ("POST", b"[]", msgspec.DecodeError),
        ("POST", b'{"trubble":"crash-loop"}', msgspec.DecodeError),
    ],
)
def test_what_cannot_be_done_is_refused(town: Town, method: str, body: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        order_trouble(town.troubles, method, body)
