"""Signing in with a user name and a password."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from farwatch.hub.auth.errors import UserDisabledError, WrongCredentialsError
from farwatch.hub.auth.passwords import Passwords
from farwatch.hub.auth.sessions import Session, Sessions
from farwatch.hub.auth.users import User, Users


class Client(NamedTuple):
    """Where a request is from, for the record.

    Attributes:
        address: Of the machine, as far as it can be trusted.
        user_agent: What the program calls itself.
    """

    address: str
    user_agent: str


class Login:
    """Lets people in who know their password."""

    def __init__(
        self, users: Users, sessions: Sessions, passwords: Passwords, clock: Callable[[], float]
    ) -> None:
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
        user = await self.check(name, password)
        user = await self._users.change(user.id, last_login_at=self._clock())
        session, secret = await self._sessions.open(
            user.id, address=client.address, user_agent=client.user_agent
        )
        return user, session, secret

    async def check(self, name: str, password: str) -> User:
        """The user whose name and password these are.

        Raises:
            AuthError: As ``sign_in``.
        """
        user = self._users.find(name)
        stored = user.password if user is not None else None
        right = await self._passwords.verify(stored, password)
        if user is None or stored is None or not right:
            raise WrongCredentialsError("user name and password do not go together")
        if user.disabled_at is not None:
            raise UserDisabledError(f"the user {user.name} is disabled: ask who manages users")
        if self._passwords.is_outdated(stored):
            user = await self._users.change(user.id, password=await self._passwords.hash(password))
        return user
