"""Who may ask what of the hub."""

from farwatch.hub.auth.errors import AuthError
from farwatch.hub.auth.people import FirstLines, People
from farwatch.hub.auth.sessions import SessionSettings
from farwatch.hub.auth.tokens import ApiTokenNotFoundError, ApiTokens, LastApiTokenError

__all__ = [
    "ApiTokenNotFoundError",
    "ApiTokens",
    "AuthError",
    "FirstLines",
    "LastApiTokenError",
    "People",
    "SessionSettings",
]
