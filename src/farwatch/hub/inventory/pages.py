"""Asking the inventory, page by page."""

from __future__ import annotations

import binascii
import heapq
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Collection, Iterable, Mapping

import msgspec

from farwatch.hub.inventory.errors import ContinueTokenError
from farwatch.kube.objects import KubeObject
from farwatch.kube.selectors import Selector

Key = tuple[str, str]
"""Namespace and name."""

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
        sees: By cluster and namespace, what may be seen at all; None: everything.
    """

    kind: str
    cluster: str | None = None
    namespace: str | None = None
    selector: Selector = Selector()
    name: str = ""
    sees: Callable[[str, str], bool] | None = None


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
    clusters: Iterable[tuple[str, Mapping[Key, KubeObject]]], query: Query, limit: int, continue_token: str
) -> Page:
    """The next ``limit`` objects, in order, that the query asks for.

    What comes after the page is only counted, and where the query chooses nothing not even looked at.

    Args:
        clusters: The objects of the kind in each cluster, by the cluster's name.
        query: Which are wanted.
        limit: How many at most.
        continue_token: Of the page before; empty for the first.

    Raises:
        ContinueTokenError: No page gave this token.
    """
    after = _read_token(continue_token) if continue_token else None
    items: list[Found] = []
    remaining = 0
    for cluster, objects in clusters:
        if after is not None and cluster < after[0]:
            continue
        wanted = _choose(query, cluster, objects)
        if after is not None and cluster == after[0]:
            wanted = [key for key in wanted if key > after[1:]]
        chosen = heapq.nsmallest(limit - len(items), wanted)
        items += (Found(cluster, objects[key]) for key in chosen)
        remaining += len(wanted) - len(chosen)
    return Page(
        items=items,
        continue_token=_to_token(_place(items[-1])) if remaining and items else "",
        remaining=remaining,
    )


def _choose(query: Query, cluster: str, objects: Mapping[Key, KubeObject]) -> Collection[Key]:
    """The keys of what a query asks for; each condition looks only at what those before it left."""
    keys: Collection[Key] = objects.keys()
    if query.sees is not None:
        # Who sees what is in a namespace sees the Namespace as well.
        place = 1 if query.kind == "Namespace" else 0
        keys = [key for key in keys if query.sees(cluster, key[place])]
    if query.namespace is not None:
        keys = [key for key in keys if key[0] == query.namespace]
    if query.name:
        part = query.name.lower()
        keys = [key for key in keys if part in key[1].lower()]
    if query.selector.requirements:
        matches = query.selector.matches
        keys = [key for key in keys if matches(objects[key].metadata.labels)]
    return keys


def _place(found: Found) -> Place:
    return (found.cluster, found.object.metadata.namespace, found.object.metadata.name)


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
