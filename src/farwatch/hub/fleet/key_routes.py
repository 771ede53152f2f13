"""Organisation keys over HTTP."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import Router, delete, get, post
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody

from farwatch.hub import problems
from farwatch.hub.audit import Action, Target, audit_details, audits
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.fleet.fleet import Fleet
from farwatch.hub.fleet.keys import ANY_NAME, OrganisationKey
from farwatch.hub.parameters import AnyRequest


class NewKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """An organisation key to be made.

    `clusterNames` is a pattern, with `*` and `?`, of the names of clusters that it may register and speak for; `labels` is
    what those that it registers are given.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    cluster_names: str = ANY_NAME
    labels: dict[str, str] = {}


class KeyIssued(msgspec.Struct, frozen=True):
    """A new organisation key; the secret is shown this once."""

    id: str
    name: str
    key: str


class KeyList(msgspec.Struct, frozen=True):
    """Organisation keys, the newest first."""

    items: list[OrganisationKey]


def _fleet(state: State) -> Fleet:
    fleet: Fleet = state.fleet
    return fleet


@get("/", opt=needs(Permission.KEYS_MANAGE), summary="List organisation keys", responses=problems.described())
async def list_organisation_keys(state: State) -> KeyList:
    """Every key, the revoked ones as well, without their secrets."""
    return KeyList(await _fleet(state).clusters.keys.list())


@post(
    "/",
    opt=needs(Permission.KEYS_MANAGE) | audits(Action.KEY_CREATE),
    summary="Make an organisation key",
    responses=problems.described(),
)
async def create_organisation_key(state: State, request: AnyRequest, data: JSONBody[NewKey]) -> KeyIssued:
    """Make a key with which agents register their clusters by name; its secret is only in this answer."""
    audit_details(request, target=Target(name=data.name), clusterNames=data.cluster_names, labels=data.labels)
    issued = await _fleet(state).clusters.keys.create(
        data.name, cluster_names=data.cluster_names, labels=data.labels
    )
    audit_details(request, target=Target(id=issued.key.id))
    return KeyIssued(issued.key.id, issued.key.name, issued.secret)


@delete(
    "/{key_id:str}",
    opt=needs(Permission.KEYS_MANAGE) | audits(Action.KEY_REVOKE, id="key_id"),
    summary="Revoke an organisation key",
    responses=problems.described(HTTPStatus.NOT_FOUND),
)
async def revoke_organisation_key(state: State, key_id: FromPath[str]) -> None:
    """Make a key worthless at once, and close the links that came with it. Its clusters stay."""
    await _fleet(state).revoke_key(key_id)


router = Router(
    "/organisation-keys",
    route_handlers=[list_organisation_keys, create_organisation_key, revoke_organisation_key],
    tags=["clusters"],
)
