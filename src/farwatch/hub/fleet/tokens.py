"""The tokens with which agents prove themselves: each belongs to one cluster."""

from __future__ import annotations

import re
import secrets as random_source
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from farwatch.hub.auth import secrets
from farwatch.hub.fleet.errors import TokenNotFoundError
from farwatch.hub.fleet.records import tokens
from farwatch.hub.times import to_time, to_time_or_none

TOKEN_PREFIX = "fwa"  # noqa: S105 - what a token begins with
KEY_PREFIX = "fwo"

_TOKEN = re.compile(rf"({TOKEN_PREFIX}|{KEY_PREFIX})_([0-9a-f]{{12}})_[A-Za-z0-9_-]{{43}}")
_ID_BYTES = 6


class TokenState(StrEnum):
    """Whether a token opens the door."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"


class AgentToken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """What may be shown of a token. Times are UTC.

    Attributes:
        id: The public part of the token, ``fwa_<id>_...``.
        cluster: The cluster it belongs to.
        state: Whether it is valid now.
        created_at: When it was made.
        expires_at: From when on it is worthless, after a rotation, or unless an install link is used; None: never.
        revoked_at: When it was revoked.
        last_used_at: When an agent last presented it, to about a minute.
    """

    id: str
    cluster: str
    state: TokenState
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


class IssuedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A new token, with its secret, which is nowhere else: show it once."""

    id: str
    cluster: str
    token: str


def token_id(token: str) -> str:
    """The public part of a token or an organisation key; empty if it does not look like one of ours."""
    match = _TOKEN.fullmatch(token)
    return match[2] if match else ""


def is_key(token: str) -> bool:
    """Whether it looks like an organisation key."""
    match = _TOKEN.fullmatch(token)
    return match is not None and match[1] == KEY_PREFIX


def make_id() -> str:
    """The public part of a new token or key."""
    return random_source.token_hex(_ID_BYTES)


class NewToken(NamedTuple):
    """A token that is not in the records yet."""

    id: str
    token: str


def make_token(secret: Callable[[str], str] | None = None) -> NewToken:
    """A token with an id of its own.

    Args:
        secret: Gives what follows the id, 256 bits in URL-safe base64, for an id; None: random bits.
    """
    identity = make_id()
    prefix = f"{TOKEN_PREFIX}_{identity}"
    return NewToken(identity, f"{prefix}_{secret(identity)}" if secret else secrets.mint(prefix))


async def issue_token(
    connection: AsyncConnection,
    cluster: str,
    now: float,
    *,
    new: NewToken | None = None,
    expires_at: float | None = None,
) -> IssuedToken:
    """Make a token for a cluster that is there.

    Args:
        connection: In a transaction.
        cluster: Its name.
        now: Seconds since the epoch.
        new: The token; None makes one.
        expires_at: When it becomes worthless unless it is kept; None: never.
    """
    identity, token = new or make_token()
    await connection.execute(
        sa.insert(tokens).values(
            id=identity,
            cluster=cluster,
            digest=secrets.digest(token),
            created_at=now,
            expires_at=expires_at,
        )
    )
    return IssuedToken(id=identity, cluster=cluster, token=token)


async def keep_token(connection: AsyncConnection, identity: str) -> None:
    """A token that was to expire unless it was handed out has been: it stays."""
    await connection.execute(sa.update(tokens).where(tokens.c.id == identity).values(expires_at=None))


async def list_tokens(connection: AsyncConnection, cluster: str, now: float) -> list[AgentToken]:
    """A cluster's tokens, newest first, the worthless ones as well."""
    mine = sa.select(tokens).where(tokens.c.cluster == cluster)
    rows = await connection.execute(mine.order_by(tokens.c.created_at.desc(), tokens.c.id))
    return [_to_token(row, now) for row in rows.mappings()]


async def end_tokens(connection: AsyncConnection, cluster: str, expires_at: float) -> None:
    """Have a cluster's tokens end at a time, those that end sooner excepted."""
    still_longer = sa.or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > expires_at)
    await connection.execute(
        sa.update(tokens)
        .where(tokens.c.cluster == cluster, tokens.c.revoked_at.is_(None), still_longer)
        .values(expires_at=expires_at)
    )


async def revoke_token(connection: AsyncConnection, cluster: str, identity: str, now: float) -> None:
    """Make a token worthless at once. Revoking it again changes nothing.

    Raises:
        TokenNotFoundError: The cluster has no such token.
    """
    mine = sa.and_(tokens.c.cluster == cluster, tokens.c.id == identity)
    if not (await connection.execute(sa.select(tokens.c.id).where(mine))).first():
        raise TokenNotFoundError(
            f"cluster {cluster!r} has no token {identity!r}: list its tokens to see them"
        )
    await connection.execute(
        sa.update(tokens).where(mine, tokens.c.revoked_at.is_(None)).values(revoked_at=now)
    )


def _to_token(row: Mapping[Any, Any], now: float) -> AgentToken:
    return AgentToken(
        id=row["id"],
        cluster=row["cluster"],
        state=_token_state(row, now),
        created_at=to_time(row["created_at"]),
        expires_at=to_time_or_none(row["expires_at"]),
        revoked_at=to_time_or_none(row["revoked_at"]),
        last_used_at=to_time_or_none(row["last_used_at"]),
    )


def _token_state(row: Mapping[Any, Any], now: float) -> TokenState:
    if row["revoked_at"] is not None:
        return TokenState.REVOKED
    if row["expires_at"] is not None and row["expires_at"] <= now:
        return TokenState.EXPIRED
    return TokenState.VALID
