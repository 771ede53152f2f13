"""Single sign-on by OpenID Connect: somebody else vouches for people."""

from farwatch.hub.auth.oidc.errors import ProviderUnknownError, SignInError, SsoConfigError, SsoError
from farwatch.hub.auth.oidc.groups import ProviderGroups
from farwatch.hub.auth.oidc.settings import ProviderSection, load_providers
from farwatch.hub.auth.oidc.sso import PATH, Sso

__all__ = [
    "PATH",
    "ProviderGroups",
    "ProviderSection",
    "ProviderUnknownError",
    "SignInError",
    "Sso",
    "SsoConfigError",
    "SsoError",
    "load_providers",
]
