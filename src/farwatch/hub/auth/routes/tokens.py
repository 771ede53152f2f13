"""API tokens over HTTP."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import Router, delete, get, post
from litestar.datastructures import State
from litestar.exceptions import ClientException, PermissionDeniedException
from litestar.params import FromPath, JSONBody

from farwatch.hub import problems
from farwatch.hub.audit import Action, Target, audit_details, audits
from farwatch.hub.auth.access import SELF, ForbiddenError
from farwatch.hub.auth.people import People
from farwatch.hub.auth.policy import Permission, decide
from farwatch.hub.auth.principal import Grant, Principal, PrincipalKind, Role, Scope
from farwatch.hub.auth.routes.views import GrantView
from farwatch.hub.auth.scopes import check_grant
from farwatch.hub.auth.tokens import EVERYTHING, ApiToken, ApiTokenNotFoundError
from farwatch.hub.auth.visibility import ClusterDirectory
from farwatch.hub.parameters import AnyRequest
from farwatch.hub.times import to_time

WARN_BEFORE = timedelta(days=14)
"""How long before its end a token is called ``expiring``."""

LONGEST = timedelta(days=3660)

_Names = Annotated[tuple[str, ...], msgspec.Meta(max_length=100)]


class TokenKind(StrEnum):
    """Whose a token is: it acts as its owner, or it is nobody's and has grants of its own."""

    PERSONAL = "personal"
    SERVICE = "service"


class TokenState(StrEnum):
    """Whether a token opens anything."""

    VALID = "valid"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    REVOKED = "revoked"


class WantedScope(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Where a grant holds; what is left out does not narrow it."""

    clusters: _Names = ()
    cluster_labels: Annotated[dict[str, str], msgspec.Meta(max_length=100)] = {}
    namespaces: _Names = ()


class WantedGrant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A role, and where it is to hold: everywhere without a `scope`."""

    role: Role
    scope: WantedScope = msgspec.field(default_factory=WantedScope)

    def read(self) -> Grant:
        """As it is kept."""
        wanted = self.scope
        return Grant(self.role, Scope(wanted.clusters, wanted.cluster_labels, wanted.namespaces))


class NewApiToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """What a new API token is for.

    A personal token acts as who makes it; `grants` narrow what it may do of what they may. A service token has
    `grants` of its own. Without `kind`, users make personal tokens, and tokens make service tokens that may do
    everything. `scopes` are the only permissions that it may use; null: all.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
    kind: TokenKind | None = None
    grants: Annotated[list[WantedGrant], msgspec.Meta(min_length=1, max_length=100)] | None = None
    scopes: Annotated[list[Permission], msgspec.Meta(min_length=1, max_length=100)] | None = None
    expires_at: datetime | None = None


class CreatedApiToken(msgspec.Struct, frozen=True):
    """A new API token; the secret is shown this once."""

    id: str
    name: str
    token: str


class ApiTokenView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """An API token, without its secret.

    `owner` is the id of the user as whom a personal token acts, `ownerName` their name.
    """

    id: str
    name: str
    kind: TokenKind = msgspec.field()
    state: TokenState = msgspec.field()
    owner: str = ""
    owner_name: str = ""
    grants: list[GrantView] | None = None
    scopes: list[str] | None = None
    created_by: str = ""
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


class ApiTokenList(msgspec.Struct, frozen=True):
    """API tokens, oldest first."""

    items: list[ApiTokenView]


@get("/", opt=SELF, summary="List API tokens", responses=problems.described())
async def list_api_tokens(state: State, request: AnyRequest) -> ApiTokenList:
    """One's own tokens and, for who manages tokens, everybody's; the ones that ended as well, all without their secrets."""
    people: People = state.people
    everybodys = decide(request.state.principal, Permission.TOKENS_MANAGE).allowed
    return ApiTokenList(
        [
            describe_token(people, token)
            for token in await people.tokens.list()
            if everybodys or _is_own(request.state.principal, token)
        ]
    )


@post(
    "/", opt=SELF | audits(Action.TOKEN_CREATE), summary="Make an API token", responses=problems.described()
)
async def create_api_token(state: State, request: AnyRequest, data: JSONBody[NewApiToken]) -> CreatedApiToken:
    """Make a token; its secret is only in this answer. Service tokens are made by who manages tokens."""
    people: People = state.people
    principal: Principal = request.state.principal
    kind = data.kind
    if kind is None:
        kind = TokenKind.PERSONAL if principal.kind is PrincipalKind.USER else TokenKind.SERVICE
    audit_details(
        request,
        target=Target(name=data.name),
        kind=kind,
        grants=data.grants,
        scopes=data.scopes,
        expiresAt=data.expires_at,
    )
    owner = _owner(principal) if kind is TokenKind.PERSONAL else ""
    grants = _read_grants(data, kind, principal)
    directory: ClusterDirectory = state.cluster_directory
    for grant in grants or ():
        check_grant(grant, set(directory.names()))
    token, secret = await people.tokens.create(
        data.name,
        owner=owner,
        grants=grants,
        scopes=_read_scopes(data, principal),
        expires_at=_read_end(people, data, principal),
        created_by=principal.name,
    )
    audit_details(request, target=Target(id=token.id))
    return CreatedApiToken(token.id, token.name, secret)


@delete(
    "/{token_id:str}",
    opt=SELF | audits(Action.TOKEN_REVOKE, id="token_id"),
    summary="Revoke an API token",
    responses=problems.described(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
async def revoke_api_token(state: State, request: AnyRequest, token_id: FromPath[str]) -> None:
    """Make a token worthless at once. The last service token stays, so that scripts are not locked out."""
    people: People = state.people
    principal: Principal = request.state.principal
    token = people.tokens.look_up(token_id)
    decision = decide(principal, Permission.TOKENS_MANAGE)
    if token is None or not (_is_own(principal, token) or decision.allowed):
        raise ApiTokenNotFoundError(
            f"no valid API token of yours has the id {token_id[:40]!r}: GET /api/v1/tokens lists them"
        )
    audit_details(request, target=Target(name=token.name), owner=token.owner)
    await people.tokens.revoke(token_id)


router = Router(
    "/tokens", route_handlers=[list_api_tokens, create_api_token, revoke_api_token], tags=["tokens"]
)


def describe_token(people: People, token: ApiToken) -> ApiTokenView:
    """A token, as lists show it."""
    owner = people.users.look_up(token.owner) if token.owner else None
    return ApiTokenView(
        id=token.id,
        name=token.name,
        kind=TokenKind.PERSONAL if token.owner else TokenKind.SERVICE,
        state=_state(token, to_time(people.clock())),
        owner=token.owner,
        owner_name=owner.name if owner is not None else "",
        grants=None if token.grants is None else [GrantView.of(grant) for grant in token.grants],
        scopes=None if token.scopes is None else list(token.scopes),
        created_by=token.created_by,
        created_at=token.created_at,
        expires_at=token.expires_at,
        revoked_at=token.revoked_at,
        last_used_at=token.last_used_at,
    )


def _state(token: ApiToken, now: datetime) -> TokenState:
    if token.revoked_at is not None:
        return TokenState.REVOKED
    if token.expires_at is None or token.expires_at > now + WARN_BEFORE:
        return TokenState.VALID
    return TokenState.EXPIRING if token.expires_at > now else TokenState.EXPIRED


def _is_own(principal: Principal, token: ApiToken) -> bool:
    return principal.kind is PrincipalKind.USER and token.owner == principal.id


def _owner(principal: Principal) -> str:
    """As whom a personal token will act.

    Raises:
        PermissionDeniedException: A token asks, which could make itself one that may do more.
    """
    if principal.kind is not PrincipalKind.USER or not principal.session_id:
        raise PermissionDeniedException(
            "personal tokens are made by people who are signed in, and this request shows a token: make it in the "
            "console, or give the kind 'service'"
        )
    return principal.id


def _read_grants(data: NewApiToken, kind: TokenKind, principal: Principal) -> tuple[Grant, ...] | None:
    if kind is TokenKind.SERVICE:
        decision = decide(principal, Permission.TOKENS_MANAGE)
        if not decision.allowed:
            raise ForbiddenError(decision)
        if data.grants is None and data.kind is not None:
            raise ClientException(
                "grants: a service token needs some of its own, such as [{'role': 'viewer'}]"
            )
        if data.grants is None:
            return EVERYTHING
    return None if data.grants is None else tuple(grant.read() for grant in data.grants)


def _read_scopes(data: NewApiToken, principal: Principal) -> tuple[str, ...] | None:
    """The permissions of the new token, which are never more than those of the one that makes it."""
    wanted = None if data.scopes is None else tuple(dict.fromkeys(map(str, data.scopes)))
    own = principal.permissions
    if own is None:
        return wanted
    if wanted is None:
        return tuple(sorted(own))
    if more := [scope for scope in wanted if scope not in own]:
        raise PermissionDeniedException(
            f"scopes: the token that asks may not use {more[0]} itself: leave it out, or ask with another one"
        )
    return wanted


def _read_end(people: People, data: NewApiToken, principal: Principal) -> datetime | None:
    """When the new token ends, which is never later than the one that makes it."""
    maker = people.tokens.look_up(principal.token_id) if principal.token_id else None
    latest = maker.expires_at if maker is not None else None
    end = data.expires_at
    if end is None:
        return latest
    if end.tzinfo is None:
        raise ClientException(f"expiresAt: {end.isoformat()} has no time zone: add one, such as Z")
    now = to_time(people.clock())
    if not now < end < now + LONGEST:
        raise ClientException("expiresAt: is not in the future, or more than ten years away")
    if latest is not None and end > latest:
        raise PermissionDeniedException(
            f"expiresAt: the token that asks ends at {latest.isoformat()} itself: ask for an earlier end"
        )
    return end
