"""Who may ask what of the hub."""

from farwatch.hub.auth.tokens import ApiTokenNotFoundError, ApiTokens, AuthError, LastApiTokenError

__all__ = ["ApiTokenNotFoundError", "ApiTokens", "AuthError", "LastApiTokenError"]
