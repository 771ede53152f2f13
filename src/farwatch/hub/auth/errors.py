"""What can go wrong with users, sessions and tokens."""

from __future__ import annotations


class AuthError(Exception):
    """The base of what can go wrong with who may ask the hub; the message is one line and names the way out."""


class UserNameError(AuthError):
    """A user's name cannot be used."""


class UserExistsError(AuthError):
    """There is a user of this name."""


class UserNotFoundError(AuthError):
    """No user has this id."""


class OwnUserError(AuthError):
    """Somebody would lock themselves out."""


class ExternalUserError(AuthError):
    """The user signs in elsewhere: the hub keeps no password of theirs."""


class PasswordError(AuthError):
    """A password is too easily guessed, or not as it must be."""


class AdminPasswordError(AuthError):
    """The admin's password from the environment cannot be used."""


class PasswordsBusyError(AuthError):
    """Too many passwords are being checked."""


class WrongCredentialsError(AuthError):
    """User name and password do not go together; nothing says which of them is wrong."""


class UserDisabledError(AuthError):
    """The password is right, but its user may not sign in."""


class TooManyAttemptsError(AuthError):
    """There were too many attempts to sign in.

    Attributes:
        retry_seconds: When the next one is heard.
    """

    def __init__(self, message: str, retry_seconds: int) -> None:
        super().__init__(message)
        self.retry_seconds = retry_seconds


class SessionNotFoundError(AuthError):
    """Nobody's session, or somebody else's."""
