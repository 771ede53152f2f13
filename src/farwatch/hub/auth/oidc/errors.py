"""What can go wrong with single sign-on."""

from __future__ import annotations

from collections.abc import Sequence

from farwatch.hub.alerting.document import Problem


class SsoError(Exception):
    """The base of what can go wrong with single sign-on."""


class SsoConfigError(SsoError):
    """The file of providers cannot be used; one line for each thing that is wrong.

    Attributes:
        problems: What is wrong, in the file's order.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = list(problems)


class ProviderUnknownError(SsoError):
    """There is no such provider."""


class SignInError(SsoError):
    """Somebody cannot be signed in; the message is for them, in words that they understand.

    Attributes:
        cause: What was wrong, for the record.
    """

    def __init__(self, message: str, cause: str = "") -> None:
        super().__init__(message)
        self.cause = cause or message
