"""Users over HTTP, for who manages them."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import Router, delete, get, patch, post
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody

from farwatch.hub import problems
from farwatch.hub.audit import Action, Target, audit_details, audits
from farwatch.hub.auth import secrets
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.errors import ExternalUserError, OwnUserError
from farwatch.hub.auth.grants import Grants, Without
from farwatch.hub.auth.passwords import check_password
from farwatch.hub.auth.people import People
from farwatch.hub.auth.policy import Permission
from farwatch.hub.auth.routes.views import GrantView
from farwatch.hub.auth.users import User
from farwatch.hub.parameters import AnyRequest
from farwatch.hub.times import to_time, to_time_or_none

DisplayName = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Email = Annotated[
    str, msgspec.Meta(max_length=254, pattern=r"^([^\s@<>\x00-\x1f\x7f]+@[^\s@<>\x00-\x1f\x7f]+)?$")
]


class NewUser(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Somebody who is to sign in. Without a `password`, the hub makes one; either is to be changed at the first login."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=254)]
    display_name: DisplayName = ""
    email: Email = ""
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)] | None = None


class UserChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """What to change of a user; what is left out stays."""

    display_name: DisplayName | msgspec.UnsetType = msgspec.UNSET
    email: Email | msgspec.UnsetType = msgspec.UNSET
    disabled: bool | msgspec.UnsetType = msgspec.UNSET


class UserView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A user. `grants` are what they hold by themselves and through teams; `sessions` is how often they are signed in."""

    id: str
    name: str
    display_name: str
    email: str
    provider: str
    must_change_password: bool
    disabled: bool
    created_at: datetime
    last_login_at: datetime | None
    sessions: int
    grants: list[GrantView]


class UserList(msgspec.Struct, frozen=True):
    """Users, by name."""

    items: list[UserView]


class CreatedUser(msgspec.Struct, frozen=True, rename="camel"):
    """A new user. The password that the hub made for them is shown this once; null where one was given."""

    user: UserView
    temporary_password: str | None


class TemporaryPassword(msgspec.Struct, frozen=True, rename="camel"):
    """A password to be handed on, shown this once."""

    temporary_password: str


_MANAGE = needs(Permission.USERS_MANAGE)


@get("/", opt=_MANAGE, summary="List users", responses=problems.described())
async def list_users(state: State) -> UserList:
    """Everybody who may sign in, or might if they were not disabled."""
    people: People = state.people
    return UserList([describe_user(people, user) for user in people.users.list()])


@post(
    "/",
    opt=_MANAGE | audits(Action.USER_CREATE),
    summary="Add a user",
    responses=problems.described(HTTPStatus.CONFLICT),
)
async def create_user(state: State, request: AnyRequest, data: JSONBody[NewUser]) -> CreatedUser:
    """Add somebody, who may sign in and nothing else until something is granted to them."""
    people: People = state.people
    if data.password is not None:
        check_password(data.password, data.name)
    password = data.password or secrets.mint_password()
    user = await people.users.create(
        data.name,
        display_name=data.display_name,
        email=data.email,
        password=await people.passwords.hash(password),
        must_change_password=True,
    )
    audit_details(request, target=Target(id=user.id, name=user.name))
    return CreatedUser(describe_user(people, user), None if data.password else password)


@get(
    "/{user_id:str}",
    opt=_MANAGE,
    summary="See a user",
    responses=problems.described(HTTPStatus.NOT_FOUND),
)
async def get_user(state: State, user_id: FromPath[str]) -> UserView:
    """One user."""
    return describe_user(state.people, state.people.users.get(user_id))


@patch(
    "/{user_id:str}",
    opt=_MANAGE | audits(Action.USER_CHANGE, id="user_id"),
    summary="Change a user",
    responses=problems.described(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
async def change_user(
    state: State, request: AnyRequest, user_id: FromPath[str], data: JSONBody[UserChange]
) -> UserView:
    """Change what is known of somebody, or whether they may sign in: disabled, their sessions end and their tokens rest."""
    people: People = state.people
    user = people.users.get(user_id)
    fields = read_profile(data.display_name, data.email)
    audit_details(request, target=Target(name=user.name), changed=sorted(fields))
    if data.disabled is not msgspec.UNSET and data.disabled != (user.disabled_at is not None):
        if data.disabled:
            _ensure_other(request, user, "disable")
        fields["disabled_at"] = people.clock() if data.disabled else None
        audit_details(request, disabled=str(data.disabled).lower())
    user = await people.users.change(user.id, **fields)
    if user.disabled_at is not None:
        await people.sessions.end_all(user.id)
    return describe_user(people, user)


@post(
    "/{user_id:str}/password",
    opt=_MANAGE | audits(Action.PASSWORD_CHANGE, id="user_id"),
    status_code=HTTPStatus.OK,
    summary="Reset a user's password",
    responses=problems.described(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
async def reset_password(state: State, request: AnyRequest, user_id: FromPath[str]) -> TemporaryPassword:
    """Give somebody a new password, which they have to change when they sign in with it. Their sessions end."""
    people: People = state.people
    user = people.users.get(user_id)
    audit_details(request, target=Target(name=user.name))
    if not user.is_local:
        raise ExternalUserError(f"{user.name} signs in with {user.provider}: the password is kept there")
    password = secrets.mint_password()
    await people.login.set_password(user, password, temporary=True)
    return TemporaryPassword(password)


@delete(
    "/{user_id:str}/sessions",
    opt=_MANAGE | audits(Action.SESSION_END, id="user_id"),
    summary="Sign a user out everywhere",
    responses=problems.described(HTTPStatus.NOT_FOUND),
)
async def end_sessions(state: State, request: AnyRequest, user_id: FromPath[str]) -> None:
    """End all of somebody's sessions, at once."""
    people: People = state.people
    user = people.users.get(user_id)
    audit_details(request, target=Target(name=user.name))
    await people.sessions.end_all(user.id)


@delete(
    "/{user_id:str}",
    opt=_MANAGE | audits(Action.USER_REMOVE, id="user_id"),
    summary="Delete a user",
    responses=problems.described(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
async def delete_user(state: State, request: AnyRequest, user_id: FromPath[str]) -> None:
    """Take somebody away with their sessions, tokens and grants. What they did stays under their name."""
    people: People = state.people
    user = people.users.get(user_id)
    audit_details(request, target=Target(name=user.name))
    _ensure_other(request, user, "delete")
    await people.remove(user)


router = Router(
    "/users",
    route_handlers=[
        list_users,
        create_user,
        get_user,
        change_user,
        reset_password,
        end_sessions,
        delete_user,
    ],
    tags=["users"],
)


def read_profile(
    display_name: str | msgspec.UnsetType, email: str | msgspec.UnsetType
) -> dict[str, str | float | None]:
    """What is to be changed of a user, by the names of ``User``'s fields."""
    fields = {"display_name": display_name, "email": email}
    return {name: value.strip() for name, value in fields.items() if value is not msgspec.UNSET}


def describe_user(people: People, user: User) -> UserView:
    """A user, as lists show them."""
    last = user.last_login_at
    return UserView(
        id=user.id,
        name=user.name,
        display_name=user.display_name,
        email=user.email,
        provider=user.provider,
        must_change_password=user.must_change_password,
        disabled=user.disabled_at is not None,
        created_at=to_time(user.created_at),
        last_login_at=to_time_or_none(last),
        sessions=len(people.sessions.of_user(user.id)),
        grants=[GrantView.of(grant) for grant in people.grants.of_user(user.id)],
    )


def _ensure_other(request: AnyRequest, user: User, deed: str) -> None:
    if request.state.principal.id == user.id:
        raise OwnUserError(f"you cannot {deed} yourself: somebody else who manages users can")
    grants: Grants = request.app.state.grants
    grants.ensure_admin_remains(Without(users=frozenset({user.id})))
