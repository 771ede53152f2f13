"""Who may ask what of the hub."""

from farwatch.hub.auth.tokens import AdminTokenError, ApiTokens, AuthError

__all__ = ["AdminTokenError", "ApiTokens", "AuthError"]
