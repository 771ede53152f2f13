"""Users: the people who sign in."""

from __future__ import annotations

import re
import secrets as random_source
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from farwatch.hub.auth.errors import UserExistsError, UserNameError, UserNotFoundError
from farwatch.hub.store.records import Records, metadata

LOCAL = "local"
"""The provider of users whose password the hub itself keeps."""

MAX_USERS = 10_000
MAX_NAME_LENGTH = 64

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("name", sa.String(MAX_NAME_LENGTH), nullable=False, unique=True),
    sa.Column("display_name", sa.String(200), nullable=False),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("provider", sa.String(63), nullable=False),
    sa.Column("subject", sa.String(255), nullable=True),
    sa.Column("password", sa.String(255), nullable=True),
    sa.Column("must_change_password", sa.Boolean, nullable=False),
    sa.Column("seed", sa.String(255), nullable=True),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("disabled_at", sa.Float, nullable=True),
    sa.Column("last_login_at", sa.Float, nullable=True),
    sa.UniqueConstraint("provider", "subject"),
)

_NAME = re.compile(r"[a-z0-9]([a-z0-9._@+-]*[a-z0-9])?")
_UNFIT = re.compile(r"[^a-z0-9._@+-]+")


class User(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may sign in. Times are seconds since the epoch.

    Attributes:
        id: Theirs for good; names may be given again.
        name: What they sign in with, and what the record calls them; lower case.
        display_name: Their name as people write it; may be empty.
        email: May be empty.
        provider: Who vouches for them: ``local``, or the id of an identity provider.
        subject: What that provider calls them; None for local users.
        password: The hash of their password; None without one.
        must_change_password: Whether somebody else chose their password.
        seed: The hash of the password that the environment set last; None if it never did.
        created_at: When they were added.
        disabled_at: Since when they may not sign in; None if they may.
        last_login_at: When they signed in last; None if never.
    """

    id: str
    name: str
    display_name: str = ""
    email: str = ""
    provider: str = LOCAL
    subject: str | None = None
    password: str | None = None
    must_change_password: bool = False
    seed: str | None = None
    created_at: float
    disabled_at: float | None = None
    last_login_at: float | None = None

    @property
    def is_local(self) -> bool:
        """Whether the hub itself keeps their password."""
        return self.provider == LOCAL


def read_name(name: str) -> str:
    """A user's name as it is kept: in lower case.

    Raises:
        UserNameError: It is empty, too long, or holds characters that names may not have.
    """
    folded = name.strip().lower()
    if len(folded) > MAX_NAME_LENGTH or not _NAME.fullmatch(folded):
        raise UserNameError(
            f"user name {name[:80]!r} is not of 1 to {MAX_NAME_LENGTH} letters a-z, digits and . _ @ + -, with a letter "
            "or digit at both ends"
        )
    return folded


class Users:
    """The hub's users. They are kept in memory, so that a request costs no query."""

    def __init__(self, records: Records, clock: Callable[[], float]) -> None:
        self._records = records
        self._clock = clock
        self._by_id: dict[str, User] = {}
        self._by_name: dict[str, User] = {}

    async def load(self) -> None:
        """Read them; before the first request, and when something else than the hub has changed them."""
        async with self._records.read() as connection:
            rows = await connection.execute(sa.select(users))
            found = [_to_user(row) for row in rows.mappings()]
        self._by_id = {user.id: user for user in found}
        self._by_name = {user.name: user for user in found}

    def get(self, user_id: str) -> User:
        """The user with this id.

        Raises:
            UserNotFoundError: There is none.
        """
        try:
            return self._by_id[user_id]
        except KeyError:
            raise UserNotFoundError(
                f"no user has the id {user_id[:40]!r}: GET /api/v1/users lists them"
            ) from None

    def look_up(self, user_id: str) -> User | None:
        """The user with this id, if there is one."""
        return self._by_id.get(user_id)

    def find(self, name: str) -> User | None:
        """The user of this name, in whatever case it is written, if there is one."""
        return self._by_name.get(name.strip().lower())

    def find_external(self, provider: str, subject: str) -> User | None:
        """The user whom an identity provider calls so, if they are known."""
        return next(
            (user for user in self._by_id.values() if (user.provider, user.subject) == (provider, subject)),
            None,
        )

    def list(self) -> list[User]:
        """Every user, by name."""
        return sorted(self._by_id.values(), key=lambda user: user.name)

    async def create(
        self,
        name: str,
        *,
        display_name: str = "",
        email: str = "",
        provider: str = LOCAL,
        subject: str | None = None,
        password: str | None = None,
        must_change_password: bool = False,
        seed: str | None = None,
    ) -> User:
        """Add a user; who may do nothing yet but sign in.

        Args:
            name: What they sign in with.
            display_name: Their name as people write it.
            email: Where they are written to.
            provider: Who vouches for them.
            subject: What that provider calls them.
            password: The hash of their password.
            must_change_password: Whether they have to choose another one first.
            seed: The hash of the password that the environment gave them.

        Raises:
            UserNameError: The name cannot be used.
            UserExistsError: There is a user of this name, or there are too many users.
        """
        user = User(
            id=random_source.token_hex(6),
            name=read_name(name),
            display_name=display_name.strip(),
            email=email.strip(),
            provider=provider,
            subject=subject,
            password=password,
            must_change_password=must_change_password,
            seed=seed,
            created_at=self._clock(),
        )
        if len(self._by_id) >= MAX_USERS:
            raise UserExistsError(f"there are {MAX_USERS} users already: delete some first")
        if user.name in self._by_name:
            raise UserExistsError(f"there is a user {user.name!r} already: choose another name")
        try:
            async with self._records.begin() as connection:
                await connection.execute(sa.insert(users).values(msgspec.to_builtins(user)))
        except IntegrityError as error:
            raise UserExistsError(f"there is a user {user.name!r} already: choose another name") from error
        self._keep(user)
        return user

    async def ensure_external(
        self, provider: str, subject: str, *, name: str, display_name: str = "", email: str = ""
    ) -> User:
        """The user whom an identity provider calls so: added when they come for the first time, else brought up to date.

        Their name stays what it was at first. Where it is taken, they get one that says where they are from.
        """
        known = self.find_external(provider, subject)
        if known is not None:
            return await self.change(known.id, display_name=display_name, email=email)
        plain = _UNFIT.sub("-", name.strip().lower()).strip("._@+-")[: MAX_NAME_LENGTH - 16].rstrip("._@+-")
        wanted = plain or "user"
        for candidate in (wanted, f"{wanted}+{provider[:15].lower()}"):
            if _NAME.fullmatch(candidate) and candidate not in self._by_name:
                break
        else:
            candidate = f"{wanted}-{random_source.token_hex(4)}"
        return await self.create(
            candidate, display_name=display_name, email=email, provider=provider, subject=subject
        )

    async def change(self, user_id: str, **fields: Any) -> User:
        """Change what is kept of a user, by the names of ``User``'s fields; the user afterwards.

        Raises:
            UserNotFoundError: There is none with this id.
        """
        before = self.get(user_id)
        changed = {name: value for name, value in fields.items() if getattr(before, name) != value}
        if not changed:
            return before
        async with self._records.begin() as connection:
            await connection.execute(sa.update(users).where(users.c.id == user_id).values(changed))
        # Others may have changed other fields in the meantime.
        after = msgspec.structs.replace(self.get(user_id), **changed)
        self._keep(after)
        return after

    async def delete(self, user_id: str) -> User:
        """Take a user away, with all that is theirs in other tables; who it was.

        Raises:
            UserNotFoundError: There is none with this id.
        """
        user = self.get(user_id)
        async with self._records.begin() as connection:
            await connection.execute(sa.delete(users).where(users.c.id == user_id))
        self._by_id.pop(user_id, None)
        self._by_name.pop(user.name, None)
        return user

    def _keep(self, user: User) -> None:
        self._by_id[user.id] = user
        self._by_name[user.name] = user


def _to_user(row: Mapping[Any, Any]) -> User:
    return User(**dict(row))
