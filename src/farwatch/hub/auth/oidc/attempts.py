"""Sign-ins that were begun and have not come back yet: each is in a cookie of the browser that began it.

So nobody can fill the hub's memory with them, and nobody can have somebody else's browser finish one. The cookie is signed
with a key that lives as long as the process, no script can read it, and it is worth something once, for ten minutes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable

import msgspec

LIFETIME_SECONDS = 600
COOKIE_PREFIX = "farwatch_sso_"
MAX_NEXT = 1000

_NAMING = 12


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in that was begun.

    Attributes:
        provider: The provider's id.
        state: Comes back with the browser.
        nonce: Comes back in the ID token.
        verifier: Proves to the provider that who redeems the code is who asked for it (RFC 7636).
        next: The page that somebody wanted to see.
        until: Until when it may come back, seconds since the epoch.
    """

    provider: str
    state: str
    nonce: str
    verifier: str
    next: str
    until: float

    @property
    def challenge(self) -> str:
        """What the provider is told of the verifier beforehand. Source: RFC 7636, section 4.2."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    @property
    def cookie(self) -> str:
        """The cookie's name: its own, so that people can sign in in several windows."""
        return cookie_of(self.state)


class Attempts:
    """Makes and takes back the cookies.

    Args:
        clock: Seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._used: dict[str, float] = {}

    def begin(self, provider: str, next_page: str) -> tuple[Attempt, str]:
        """A new attempt, and the value of its cookie."""
        attempt = Attempt(
            provider=provider,
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            next=plain_page(next_page),
            until=self._clock() + LIFETIME_SECONDS,
        )
        body = base64.urlsafe_b64encode(msgspec.json.encode(attempt)).decode()
        return attempt, f"{body}.{self._sign(body)}"

    def take(self, provider: str, state: str, cookie: str) -> Attempt | None:
        """The attempt that a browser comes back from, once; None if it is none of ours, too old, or was taken before."""
        body, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(body).encode()):
            return None
        attempt = msgspec.json.decode(base64.urlsafe_b64decode(body), type=Attempt)
        now = self._clock()
        self._used = {used: until for used, until in self._used.items() if until > now}
        if attempt.provider != provider or attempt.until <= now or attempt.state in self._used:
            return None
        if not hmac.compare_digest(attempt.state.encode(), state.encode()):
            return None
        self._used[attempt.state] = attempt.until
        return attempt

    def _sign(self, body: str) -> str:
        return hmac.new(self._key, body.encode(), hashlib.sha256).hexdigest()


def cookie_of(state: str) -> str:
    """The name of the cookie of the attempt with this state."""
    return COOKIE_PREFIX + hashlib.sha256(state.encode()).hexdigest()[:_NAMING]


def plain_page(page: str) -> str:
    """A page of the console, to go to afterwards; the first one where it is something else, such as another site."""
    local = page.startswith("/") and not page.startswith(("//", "/\\"))
    return page if local and len(page) <= MAX_NEXT and page.isprintable() and "\\" not in page else "/"
