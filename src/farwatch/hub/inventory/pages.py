"""Asking the inventory, page by page."""

from __future__ import annotations

import binascii
import heapq
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable

import msgspec

from farwatch.hub.inventory.errors import ContinueTokenError
from farwatch.kube.objects import KubeObject
from farwatch.kube.selectors import Selector

Place = tuple[str, str, str]
"""Cluster, namespace and name: what pages are ordered by."""


_place_decoder: msgspec.msgpack.Decoder[Place] = msgspec.msgpack.Decoder(Place)


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """Which objects are wanted.

    Attributes:
        kind: A name in ``KINDS``.
        cluster: One cluster; None for all.
        namespace: One namespace; None for all, and for cluster-scoped kinds.
        selector: What their labels must be.
        name: What their names must contain, in any case.
    """

    kind: str
    cluster: str | None = None
    namespace: str | None = None
    selector: Selector = Selector()
    name: str = ""


class Found(msgspec.Struct, frozen=True):
    """An object, and the cluster it is in."""

    cluster: str
    object: KubeObject


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Some of the objects that a query asks for.

    Attributes:
        items: By cluster, namespace and name.
        continue_token: Asks for the next page; empty when this is the last. It names a place in the order, so that
            it stays good whatever comes and goes meanwhile.
        remaining: How many there are after this page, now.
    """

    items: list[Found]
    continue_token: str
    remaining: int


def cut_page(
    candidates: Iterable[tuple[Place, KubeObject]], query: Query, limit: int, continue_token: str
) -> Page:
    """The next ``limit`` candidates, in order, that the query asks for.

    Raises:
        ContinueTokenError: No page gave this token.
    """
    after = _read_token(continue_token) if continue_token else None
    wanted = [
        (place, found)
        for place, found in candidates
        if (after is None or place > after) and _matches(query, place, found)
    ]
    chosen = heapq.nsmallest(limit, wanted, key=lambda candidate: candidate[0])
    remaining = len(wanted) - len(chosen)
    return Page(
        items=[Found(place[0], found) for place, found in chosen],
        continue_token=_to_token(chosen[-1][0]) if remaining and chosen else "",
        remaining=remaining,
    )


def _matches(query: Query, place: Place, found: KubeObject) -> bool:
    _, namespace, name = place
    return (
        (query.namespace is None or namespace == query.namespace)
        and query.name.lower() in name.lower()
        and query.selector.matches(found.metadata.labels)
    )


def _to_token(place: Place) -> str:
    return urlsafe_b64encode(msgspec.msgpack.encode(place)).decode().rstrip("=")


def _read_token(token: str) -> Place:
    try:
        packed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        return _place_decoder.decode(packed)
    except (binascii.Error, msgspec.MsgspecError, ValueError) as error:
        raise ContinueTokenError(
            f"continue token {token[:80]!r} is not one that a page gave: begin again without it"
        ) from error
