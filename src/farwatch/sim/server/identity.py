"""Who asks: bearer tokens, and users acting as others."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from farwatch.sim.errors import StatusError

ADMIN_GROUP = "system:masters"
_AUTHENTICATED = "system:authenticated"


@dataclass(frozen=True)
class User:
    """A user with groups, ``system:authenticated`` among them unless anonymous."""

    name: str
    groups: tuple[str, ...] = ()


ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))
_ADMIN = User("kubernetes-admin", (ADMIN_GROUP, _AUTHENTICATED))


def service_account(namespace: str, name: str) -> User:
    """The user that a service account's token stands for."""
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}")
    return User(f"system:serviceaccount:{namespace}:{name}", groups)


class Tokens:
    """The bearer tokens a server knows. While it knows none but issued ones, everybody else is an administrator."""

    def __init__(self, users: Mapping[str, User] | None = None) -> None:
        self._users: dict[str, User] = {}
        self._issued: dict[str, tuple[User, Callable[[], bool]]] = {}
        for token, user in (users or {}).items():
            self.add(token, user)

    def add(self, token: str, user: User) -> None:
        """Let a token stand for a user."""
        self._users[token] = _authenticated(user)

    def issue(self, user: User, lasts: Callable[[], bool]) -> str:
        """A new token that stands for a user for as long as ``lasts`` says so."""
        token = secrets.token_urlsafe(32)
        self._issued[token] = (_authenticated(user), lasts)
        return token

    def revoke(self, token: str) -> None:
        """Know a token no more."""
        del self._users[token]

    def authenticate(self, authorization: str) -> User | None:
        """The user of an Authorization header; anonymous without one, None when its token is unknown."""
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() == "bearer" and given.strip() in self._issued:
            user, lasts = self._issued[given.strip()]
            return user if lasts() else None
        if not self._users:
            return _ADMIN
        if not authorization:
            return ANONYMOUS
        if scheme.lower() != "bearer":
            return None
        for token, user in self._users.items():
            if hmac.compare_digest(token.encode(), given.strip().encode()):
                return user
        return None


def _authenticated(user: User) -> User:
    groups = user.groups if _AUTHENTICATED in user.groups else (*user.groups, _AUTHENTICATED)
    return User(user.name, groups)


def unauthorized() -> StatusError:
    """The server does not know who asks."""
    return StatusError(401, "Unauthorized", "Unauthorized")


def impersonated(headers: Mapping[str, str], groups: tuple[str, ...]) -> User | None:
    """The user whom the Impersonate headers name, or None without them."""
    name = headers.get("Impersonate-User", "")
    if not name:
        return None
    if name.startswith("system:serviceaccount:") and not groups:
        _, _, namespace, account = name.split(":", 3)
        groups = service_account(namespace, account).groups
    return User(name, (*groups, _AUTHENTICATED))
