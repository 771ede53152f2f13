"""Signing in with a user name and a password."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from farwatch.hub.auth.errors import (
    AuthError,
    ExternalUserError,
    PasswordError,
    PasswordsBusyError,
    TooManyAttemptsError,
    UserDisabledError,
    WrongCredentialsError,
)
from farwatch.hub.auth.limits import LoginLimits
from farwatch.hub.auth.passwords import Passwords, check_password
from farwatch.hub.auth.sessions import Session, Sessions
from farwatch.hub.auth.users import User, Users

_OUTCOMES: dict[type[AuthError], str] = {
    UserDisabledError: "disabled",
    TooManyAttemptsError: "limited",
    PasswordsBusyError: "busy",
}


class Client(NamedTuple):
    """Where a request is from, for the record.

    Attributes:
        address: Of the machine, as far as it can be trusted.
        user_agent: What the program calls itself.
    """

    address: str
    user_agent: str


class Login:
    """Lets people in who know their password, and lets them change it.

    Attributes:
        limits: Who has to wait before the next attempt.
        attempts: How many there were to sign in, by how they ended.
    """

    def __init__(
        self, users: Users, sessions: Sessions, passwords: Passwords, clock: Callable[[], float]
    ) -> None:
        self.limits = LoginLimits(clock)
        self.attempts: Counter[str] = Counter(ok=0, wrong=0, disabled=0, limited=0, busy=0)
        self._users = users
        self._sessions = sessions
        self._passwords = passwords
        self._clock = clock

    async def sign_in(self, name: str, password: str, client: Client) -> tuple[User, Session, str]:
        """Open a session; the secret in the answer opens it from then on.

        An unknown name takes as long as a wrong password, and is answered in the same words.

        Raises:
            WrongCredentialsError: They do not go together.
            UserDisabledError: They do, but the user may not sign in.
            TooManyAttemptsError: There were too many attempts.
            PasswordsBusyError: Too many people are signing in right now.
        """
        try:
            user = await self._check(name, password, client)
            if user.disabled_at is not None:
                raise UserDisabledError(f"the user {user.name} is disabled: ask who manages users")
        except AuthError as error:
            self.attempts[_OUTCOMES.get(type(error), "wrong")] += 1
            raise
        self.attempts["ok"] += 1
        user = await self._users.change(user.id, last_login_at=self._clock())
        return user, *await self._open(user, client)

    async def change_password(
        self, user: User, current: str, new: str, client: Client
    ) -> tuple[Session, str]:
        """Give somebody the password that they chose. All their sessions end, and one with a new secret begins.

        Raises:
            ExternalUserError: They sign in elsewhere.
            WrongCredentialsError: The current password is not theirs.
            PasswordError: The new one will not do.
            TooManyAttemptsError: There were too many attempts.
            PasswordsBusyError: Too many people are signing in right now.
        """
        if not user.is_local:
            raise ExternalUserError(f"{user.name} signs in with {user.provider}: change the password there")
        check_password(new, user.name)
        await self._check(user.name, current, client)
        if current == new:
            raise PasswordError("the new password is the one of now: choose another one")
        await self.set_password(user, new, temporary=False)
        return await self._open(user, client)

    async def set_password(self, user: User, password: str, *, temporary: bool) -> None:
        """Give somebody a password, and end all their sessions.

        Args:
            user: Whom.
            password: Which.
            temporary: Whether they have to choose another one before anything else.
        """
        hashed = await self._passwords.hash(password)
        await self._users.change(user.id, password=hashed, must_change_password=temporary)
        self.limits.forget(user.name)
        await self._sessions.end_all(user.id)

    async def _check(self, name: str, password: str, client: Client) -> User:
        """The user whose name and password these are, whether or not they may sign in."""
        account = name.strip().lower()[:254]
        user = self._users.find(account)
        self.limits.admit(account, client.address, familiar=self._is_familiar(user, client.address))
        stored = user.password if user is not None else None
        right = await self._passwords.verify(stored, password)
        # The password may have been changed while it was checked.
        user = self._users.look_up(user.id) if user is not None else None
        if user is None or stored is None or not right or user.password != stored:
            raise WrongCredentialsError("user name and password do not go together")
        self.limits.forgive(account, client.address)
        if self._passwords.is_outdated(stored):
            user = await self._users.change(user.id, password=await self._passwords.hash(password))
        return user

    async def _open(self, user: User, client: Client) -> tuple[Session, str]:
        return await self._sessions.open(user.id, address=client.address, user_agent=client.user_agent)

    def _is_familiar(self, user: User | None, address: str) -> bool:
        return user is not None and any(each.address == address for each in self._sessions.of_user(user.id))
