"""One identity provider, asked over HTTP: where its doors are, its keys, and what it gives for a code.

Sources: OpenID Connect Discovery 1.0; OpenID Connect Core 1.0; RFC 6749; RFC 7636.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import jwt
import msgspec
import structlog
from cryptography.exceptions import UnsupportedAlgorithm
from jwt.api_jws import PyJWS

from farwatch.hub.auth.oidc.claims import ClaimError, Expected, Identity, check_claims, merge, read_identity
from farwatch.hub.auth.oidc.errors import SignInError
from farwatch.hub.auth.oidc.keys import ALGORITHMS, Header, KeySet, choose_key
from farwatch.hub.auth.oidc.settings import ProviderSection, is_safe_address

DISCOVERY_SECONDS = 3600.0
KEYS_SECONDS = 3600.0
RENEW_SECONDS = 10.0
"""How long an unknown key does not make the hub ask for the keys again: nobody can have it ask all the time."""
FORGIVE_SECONDS = 3.0
"""How long a provider that could not be reached is not asked for its doors again."""
TIMEOUT = aiohttp.ClientTimeout(total=10.0, connect=5.0)
MAX_ANSWER_BYTES = 1024 * 1024
MAX_TOKEN_LENGTH = 64 * 1024

_log = structlog.get_logger(__name__)

_UNREADABLE = (
    jwt.PyJWTError,
    msgspec.MsgspecError,
    UnsupportedAlgorithm,
    KeyError,
    TypeError,
    ValueError,  # also of text that is none, and of numbers that are no key
)
"""What may come of a key and a token that somebody else has made."""


class Discovery(msgspec.Struct, frozen=True, kw_only=True):
    """Where a provider's doors are, by its own document."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    token_endpoint_auth_methods_supported: list[str] = msgspec.field(
        default_factory=lambda: ["client_secret_basic"]
    )
    authorization_response_iss_parameter_supported: bool = False


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider gives for a code."""

    id_token: str
    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - a kind of token


class _UnreachableError(Exception):
    """The provider did not answer, or not as it must; the message says how."""


class Provider:
    """An identity provider.

    Args:
        section: What the file says of it.
        redirect_uri: Where it sends people back to.
        http: A session to ask by.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        section: ProviderSection,
        redirect_uri: str,
        http: Callable[[], aiohttp.ClientSession],
        clock: Callable[[], float],
    ) -> None:
        self.section = section
        self.redirect_uri = redirect_uri
        self._http = http
        self._clock = clock
        self._tls = ssl.create_default_context(cafile=section.ca_file) if section.ca_file else None
        self._asking = asyncio.Lock()
        self._discovery: tuple[float, Discovery] | None = None
        self._failed: tuple[float, str] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._renewed_at = float("-inf")

    async def begin(self, *, state: str, nonce: str, challenge: str) -> str:
        """The address to send somebody's browser to.

        Raises:
            SignInError: The provider cannot be reached.
        """
        discovery = await self._discover()
        query = {
            "response_type": "code",
            "client_id": self.section.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": " ".join(self.section.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return _with_query(discovery.authorization_endpoint, query)

    async def identify(self, code: str, *, verifier: str, nonce: str, issuer: str | None) -> Identity:
        """Who it is that came back with a code.

        Args:
            code: It, which is worth something once.
            verifier: What the challenge was made of.
            nonce: What must stand in the ID token.
            issuer: Who says that they sent them back (RFC 9207); None where nobody says.

        Raises:
            SignInError: That cannot be found out, or must not be believed.
        """
        discovery = await self._discover()
        wanted = discovery.authorization_response_iss_parameter_supported
        if issuer != discovery.issuer and (wanted or issuer is not None):
            raise self._distrust("the answer is from another issuer (iss)")
        tokens = await self._redeem(discovery, code, verifier)
        claims = await self._verify(discovery, tokens, nonce)
        identity = self._read(claims)
        if identity.groups is None and discovery.userinfo_endpoint:
            more = await self._ask_user_info(discovery, tokens)
            if more.get("sub") != identity.subject:
                raise self._distrust("the user info is about somebody else (sub)")
            identity = merge(identity, self._read(more))
        return identity

    async def end_session_url(self, back: str) -> str:
        """Where people sign out at the provider as well; empty where it has no such door, or cannot be reached."""
        try:
            discovery = await self._discover()
        except SignInError:
            return ""
        if not discovery.end_session_endpoint:
            return ""
        query = {"client_id": self.section.client_id, "post_logout_redirect_uri": back}
        return _with_query(discovery.end_session_endpoint, query)

    def _read(self, claims: Mapping[str, Any]) -> Identity:
        section = self.section
        return read_identity(claims, groups_claim=section.groups_claim, username_claim=section.username_claim)

    async def _discover(self) -> Discovery:
        """The provider's document: that of the last hour, or, where it cannot be had now, the one before."""
        async with self._asking:
            now = self._clock()
            if self._discovery is not None and 0 <= now - self._discovery[0] < DISCOVERY_SECONDS:
                return self._discovery[1]
            cause = await self._renew_discovery(now)
            if self._discovery is None:
                raise self._unreachable(cause)
            if cause:
                _log.warning("going on by what a provider said before", provider=self.section.id, error=cause)
            return self._discovery[1]

    async def _renew_discovery(self, now: float) -> str:
        """Ask for the document; gives what keeps it from being had."""
        if self._failed is not None and 0 <= now - self._failed[0] < FORGIVE_SECONDS:
            return self._failed[1]
        try:
            found: Discovery = await self._get_json(self._discovery_url(), Discovery)
            self._check_discovery(found)
        except _UnreachableError as error:
            self._failed = (self._clock(), str(error))
            return str(error)
        self._discovery, self._failed = (now, found), None
        return ""

    def _discovery_url(self) -> str:
        return self.section.issuer.rstrip("/") + "/.well-known/openid-configuration"

    def _check_discovery(self, found: Discovery) -> None:
        if found.issuer != self.section.issuer:
            raise _UnreachableError(
                f"its document is that of the issuer {found.issuer[:200]!r}, and not of {self.section.issuer!r}: write the "
                "issuer exactly so"
            )
        doors = (
            "authorization_endpoint",
            "token_endpoint",
            "jwks_uri",
            "userinfo_endpoint",
            "end_session_endpoint",
        )
        for name in doors:
            address = getattr(found, name)
            if address and not is_safe_address(address):
                raise _UnreachableError(f"its {name} is not an address by HTTPS")

    async def _redeem(self, discovery: Discovery, code: str, verifier: str) -> Tokens:
        """What the provider gives for a code. Source: RFC 6749, section 4.1.3; RFC 7636, section 4.5."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": verifier,
        }
        headers = {"Accept": "application/json"}
        secret = self.section.client_secret
        methods = discovery.token_endpoint_auth_methods_supported
        if secret is None:
            form["client_id"] = self.section.client_id
        elif "client_secret_basic" in methods or "client_secret_post" not in methods:
            # Source: RFC 6749, section 2.3.1: each part is encoded as in a form before.
            pair = f"{quote(self.section.client_id, '')}:{quote(secret.reveal(), '')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": self.section.client_id, "client_secret": secret.reveal()}
        try:
            status, body = await self._ask(
                "POST", discovery.token_endpoint, data=urlencode(form), headers=headers
            )
            if status != 200:  # noqa: PLR2004 - OK
                raise self._refused(status, body)
            tokens: Tokens = _decode(body, Tokens)
        except _UnreachableError as error:
            raise self._unreachable(str(error)) from error
        return tokens

    def _refused(self, status: int, body: bytes) -> SignInError:
        """A token endpoint's no. Source: RFC 6749, section 5.2."""
        try:
            found = msgspec.json.decode(body, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeDecodeError):
            found = {}
        code = str(found.get("error", ""))[:80] or f"HTTP {status}"
        described = str(found.get("error_description", ""))[:300]
        cause = f"the provider refused the code: {code} {described}".strip()
        if code in {"invalid_client", "unauthorized_client"}:
            return SignInError(
                f"{self.section.name} does not know this hub: its client_id or client_secret is wrong; tell who runs the hub",
                cause,
            )
        return SignInError(f"{self.section.name} did not confirm the sign-in: try again", cause)

    async def _verify(self, discovery: Discovery, tokens: Tokens, nonce: str) -> dict[str, Any]:
        """The claims of an ID token whose signature, and whatever it claims, are right."""
        header = self._read_header(tokens.id_token)
        key = await self._find_key(discovery, header)
        try:
            # By the algorithm that the token names and that fits the key, never by what a key's parser falls back to.
            parsed = jwt.PyJWK(key, algorithm=header.alg)
            payload: bytes = PyJWS().decode(tokens.id_token, parsed, algorithms=[header.alg])
            claims = msgspec.json.decode(payload, type=dict[str, Any])
        except _UNREADABLE as error:
            raise self._distrust(f"the ID token's signature is not right ({type(error).__name__})") from error
        expected = Expected(
            issuer=discovery.issuer,
            client_id=self.section.client_id,
            nonce=nonce,
            now=self._clock(),
            algorithm=header.alg,
            access_token=tokens.access_token,
        )
        try:
            check_claims(claims, expected)
        except ClaimError as error:
            raise self._distrust(f"the ID token is not right: {error}") from error
        return claims

    def _read_header(self, token: str) -> Header:
        if len(token) > MAX_TOKEN_LENGTH:
            raise self._distrust("the ID token is too long")
        try:
            header = msgspec.convert(jwt.get_unverified_header(token), Header)
        except (jwt.PyJWTError, msgspec.MsgspecError, ValueError) as error:
            raise self._distrust("the ID token is none") from error
        if header.alg not in ALGORITHMS:
            raise self._distrust(f"the ID token is signed by {header.alg[:20]!r}, which proves nothing")
        if header.crit is not None:
            raise self._distrust("the ID token wants something that the hub does not know (crit)")
        return header

    async def _find_key(self, discovery: Discovery, header: Header) -> dict[str, Any]:
        """The key that a token names; the provider's keys are asked for again where it is not among those known."""
        async with self._asking:
            now = self._clock()
            known = self._keys
            if known is not None and 0 <= now - known[0] < KEYS_SECONDS:
                found = choose_key(known[1], header)
                if found is not None:
                    return found
                if now - self._renewed_at < RENEW_SECONDS:
                    raise self._distrust("the ID token is signed by a key that is not the provider's")
                self._renewed_at = now
            try:
                keys: KeySet = await self._get_json(discovery.jwks_uri, KeySet)
            except _UnreachableError as error:
                raise self._unreachable(str(error)) from error
            self._keys = (now, keys)
            found = choose_key(keys, header)
        if found is None:
            raise self._distrust("the ID token is signed by a key that is not the provider's")
        return found

    async def _ask_user_info(self, discovery: Discovery, tokens: Tokens) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {tokens.access_token}", "Accept": "application/json"}
        try:
            found: dict[str, Any] = await self._get_json(discovery.userinfo_endpoint, dict[str, Any], headers)
        except _UnreachableError as error:
            raise self._unreachable(str(error)) from error
        return found

    async def _get_json(self, url: str, kind: type[Any], headers: dict[str, str] | None = None) -> Any:
        status, body = await self._ask("GET", url, headers=headers or {"Accept": "application/json"})
        if status != 200:  # noqa: PLR2004 - OK
            raise _UnreachableError(f"{url[:200]} answered with HTTP {status}")
        return _decode(body, kind)

    async def _ask(
        self, method: str, url: str, *, headers: dict[str, str], data: str = ""
    ) -> tuple[int, bytes]:
        if data:
            headers = headers | {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            async with self._http().request(
                method,
                url,
                headers=headers,
                data=data or None,
                timeout=TIMEOUT,
                # Who redirects a request with a secret sends it to somebody else.
                allow_redirects=False,
                ssl=self._tls if self._tls is not None else True,
            ) as answer:
                body = bytearray()
                async for part in answer.content.iter_any():
                    body += part
                    if len(body) > MAX_ANSWER_BYTES:
                        raise _UnreachableError(
                            f"{url[:200]} answered with more than {MAX_ANSWER_BYTES} bytes"
                        )
                return answer.status, bytes(body)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            cause = "no answer in time" if isinstance(error, TimeoutError) else str(error)[:200]
            raise _UnreachableError(f"{url[:200]}: {cause or type(error).__name__}") from error

    def _unreachable(self, cause: str) -> SignInError:
        _log.warning("a provider cannot be asked", provider=self.section.id, error=cause)
        return SignInError(
            f"{self.section.name} cannot be reached by the hub: try again in a moment, or sign in with a password",
            f"the provider cannot be asked: {cause}",
        )

    def _distrust(self, cause: str) -> SignInError:
        _log.warning("a provider's answer is not believed", provider=self.section.id, error=cause)
        return SignInError(
            f"what {self.section.name} sent cannot be trusted: try again, and tell who runs the hub if it stays so",
            cause,
        )


def _with_query(address: str, query: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"


def _decode(body: bytes, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _UnreachableError(f"the answer is not what it must be: {str(error)[:200]}") from error
