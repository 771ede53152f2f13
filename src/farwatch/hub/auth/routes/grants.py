"""What is granted to users and teams, over HTTP."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, NamedTuple

import msgspec
from litestar import Router, delete, get, post, put
from litestar.datastructures import State
from litestar.params import FromPath, HeaderParameter, JSONBody

from farwatch.hub import problems
from farwatch.hub.audit import Action, Target, audit_details, audits
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.grants import Grants, HeldGrant, Holder, HolderKind
from farwatch.hub.auth.people import People
from farwatch.hub.auth.policy import Permission, describe
from farwatch.hub.auth.principal import Grant, Role, Scope
from farwatch.hub.auth.scopes import check_grant
from farwatch.hub.auth.visibility import ClusterDirectory
from farwatch.hub.parameters import AnyRequest
from farwatch.hub.times import to_time

Version = Annotated[
    str | None,
    HeaderParameter(
        name="If-Match",
        description="The `version` that was read: if it is another by now, nothing is done.",
    ),
]


class ScopeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Where a grant holds: what is empty does not narrow it, and what is not must all hold."""

    clusters: list[str] = []
    cluster_labels: dict[str, str] = {}
    namespaces: list[str] = []


class GrantBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A role, and where it is to be held; everywhere when left out."""

    role: Role
    scope: ScopeBody = msgspec.field(default_factory=ScopeBody)

    def grant(self) -> Grant:
        """What is to be granted."""
        scope = self.scope
        return Grant(self.role, Scope(tuple(scope.clusters), scope.cluster_labels, tuple(scope.namespaces)))


class HeldGrantView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Something that was granted; with a `source`, because of groups of this identity provider. `words` say it in a sentence."""

    id: str
    role: Role
    scope: Scope
    words: str
    source: str
    created_at: datetime
    created_by: str


class InheritedGrantView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Something that is held through a team."""

    team_id: str
    team_name: str
    role: Role
    scope: Scope
    words: str


class HeldGrantList(msgspec.Struct, frozen=True):
    """What somebody holds by themselves and through teams; `version` is to be sent as `If-Match` with changes."""

    items: list[HeldGrantView]
    inherited: list[InheritedGrantView]
    version: str


class Found(NamedTuple):
    """Who holds something, and what people call them."""

    holder: Holder
    name: str


def grants_of(state: State) -> Grants:
    """What everybody holds."""
    grants: Grants = state.grants
    return grants


def list_held(state: State, holder: Holder) -> HeldGrantList:
    """What a user or team holds, as answers show it."""
    grants = grants_of(state)
    inherited = grants.inherited(holder.id) if holder.kind is HolderKind.USER else []
    return HeldGrantList(
        items=[view_held(held) for held in grants.held(holder)],
        inherited=[
            InheritedGrantView(
                team_id=team.id,
                team_name=team.name,
                role=held.grant.role,
                scope=held.grant.scope,
                words=describe(held.grant),
            )
            for team, held in inherited
        ],
        version=grants.version(holder),
    )


def view_held(held: HeldGrant) -> HeldGrantView:
    """Something granted, as answers show it."""
    return HeldGrantView(
        id=held.id,
        role=held.grant.role,
        scope=held.grant.scope,
        words=describe(held.grant),
        source=held.source,
        created_at=to_time(held.created_at),
        created_by=held.created_by,
    )


async def add_held(request: AnyRequest, found: Found, data: GrantBody, version: str | None) -> HeldGrantView:
    """Grant something to a user or team."""
    grant = _read(request, found.name, data)
    by = request.state.principal.name
    held = await grants_of(request.app.state).add(found.holder, grant, by=by, version=version)
    audit_details(request, granted=describe(grant))
    return view_held(held)


async def change_held(
    request: AnyRequest, found: Found, grant_id: str, data: GrantBody, version: str | None
) -> HeldGrantView:
    """Have something that a user or team holds be something else."""
    grant = _read(request, found.name, data)
    held = await grants_of(request.app.state).change(found.holder, grant_id, grant, version=version)
    audit_details(request, granted=describe(grant))
    return view_held(held)


async def remove_held(request: AnyRequest, found: Found, grant_id: str, version: str | None) -> None:
    """Take something back from a user or team."""
    audit_details(request, target=Target(name=found.name))
    held = await grants_of(request.app.state).remove(found.holder, grant_id, version=version)
    audit_details(request, taken=describe(held.grant))


def _read(request: AnyRequest, name: str, data: GrantBody) -> Grant:
    audit_details(request, target=Target(name=name))
    directory: ClusterDirectory = request.app.state.cluster_directory
    grant = data.grant()
    check_grant(grant, set(directory.names()))
    return grant


def _find_user(state: State, user_id: str) -> Found:
    people: People = state.people
    return Found(Holder(HolderKind.USER, user_id), people.users.get(user_id).name)


_MANAGE = needs(Permission.USERS_MANAGE)
_CHANGES = _MANAGE | audits(Action.GRANT_CHANGE, id="user_id")
_FAULTS = problems.described(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED)


@get(
    "/",
    opt=_MANAGE,
    summary="List a user's grants",
    responses=problems.described(HTTPStatus.NOT_FOUND),
)
async def list_user_grants(state: State, user_id: FromPath[str]) -> HeldGrantList:
    """What they hold and where, by themselves and through teams."""
    return list_held(state, _find_user(state, user_id).holder)


@post("/", opt=_CHANGES, summary="Grant something to a user", responses=_FAULTS)
async def add_user_grant(
    state: State,
    request: AnyRequest,
    user_id: FromPath[str],
    data: JSONBody[GrantBody],
    version: Version = None,
) -> HeldGrantView:
    """Let somebody have a role, everywhere or in a scope."""
    return await add_held(request, _find_user(state, user_id), data, version)


@put("/{grant_id:str}", opt=_CHANGES, summary="Change a user's grant", responses=_FAULTS)
async def change_user_grant(
    request: AnyRequest,
    user_id: FromPath[str],
    grant_id: FromPath[str],
    data: JSONBody[GrantBody],
    version: Version = None,
) -> HeldGrantView:
    """Have something they hold be something else. The last who is admin everywhere stays that."""
    return await change_held(request, _find_user(request.app.state, user_id), grant_id, data, version)


@delete("/{grant_id:str}", opt=_CHANGES, summary="Take a user's grant back", responses=_FAULTS)
async def remove_user_grant(
    request: AnyRequest, user_id: FromPath[str], grant_id: FromPath[str], version: Version = None
) -> None:
    """Take something back, at once. The last who is admin everywhere stays that."""
    await remove_held(request, _find_user(request.app.state, user_id), grant_id, version)


router = Router(
    "/users/{user_id:str}/grants",
    route_handlers=[list_user_grants, add_user_grant, change_user_grant, remove_user_grant],
    tags=["users"],
)
