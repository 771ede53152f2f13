"""API tokens: what scripts, and people at a command line, show the hub."""

from __future__ import annotations

import secrets as random_source
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from farwatch.hub.auth import secrets
from farwatch.hub.auth.errors import AuthError
from farwatch.hub.auth.following import Changes, Followed
from farwatch.hub.auth.principal import Grant, Role
from farwatch.hub.store.records import Records, metadata
from farwatch.hub.times import to_time, to_time_or_none

ENVIRONMENT_TOKEN = "environment"  # noqa: S105 - the name of a token, not a token
"""Name of the admin token that ``FARWATCH_ADMIN_TOKEN`` set."""

FIRST_TOKEN = "first-start"  # noqa: S105 - the name of a token, not a token
"""Name of the admin token that the hub made for itself at its first start."""

MIN_TOKEN_LENGTH = 16

T = TypeVar("T")

api_tokens = sa.Table(
    "api_tokens",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("revoked_at", sa.Float, nullable=True),
    sa.Column("owner", sa.String(16), nullable=True),
    sa.Column("grants", sa.Text, nullable=True),
    sa.Column("scopes", sa.Text, nullable=True),
    sa.Column("created_by", sa.String(100), nullable=False, server_default=""),
    sa.Column("expires_at", sa.Float, nullable=True),
    sa.Column("last_used_at", sa.Float, nullable=True),
)


class AdminTokenError(AuthError):
    """The admin token from the environment cannot be used."""


class ApiTokenNotFoundError(AuthError):
    """No valid API token has this id."""


class LastApiTokenError(AuthError):
    """Revoking the last valid service token would lock scripts out."""


EVERYTHING = (Grant(Role.ADMIN),)
"""What tokens could do before there were roles."""


class ApiToken(msgspec.Struct, frozen=True, kw_only=True):
    """An API token, without its secret. Times are UTC.

    Attributes:
        id: For lists and the record; it opens nothing.
        name: What it is for.
        owner: The id of the user as whom it acts; empty for a service token, which is nobody's.
        grants: What a service token may do, and where. They narrow what the owner of a personal one may; None does not.
        scopes: The names of the only permissions that it may use; None for all.
        created_by: Who made it, by name.
        created_at: When.
        expires_at: From when on it is worthless; None: never.
        revoked_at: Since when it is; None: it is not.
        last_used_at: When it was shown last; None: never, as far as is known.
    """

    id: str
    name: str
    owner: str = ""
    grants: tuple[Grant, ...] | None = None
    scopes: tuple[str, ...] | None = None
    created_by: str = ""
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


class ApiTokens:
    """The hub's API tokens.

    The few that are valid are kept in memory by digest, so that a request costs one hash and no query. When they were
    last used is written from time to time.
    """

    def __init__(self, records: Records, clock: Callable[[], float]) -> None:
        self._records = records
        self._clock = clock
        self._valid: dict[str, ApiToken] = {}
        self._used: dict[str, float] = {}
        self._unkept: set[str] = set()

    async def load(self) -> None:
        """Read the valid tokens; before the first request, and when something else than the hub has changed them."""
        async with self._records.read() as connection:
            rows = await connection.execute(sa.select(api_tokens).where(api_tokens.c.revoked_at.is_(None)))
            self._valid = {row["digest"]: _to_token(row) for row in rows.mappings()}

    def authenticate(self, token: str) -> ApiToken | None:
        """The token's record, or None when it is unknown, revoked or expired. It counts as used.

        Looking up by digest gives nothing away: an attacker cannot steer the digest of a guess.
        """
        found = self._valid.get(secrets.digest(token))
        if found is None:
            return None
        now = self._clock()
        if found.expires_at is not None and found.expires_at.timestamp() <= now:
            return None
        self._used[found.id] = now
        self._unkept.add(found.id)
        return found

    def look_up(self, token_id: str) -> ApiToken | None:
        """The token with this id that was not revoked, if there is one."""
        return next((token for token in self._valid.values() if token.id == token_id), None)

    async def list(self) -> list[ApiToken]:
        """Every token ever made, oldest first."""
        async with self._records.read() as connection:
            rows = await connection.execute(sa.select(api_tokens).order_by(api_tokens.c.created_at))
            return [self._with_use(_to_token(row)) for row in rows.mappings()]

    async def create(
        self,
        name: str,
        *,
        owner: str = "",
        grants: tuple[Grant, ...] | None = EVERYTHING,
        scopes: tuple[str, ...] | None = None,
        expires_at: datetime | None = None,
        created_by: str = "",
    ) -> tuple[ApiToken, str]:
        """Make a token; the secret is in the answer and nowhere else afterwards. ``ApiToken`` says what the arguments are."""
        secret = secrets.mint("fwt")
        token = ApiToken(
            id=random_source.token_hex(4),
            name=name,
            owner=owner,
            grants=grants,
            scopes=scopes,
            created_by=created_by[:100],
            created_at=to_time(self._clock()),
            expires_at=expires_at,
        )
        return await self._add(token, secret), secret

    async def revoke(self, token_id: str) -> None:
        """Make a token worthless at once.

        Raises:
            ApiTokenNotFoundError: It does not exist or is revoked already.
            LastApiTokenError: Nobody could get in any more.
        """
        valid = {token.id: digest for digest, token in self._valid.items()}
        if token_id not in valid:
            raise ApiTokenNotFoundError(
                f"no valid API token has the id {token_id[:40]!r}; GET /api/v1/tokens lists them"
            )
        services = [token.id for token in self._valid.values() if not token.owner]
        if services == [token_id]:
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

    @asynccontextmanager
    async def follow(self, old: str, new: str | None) -> AsyncIterator[Changes]:
        """Have the grants of tokens follow a cluster to its new name, or end with it, as ``Following.follow`` says.

        A token whose every grant ends may do nothing from then on; it is not revoked.
        """
        followed: list[Followed] = []
        left: dict[str, tuple[Grant, ...]] = {}
        for token in self._valid.values():
            pairs = [(grant, grant.following(old, new)) for grant in token.grants or ()]
            changed = [Followed("token", token.id, *pair) for pair in pairs if pair[0] != pair[1]]
            if changed:
                followed += changed
                left[token.id] = tuple(after for _, after in pairs if after is not None)

        async def write(connection: AsyncConnection) -> None:
            for token_id, grants in left.items():
                this = api_tokens.c.id == token_id
                await connection.execute(sa.update(api_tokens).where(this).values(grants=_to_json(grants)))

        yield Changes(followed, write)
        for digest, token in self._valid.items():  # one may have been revoked meanwhile
            if token.id in left:
                self._valid[digest] = msgspec.structs.replace(token, grants=left[token.id])

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
        now = to_time(self._clock())
        token = ApiToken(
            id=random_source.token_hex(4), name=ENVIRONMENT_TOKEN, grants=EVERYTHING, created_at=now
        )
        await self._add(token, secret)
        for token_id in former:
            await self.revoke(token_id)

    async def forget_owner(self, owner: str) -> None:
        """Revoke every token that acts as a user, at once."""
        ending = {digest: token for digest, token in self._valid.items() if token.owner == owner}
        for digest in ending:
            del self._valid[digest]
        async with self._records.begin() as connection:
            await connection.execute(
                sa.update(api_tokens)
                .where(api_tokens.c.owner == owner, api_tokens.c.revoked_at.is_(None))
                .values(revoked_at=self._clock())
            )

    async def flush(self) -> None:
        """Keep when tokens were used."""
        unkept, self._unkept = self._unkept, set()
        rows = [{"key": token_id, "used": self._used[token_id]} for token_id in sorted(unkept)]
        if not rows:
            return
        statement = (
            sa.update(api_tokens)
            .where(api_tokens.c.id == sa.bindparam("key"))
            .values(last_used_at=sa.bindparam("used"))
        )
        try:
            async with self._records.begin() as connection:
                await connection.execute(statement, rows)
        except BaseException:
            self._unkept |= unkept
            raise

    async def _add(self, token: ApiToken, secret: str) -> ApiToken:
        row = {
            "id": token.id,
            "name": token.name,
            "digest": secrets.digest(secret),
            "created_at": token.created_at.timestamp(),
            "revoked_at": None,
            "owner": token.owner or None,
            "grants": _to_json(token.grants),
            "scopes": _to_json(token.scopes),
            "created_by": token.created_by,
            "expires_at": None if token.expires_at is None else token.expires_at.timestamp(),
            "last_used_at": None,
        }
        async with self._records.begin() as connection:
            # A token set by the environment may have been revoked before: setting it again is asking for it.
            await connection.execute(sa.delete(api_tokens).where(api_tokens.c.digest == row["digest"]))
            await connection.execute(sa.insert(api_tokens).values(row))
        self._valid[str(row["digest"])] = token
        return token

    def _with_use(self, token: ApiToken) -> ApiToken:
        """With when it was used last, which may not have been kept yet."""
        used = self._used.get(token.id)
        return token if used is None else msgspec.structs.replace(token, last_used_at=to_time_or_none(used))


def _to_token(row: Mapping[Any, Any]) -> ApiToken:
    return ApiToken(
        id=row["id"],
        name=row["name"],
        owner=row["owner"] or "",
        grants=_from_json(row["grants"], tuple[Grant, ...]),
        scopes=_from_json(row["scopes"], tuple[str, ...]),
        created_by=row["created_by"],
        created_at=to_time(row["created_at"]),
        expires_at=to_time_or_none(row["expires_at"]),
        revoked_at=to_time_or_none(row["revoked_at"]),
        last_used_at=to_time_or_none(row["last_used_at"]),
    )


def _to_json(value: object) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _from_json(text: str | None, kind: type[T]) -> T | None:
    return None if text is None else msgspec.json.decode(text, type=kind)
