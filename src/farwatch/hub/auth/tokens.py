"""API tokens: who may ask the hub."""

from __future__ import annotations

import secrets as random_source
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from farwatch.hub.auth import secrets
from farwatch.hub.store.records import Records, metadata

ENVIRONMENT_TOKEN = "environment"  # noqa: S105 - the name of a token, not a token
"""Name of the admin token that ``FARWATCH_ADMIN_TOKEN`` set."""

FIRST_TOKEN = "first-start"  # noqa: S105 - the name of a token, not a token
"""Name of the admin token that the hub made for itself at its first start."""

MIN_TOKEN_LENGTH = 16

api_tokens = sa.Table(
    "api_tokens",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("revoked_at", sa.Float, nullable=True),
)


class AuthError(Exception):
    """The base of what can go wrong with API tokens; the message is one line and names the way out."""


class AdminTokenError(AuthError):
    """The admin token from the environment cannot be used."""


class ApiTokenNotFoundError(AuthError):
    """No valid API token has this id."""


class LastApiTokenError(AuthError):
    """Revoking the last valid API token would lock everybody out."""


class ApiToken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """An API token, without its secret. Times are UTC."""

    id: str
    name: str
    created_at: datetime
    revoked_at: datetime | None = None


class ApiTokens:
    """The hub's API tokens. All of them may do everything yet: roles come with users.

    The few that are valid are kept in memory by digest, so that a request costs one hash and no query.
    """

    def __init__(self, records: Records, clock: Callable[[], float]) -> None:
        self._records = records
        self._clock = clock
        self._valid: dict[str, ApiToken] = {}

    async def load(self) -> None:
        """Read the valid tokens; once, before the first request."""
        async with self._records.read() as connection:
            rows = await connection.execute(sa.select(api_tokens).where(api_tokens.c.revoked_at.is_(None)))
            self._valid = {row["digest"]: _to_token(row) for row in rows.mappings()}

    def authenticate(self, token: str) -> ApiToken | None:
        """The token's record, or None when it is unknown or revoked.

        Looking up by digest gives nothing away: an attacker cannot steer the digest of a guess.
        """
        return self._valid.get(secrets.digest(token))

    async def list(self) -> list[ApiToken]:
        """Every token ever made, oldest first."""
        async with self._records.read() as connection:
            rows = await connection.execute(sa.select(api_tokens).order_by(api_tokens.c.created_at))
            return [_to_token(row) for row in rows.mappings()]

    async def create(self, name: str) -> tuple[ApiToken, str]:
        """Make a token; the secret is in the answer and nowhere else afterwards."""
        secret = secrets.mint("fwt")
        return await self._add(name, secret), secret

    async def revoke(self, token_id: str) -> None:
        """Make a token worthless at once.

        Raises:
            ApiTokenNotFoundError: It does not exist or is revoked already.
            LastApiTokenError: Nobody could get in any more.
        """
        valid = {token.id: digest for digest, token in self._valid.items()}
        if token_id not in valid:
            raise ApiTokenNotFoundError(
                f"no valid API token has the id {token_id!r}; GET /api/v1/tokens lists them"
            )
        if len(valid) == 1:
            raise LastApiTokenError(f"{token_id!r} is the last valid API token; create another one first")
        # Before anything is waited for: of two who revoke the last two tokens at once, the second must see one left.
        digest = valid[token_id]
        token = self._valid.pop(digest)
        try:
            async with self._records.begin() as connection:
                await connection.execute(
                    sa.update(api_tokens).where(api_tokens.c.id == token_id).values(revoked_at=self._clock())
                )
        except BaseException:
            self._valid[digest] = token
            raise

    async def ensure_admin(self, from_environment: str | None) -> str | None:
        """See to it that somebody can get in.

        A token from the environment becomes valid, and the one set so before it is revoked. Without one, a hub that
        has no token yet makes one.

        Returns:
            The secret that was made, to be printed once; None when none was.

        Raises:
            AdminTokenError: The environment's token is too short to be safe.
        """
        if from_environment:
            await self._adopt(from_environment)
            return None
        if self._valid:
            return None
        _, secret = await self.create(FIRST_TOKEN)
        return secret

    async def _adopt(self, secret: str) -> None:
        if len(secret) < MIN_TOKEN_LENGTH:
            raise AdminTokenError(
                f"FARWATCH_ADMIN_TOKEN is shorter than {MIN_TOKEN_LENGTH} characters: choose a longer one"
            )
        if self.authenticate(secret):
            return
        former = [token.id for token in self._valid.values() if token.name == ENVIRONMENT_TOKEN]
        await self._add(ENVIRONMENT_TOKEN, secret)
        for token_id in former:
            await self.revoke(token_id)

    async def _add(self, name: str, secret: str) -> ApiToken:
        token = ApiToken(
            id=random_source.token_hex(4), name=name, created_at=datetime.fromtimestamp(self._clock(), UTC)
        )
        row = {
            "id": token.id,
            "name": name,
            "digest": secrets.digest(secret),
            "created_at": token.created_at.timestamp(),
            "revoked_at": None,
        }
        async with self._records.begin() as connection:
            # A token set by the environment may have been revoked before: setting it again is asking for it.
            await connection.execute(sa.delete(api_tokens).where(api_tokens.c.digest == row["digest"]))
            await connection.execute(sa.insert(api_tokens).values(row))
        self._valid[str(row["digest"])] = token
        return token


def _to_token(row: Mapping[Any, Any]) -> ApiToken:
    revoked_at = row["revoked_at"]
    return ApiToken(
        id=row["id"],
        name=row["name"],
        created_at=datetime.fromtimestamp(row["created_at"], UTC),
        revoked_at=None if revoked_at is None else datetime.fromtimestamp(revoked_at, UTC),
    )
