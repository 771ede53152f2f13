"""Everybody who may ask the hub for something, put together."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

import structlog

from farwatch.hub.auth import secrets
from farwatch.hub.auth.errors import AdminPasswordError, PasswordError
from farwatch.hub.auth.generation import Generation, note_generation, read_generation
from farwatch.hub.auth.login import Login
from farwatch.hub.auth.passwords import Passwords, check_password
from farwatch.hub.auth.principal import Grant, Principal, PrincipalKind, narrow
from farwatch.hub.auth.sessions import Session, Sessions, SessionSettings
from farwatch.hub.auth.tokens import ApiToken, ApiTokens
from farwatch.hub.auth.users import User, Users
from farwatch.hub.store.records import Records

ADMIN = "admin"
"""The name of the user that the hub makes at its first start."""

LOOK_SECONDS = 5.0
"""How often the hub looks whether ``farwatch admin`` has changed something."""

FLUSH_LOOKS = 6
"""Each how many looks it is kept when sessions were seen and tokens used."""

_log = structlog.get_logger(__name__)


class GrantSource(Protocol):
    """What users hold, by themselves and through their teams."""

    def of_user(self, user_id: str) -> tuple[Grant, ...]:
        """Somebody's grants, as they are now; without a query."""
        ...

    async def load(self) -> None:
        """Read them."""
        ...

    async def ensure_admin(self, user_id: str) -> None:
        """Make somebody admin of everything, if nobody is."""
        ...


class FirstLines(NamedTuple):
    """Secrets that the hub made at its first start, to be shown once; None where it made none."""

    token: str | None
    password: str | None


class People:
    """Users, their sessions and everybody's tokens, and whom a request is from."""

    def __init__(
        self,
        records: Records,
        grants: GrantSource,
        clock: Callable[[], float],
        settings: SessionSettings | None = None,
        passwords: Passwords | None = None,
    ) -> None:
        self.clock = clock
        self.users = Users(records, clock)
        self.sessions = Sessions(records, clock, settings)
        self.tokens = ApiTokens(records, clock)
        self.passwords = passwords or Passwords()
        self.login = Login(self.users, self.sessions, self.passwords, clock)
        self.grants = grants
        self._records = records
        self._generation = Generation(0, 0)
        self._task: asyncio.Task[None] | None = None

    async def load(self) -> None:
        """Read everything; before the first request, and when something else than the hub has changed it."""
        async with self._records.read() as connection:
            self._generation = await read_generation(connection)
        await self.users.load()
        await self.sessions.load()
        await self.tokens.load()
        await self.grants.load()

    def start(self, told: Callable[[int], Awaitable[None]] | None = None) -> None:
        """Begin to keep what was seen and used, and to look for resets.

        Args:
            told: Writes down that the admin was reset so many times; it raises nothing but what the records do. Without
                it, resets wait to be written down.
        """
        self._task = asyncio.create_task(self._watch_forever(told), name="people")

    async def stop(self) -> None:
        """Keep what was seen and used up to now."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await self._try_flush()
        self.passwords.close()

    async def let_in(self, token: str | None, password: str | None) -> FirstLines:
        """See to it that somebody can get in: with a token, and as the user ``admin``.

        Args:
            token: The admin token that the environment sets.
            password: The admin's password that the environment sets.

        Raises:
            AdminTokenError: That token is too short to be safe.
            AdminPasswordError: That password is too easily guessed.
        """
        made = await self.tokens.ensure_admin(token)
        first = await self._ensure_admin(password)
        admin = self.users.find(ADMIN)
        if admin is not None:
            await self.grants.ensure_admin(admin.id)
        return FirstLines(made, first)

    async def remove(self, user: User) -> None:
        """Take a user away, and all that lets them in."""
        await self.users.delete(user.id)
        await self.sessions.end_all(user.id)
        await self.tokens.forget_owner(user.id)

    def of_session(self, secret: str) -> tuple[Principal, User, Session] | None:
        """Whom a session's secret stands for; None if it opens nothing any more."""
        session = self.sessions.find(secret)
        user = self.users.look_up(session.user_id) if session is not None else None
        if session is None or user is None or user.disabled_at is not None:
            return None
        grants = self.grants.of_user(user.id)
        principal = Principal(PrincipalKind.USER, user.id, user.name, grants, session_id=session.id)
        return principal, user, session

    def of_token(self, secret: str) -> Principal | None:
        """Whom an API token stands for; None if it opens nothing any more."""
        token = self.tokens.authenticate(secret)
        if token is None:
            return None
        permissions = None if token.scopes is None else frozenset(token.scopes)
        if not token.owner:
            return Principal(
                PrincipalKind.TOKEN,
                token.id,
                token.name,
                token.grants or (),
                token_id=token.id,
                permissions=permissions,
            )
        return self._of_personal(token, permissions)

    def _of_personal(self, token: ApiToken, permissions: frozenset[str] | None) -> Principal | None:
        user = self.users.look_up(token.owner)
        if user is None or user.disabled_at is not None:
            return None
        grants = self.grants.of_user(user.id)
        return Principal(
            PrincipalKind.USER,
            user.id,
            user.name,
            grants if token.grants is None else narrow(grants, token.grants),
            token_id=token.id,
            permissions=permissions,
        )

    async def _ensure_admin(self, password: str | None) -> str | None:
        admin = self.users.find(ADMIN)
        if password is None:
            if self.users.list():
                return None
            made = secrets.mint_password()
            await self.users.create(ADMIN, password=await self.passwords.hash(made))
            return made
        if admin is not None and await self.passwords.verify(admin.seed, password):
            return None
        try:
            check_password(password, ADMIN)
        except PasswordError as error:
            raise AdminPasswordError(f"FARWATCH_ADMIN_PASSWORD: {error}") from error
        hashed = await self.passwords.hash(password)
        if admin is None:
            await self.users.create(ADMIN, password=hashed, seed=hashed)
        else:
            await self.users.change(
                admin.id, password=hashed, seed=hashed, must_change_password=False, disabled_at=None
            )
            await self.sessions.end_all(admin.id)
        return None

    async def take_in_resets(self) -> int:
        """Read everything again if ``farwatch admin reset`` has changed it; how many resets nobody was told of yet.

        After those are written down, call ``note_resets``.
        """
        async with self._records.read() as connection:
            found = await read_generation(connection)
        if found.number != self._generation.number:
            await self.sessions.flush()
            await self.load()
            self.login.limits.forget(ADMIN)
        return self._generation.number - self._generation.noted

    async def note_resets(self) -> None:
        """The audit log tells of every reset up to now."""
        number = self._generation.number
        async with self._records.begin() as connection:
            await note_generation(connection, number)
        self._generation = Generation(number, number)

    async def _watch_forever(self, told: Callable[[int], Awaitable[None]] | None) -> None:
        for look in itertools.count(1):
            await self._try_looking(told)
            if look % FLUSH_LOOKS == 0:
                await self._try_flush()
            await asyncio.sleep(LOOK_SECONDS)

    async def _try_looking(self, told: Callable[[int], Awaitable[None]] | None) -> None:
        try:
            resets = await self.take_in_resets()
            if resets and told is not None:
                await told(resets)
                await self.note_resets()
        except Exception as error:  # noqa: BLE001 - a database that restarts fails in many ways; the next look may not
            _log.warning("resets of the admin cannot be read for now", error=_first_line(error))

    async def _try_flush(self) -> None:
        try:
            await self.sessions.flush()
            await self.tokens.flush()
        except Exception as error:  # noqa: BLE001 - likewise
            _log.warning("when people were seen cannot be kept for now", error=_first_line(error))


def _first_line(error: Exception) -> str:
    # What stands below it may be somebody's data.
    return (str(error).splitlines() or [type(error).__name__])[0]
