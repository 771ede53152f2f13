"""Teams over HTTP."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import Router, delete, get, patch, post, put
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody

from farwatch.hub import problems
from farwatch.hub.audit import Action, Target, audit_details, audits
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.grants import Holder, HolderKind
from farwatch.hub.auth.people import People
from farwatch.hub.auth.policy import Permission
from farwatch.hub.auth.routes.grants import (
    Found,
    GrantBody,
    HeldGrantList,
    HeldGrantView,
    Version,
    add_held,
    change_held,
    grants_of,
    list_held,
    remove_held,
    view_held,
)
from farwatch.hub.auth.teams import Team
from farwatch.hub.parameters import AnyRequest
from farwatch.hub.times import to_time

Text = Annotated[str, msgspec.Meta(max_length=1_000)]


class NewTeam(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A team that is wanted."""

    name: Text
    description: Text = ""


class TeamChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to change of a team; what is left out stays."""

    name: Text | None = None
    description: Text | None = None


class MemberView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Somebody in a team."""

    id: str
    name: str
    display_name: str
    disabled: bool


class TeamView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A team: who is in it, and what they hold through it."""

    id: str
    name: str
    description: str
    created_at: datetime
    members: list[MemberView]
    grants: list[HeldGrantView]


class TeamList(msgspec.Struct, frozen=True):
    """Teams, by name."""

    items: list[TeamView]


_MANAGE = needs(Permission.USERS_MANAGE)
_CHANGES = _MANAGE | audits(Action.TEAM_CHANGE, id="team_id")
_GRANTS = _MANAGE | audits(Action.GRANT_CHANGE, id="team_id")
_FAULTS = problems.described(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
_GRANT_FAULTS = problems.described(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED)


@get("/", opt=_MANAGE, summary="List teams", responses=problems.described())
async def list_teams(state: State) -> TeamList:
    """Every team with its members and grants."""
    return TeamList([_view(state, team) for team in grants_of(state).teams.list()])


@post(
    "/",
    opt=_MANAGE | audits(Action.TEAM_CREATE),
    summary="Make a team",
    responses=problems.described(HTTPStatus.CONFLICT),
)
async def create_team(state: State, request: AnyRequest, data: JSONBody[NewTeam]) -> TeamView:
    """Make a team; put people into it, and grant it something."""
    audit_details(request, target=Target(name=data.name[:100]))
    team = await grants_of(state).teams.create(data.name, data.description)
    audit_details(request, target=Target(id=team.id))
    return _view(state, team)


@get("/{team_id:str}", opt=_MANAGE, summary="Get a team", responses=problems.described(HTTPStatus.NOT_FOUND))
async def get_team(state: State, team_id: FromPath[str]) -> TeamView:
    """One team with its members and grants."""
    return _view(state, grants_of(state).teams.get(team_id))


@patch("/{team_id:str}", opt=_CHANGES, summary="Change a team", responses=_FAULTS)
async def change_team(
    state: State, request: AnyRequest, team_id: FromPath[str], data: JSONBody[TeamChange]
) -> TeamView:
    """Give a team another name or description."""
    teams = grants_of(state).teams
    audit_details(request, target=Target(name=teams.get(team_id).name), renamed=data.name)
    return _view(state, await teams.change(team_id, name=data.name, description=data.description))


@delete(
    "/{team_id:str}",
    opt=_MANAGE | audits(Action.TEAM_REMOVE, id="team_id"),
    summary="Remove a team",
    responses=_FAULTS,
)
async def remove_team(state: State, request: AnyRequest, team_id: FromPath[str]) -> None:
    """Take a team away, with what was granted to it; its members stay."""
    audit_details(request, target=Target(name=grants_of(state).teams.get(team_id).name))
    await grants_of(state).remove_team(team_id)


@put(
    "/{team_id:str}/members/{user_id:str}",
    opt=_CHANGES,
    summary="Put somebody into a team",
    responses=problems.described(HTTPStatus.NOT_FOUND),
)
async def add_member(
    state: State, request: AnyRequest, team_id: FromPath[str], user_id: FromPath[str]
) -> TeamView:
    """Let somebody hold what the team holds; once more changes nothing."""
    people: People = state.people
    team, user = grants_of(state).teams.get(team_id), people.users.get(user_id)
    audit_details(request, target=Target(name=team.name), added=user.name)
    await grants_of(state).teams.add_member(team_id, user_id)
    return _view(state, team)


@delete(
    "/{team_id:str}/members/{user_id:str}",
    opt=_CHANGES,
    summary="Take somebody out of a team",
    responses=_FAULTS,
)
async def remove_member(
    state: State, request: AnyRequest, team_id: FromPath[str], user_id: FromPath[str]
) -> None:
    """Take from somebody what they hold through the team, at once."""
    people: People = state.people
    user = people.users.look_up(user_id)
    name = grants_of(state).teams.get(team_id).name
    audit_details(request, target=Target(name=name), removed=user.name if user else user_id[:40])
    await grants_of(state).remove_member(team_id, user_id)


@get(
    "/{team_id:str}/grants",
    opt=_MANAGE,
    summary="List a team's grants",
    responses=problems.described(HTTPStatus.NOT_FOUND),
)
async def list_team_grants(state: State, team_id: FromPath[str]) -> HeldGrantList:
    """What everybody in the team holds through it, and where."""
    return list_held(state, _find(state, team_id).holder)


@post("/{team_id:str}/grants", opt=_GRANTS, summary="Grant something to a team", responses=_GRANT_FAULTS)
async def add_team_grant(
    state: State,
    request: AnyRequest,
    team_id: FromPath[str],
    data: JSONBody[GrantBody],
    version: Version = None,
) -> HeldGrantView:
    """Let everybody in the team have a role, everywhere or in a scope."""
    return await add_held(request, _find(state, team_id), data, version)


@put(
    "/{team_id:str}/grants/{grant_id:str}",
    opt=_GRANTS,
    summary="Change a team's grant",
    responses=_GRANT_FAULTS,
)
async def change_team_grant(
    request: AnyRequest,
    team_id: FromPath[str],
    grant_id: FromPath[str],
    data: JSONBody[GrantBody],
    version: Version = None,
) -> HeldGrantView:
    """Have something the team holds be something else. The last who is admin everywhere stays that."""
    return await change_held(request, _find(request.app.state, team_id), grant_id, data, version)


@delete(
    "/{team_id:str}/grants/{grant_id:str}",
    opt=_GRANTS,
    summary="Take a team's grant back",
    responses=_GRANT_FAULTS,
)
async def remove_team_grant(
    request: AnyRequest, team_id: FromPath[str], grant_id: FromPath[str], version: Version = None
) -> None:
    """Take something back, at once. The last who is admin everywhere stays that."""
    await remove_held(request, _find(request.app.state, team_id), grant_id, version)


def _find(state: State, team_id: str) -> Found:
    return Found(Holder(HolderKind.TEAM, team_id), grants_of(state).teams.get(team_id).name)


def _view(state: State, team: Team) -> TeamView:
    people: People = state.people
    grants = grants_of(state)
    found = [user for user_id in grants.teams.members(team.id) if (user := people.users.look_up(user_id))]
    return TeamView(
        id=team.id,
        name=team.name,
        description=team.description,
        created_at=to_time(team.created_at),
        members=[
            MemberView(
                id=user.id,
                name=user.name,
                display_name=user.display_name,
                disabled=user.disabled_at is not None,
            )
            for user in sorted(found, key=lambda user: user.name)
        ],
        grants=[view_held(held) for held in grants.held(Holder(HolderKind.TEAM, team.id))],
    )


router = Router(
    "/teams",
    route_handlers=[
        list_teams,
        create_team,
        get_team,
        change_team,
        remove_team,
        add_member,
        remove_member,
        list_team_grants,
        add_team_grant,
        change_team_grant,
        remove_team_grant,
    ],
    tags=["users"],
)
