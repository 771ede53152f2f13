"""Signing in, and one's own session, over HTTP."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import Response, Router, delete, get, patch, post
from litestar.datastructures import State
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody

from farwatch import __version__
from farwatch.hub import problems
from farwatch.hub.audit import Action, Actor, ActorKind, Target, audit_details, audits
from farwatch.hub.auth.access import OPEN, SELF
from farwatch.hub.auth.cookies import make_cookie, make_empty_cookie, read_cookie
from farwatch.hub.auth.errors import ExternalUserError, TooManyAttemptsError, WrongCredentialsError
from farwatch.hub.auth.guard import WITH_TEMPORARY_PASSWORD
from farwatch.hub.auth.login import Client
from farwatch.hub.auth.origin import ensure_same_origin
from farwatch.hub.auth.people import People
from farwatch.hub.auth.policy import RULES, Permission, grants_for
from farwatch.hub.auth.principal import EVERYWHERE, Principal, Scope
from farwatch.hub.auth.routes.users import DisplayName, Email, read_profile
from farwatch.hub.auth.routes.views import GrantView
from farwatch.hub.auth.sessions import Session, Sessions
from farwatch.hub.auth.users import User
from farwatch.hub.parameters import AnyRequest
from farwatch.hub.times import to_time

Password = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]


class Credentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody signs in with."""

    username: Annotated[str, msgspec.Meta(min_length=1, max_length=254)]
    password: Password


class PasswordChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The password of now, and the one to be."""

    current_password: Password
    new_password: Password


class AccountChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """What to change of oneself; what is left out stays."""

    display_name: DisplayName | msgspec.UnsetType = msgspec.UNSET
    email: Email | msgspec.UnsetType = msgspec.UNSET


class OwnSession(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where somebody is signed in. `current` is the session that asks."""

    id: str
    current: bool
    address: str
    user_agent: str
    provider: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


class OwnSessionList(msgspec.Struct, frozen=True):
    """Sessions, the one seen last first."""

    items: list[OwnSession]


class SessionUser(msgspec.Struct, frozen=True, rename="camel"):
    """Who is signed in. `provider` vouches for them: `local`, or the id of an identity provider."""

    id: str
    name: str
    display_name: str
    email: str
    provider: str


class PermissionView(msgspec.Struct, frozen=True):
    """What somebody may do, and where; there may be several of one permission."""

    permission: Permission
    scope: Scope


class SessionView(msgspec.Struct, frozen=True, rename="camel"):
    """Who is signed in, and what they may do.

    With `mustChangePassword`, nothing else is served before they have chosen a password of their own.
    """

    user: SessionUser
    grants: list[GrantView]
    permissions: list[PermissionView]
    expires_at: datetime
    must_change_password: bool


class SignInProvider(msgspec.Struct, frozen=True, rename="camel"):
    """Who else vouches for people: going to `loginUrl` starts it."""

    id: str
    name: str
    login_url: str


class SignInOptions(msgspec.Struct, frozen=True):
    """How people can sign in."""

    password: bool
    providers: list[SignInProvider]
    version: str


@get("/options", opt=OPEN, summary="See how to sign in", responses=problems.described())
async def get_sign_in_options(state: State) -> SignInOptions:
    """What the page for signing in offers."""
    return SignInOptions(
        password=True, providers=list(state.get("sign_in_providers", ())), version=__version__
    )


@post(
    "/",
    opt=OPEN | audits(Action.SESSION_CREATE),
    status_code=HTTPStatus.OK,
    summary="Sign in",
    responses=problems.described(HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def sign_in(state: State, request: AnyRequest, data: JSONBody[Credentials]) -> Response[SessionView]:
    """Open a session with a user name and a password; its secret is in a cookie that no script can read."""
    ensure_same_origin(request, state.external_url, silent_is_own=True)
    people: People = state.people
    audit_details(request, username=data.username, provider="local")
    try:
        user, session, secret = await people.login.sign_in(data.username, data.password, client_of(request))
    except TooManyAttemptsError:
        audit_details(request, action=Action.SESSION_LOCK_OUT)
        raise
    note_signed_in(request, user, session)
    await _end_former(people, request)
    return answer_signed_in(state, secret)


@get("/", opt=SELF | WITH_TEMPORARY_PASSWORD, summary="See who is signed in", responses=problems.described())
async def get_session(state: State, request: AnyRequest) -> SessionView:
    """Who the cookie of this request stands for, and what they may do."""
    return _describe(state.people, *own_session(state, request))


@patch(
    "/",
    opt=SELF | audits(Action.USER_CHANGE),
    summary="Change your own account",
    responses=problems.described(HTTPStatus.CONFLICT),
)
async def change_account(state: State, request: AnyRequest, data: JSONBody[AccountChange]) -> SessionView:
    """Change what is known of oneself; what an identity provider says of somebody is changed there."""
    principal, user, session = own_session(state, request)
    audit_details(request, target=Target(id=user.id, name=user.name))
    if not user.is_local:
        raise ExternalUserError(f"{user.name} signs in with {user.provider}: change name and address there")
    user = await state.people.users.change(user.id, **read_profile(data.display_name, data.email))
    return _describe(state.people, principal, user, session)


@post(
    "/password",
    opt=SELF | WITH_TEMPORARY_PASSWORD | audits(Action.PASSWORD_CHANGE),
    status_code=HTTPStatus.OK,
    summary="Change your own password",
    responses=problems.described(
        HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)
async def change_password(
    state: State, request: AnyRequest, data: JSONBody[PasswordChange]
) -> Response[SessionView]:
    """Choose another password. All of one's sessions end, and this one goes on with another cookie."""
    _, user, _ = own_session(state, request)
    audit_details(request, target=Target(id=user.id, name=user.name))
    try:
        _, secret = await state.people.login.change_password(
            user, data.current_password, data.new_password, client_of(request)
        )
    except WrongCredentialsError as error:
        # 401 would say that the session has ended.
        raise PermissionDeniedException("the current password is not yours: nothing was changed") from error
    return answer_signed_in(state, secret)


@get("/others", opt=SELF, summary="List your own sessions", responses=problems.described())
async def list_own_sessions(state: State, request: AnyRequest) -> OwnSessionList:
    """Where one is signed in, this session among them, the one seen last first."""
    principal, user, _ = own_session(state, request)
    sessions = state.people.sessions
    return OwnSessionList(
        [_describe_own(sessions, each, principal.session_id) for each in sessions.of_user(user.id)]
    )


@delete(
    "/others",
    opt=SELF | audits(Action.SESSION_END),
    summary="End your other sessions",
    responses=problems.described(),
)
async def end_other_sessions(state: State, request: AnyRequest) -> None:
    """Sign out everywhere but here."""
    principal, user, _ = own_session(state, request)
    ended = await state.people.sessions.end_all(user.id, but=principal.session_id)
    audit_details(request, target=Target(name=user.name), sessions=ended)


@delete(
    "/others/{session_id:str}",
    opt=SELF | audits(Action.SESSION_END, id="session_id"),
    summary="End one of your sessions",
    responses=problems.described(HTTPStatus.NOT_FOUND),
)
async def end_own_session(state: State, request: AnyRequest, session_id: FromPath[str]) -> None:
    """Sign out on one device."""
    _, user, _ = own_session(state, request)
    audit_details(request, target=Target(name=user.name))
    await state.people.sessions.end(user.id, session_id)


@delete(
    "/",
    opt=SELF | WITH_TEMPORARY_PASSWORD | audits(Action.SESSION_END),
    summary="Sign out",
    responses=problems.described()
    | {HTTPStatus.NO_CONTENT: ResponseSpec(None, description="You are signed out.")},
)
async def sign_out(state: State, request: AnyRequest) -> Response[None]:
    """End this session, at once."""
    principal, user, _ = own_session(state, request)
    audit_details(request, target=Target(id=principal.session_id))
    await state.people.sessions.end(user.id, principal.session_id)
    return Response(None, status_code=HTTPStatus.NO_CONTENT, cookies=[make_empty_cookie(state.external_url)])


router = Router(
    "/session",
    route_handlers=[
        get_sign_in_options,
        sign_in,
        get_session,
        change_account,
        change_password,
        list_own_sessions,
        end_other_sessions,
        end_own_session,
        sign_out,
    ],
    tags=["session"],
)


def client_of(request: AnyRequest) -> Client:
    """Where a request is from."""
    return Client(request.client.host if request.client else "", request.headers.get("user-agent", "")[:300])


def own_session(state: State, request: AnyRequest) -> tuple[Principal, User, Session]:
    """Who asks, by their cookie.

    Raises:
        NotAuthorizedException: They showed an API token instead.
    """
    people: People = state.people
    principal: Principal = request.state.principal
    found = people.of_session(read_cookie(request)) if principal.session_id else None
    if found is None:
        raise NotAuthorizedException("this is about a session, and an API token opens none: sign in first")
    return found


def answer_signed_in(state: State, secret: str) -> Response[SessionView]:
    """What somebody gets who just signed in."""
    people: People = state.people
    found = people.of_session(secret)
    if found is None:
        raise NotAuthorizedException("this session has ended while it was opened: sign in again")
    cookie = make_cookie(secret, state.external_url, people.sessions.settings.longest_seconds)
    return Response(_describe(people, *found), cookies=[cookie])


def note_signed_in(request: AnyRequest, user: User, session: Session) -> None:
    """Have the audit log say who it was that signed in."""
    actor = Actor(kind=ActorKind.USER, id=user.id, name=user.name, session=session.id)
    audit_details(request, actor=actor, target=Target(id=session.id))


async def _end_former(people: People, request: AnyRequest) -> None:
    """Whoever signs in again on one device leaves no session behind there."""
    former = people.of_session(read_cookie(request))
    if former is not None:
        _, user, session = former
        await people.sessions.end(user.id, session.id)


def _describe(people: People, principal: Principal, user: User, session: Session) -> SessionView:
    return SessionView(
        user=SessionUser(user.id, user.name, user.display_name, user.email, user.provider),
        grants=[GrantView.of(grant) for grant in principal.grants],
        permissions=[
            PermissionView(permission, scope)
            for permission in Permission
            for scope in _scopes(principal, permission)
        ],
        expires_at=to_time(people.sessions.ends_at(session)),
        must_change_password=user.must_change_password,
    )


def _scopes(principal: Principal, permission: Permission) -> list[Scope]:
    if RULES[permission].role is None:
        return [EVERYWHERE]
    return [grant.scope for grant in grants_for(principal, permission)]


def _describe_own(sessions: Sessions, session: Session, current: str) -> OwnSession:
    return OwnSession(
        id=session.id,
        current=session.id == current,
        address=session.address,
        user_agent=session.user_agent,
        provider=session.provider,
        created_at=to_time(session.created_at),
        seen_at=to_time(session.seen_at),
        expires_at=to_time(sessions.ends_at(session)),
    )
