"""Signing in through an identity provider: from the button to a session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import aiohttp
import structlog

from farwatch.hub.audit import ANONYMOUS, Action, Actor, ActorKind, Audit, Result, Source, Target
from farwatch.hub.auth.errors import AuthError
from farwatch.hub.auth.login import Client
from farwatch.hub.auth.oidc.attempts import Attempt, Attempts, cookie_of
from farwatch.hub.auth.oidc.claims import Identity
from farwatch.hub.auth.oidc.errors import ProviderUnknownError, SignInError
from farwatch.hub.auth.oidc.groups import ProviderGroups
from farwatch.hub.auth.oidc.provider import Provider
from farwatch.hub.auth.oidc.settings import ProviderSection
from farwatch.hub.auth.people import People
from farwatch.hub.auth.users import User

PATH = "/api/v1/session/sso"

_log = structlog.get_logger(__name__)


class Departure(NamedTuple):
    """Where somebody's browser goes to sign in, and the cookie that it takes along."""

    url: str
    cookie: str
    value: str


class Arrival(NamedTuple):
    """Somebody came back and is signed in."""

    secret: str
    next: str
    cookie: str


class Sso:
    """The identity providers of a hub.

    Args:
        sections: What the file says of them.
        external_url: The hub's address as people reach it.
        groups: Who is in which groups.
        audit: Where it is written down who came, and who could not.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        sections: Iterable[ProviderSection],
        external_url: str,
        groups: ProviderGroups,
        audit: Audit,
        clock: Callable[[], float],
    ) -> None:
        self._http: aiohttp.ClientSession | None = None
        self._groups = groups
        self._audit = audit
        self._clock = clock
        self._attempts = Attempts(clock)
        self.external_url = external_url
        self.providers = {
            section.id: Provider(
                section, f"{external_url}{PATH}/{section.id}/callback", self._open_http, clock
            )
            for section in sections
        }

    async def stop(self) -> None:
        """Close the connections to the providers."""
        if self._http is not None:
            await self._http.close()

    def find(self, provider_id: str) -> Provider:
        """The provider with this id.

        Raises:
            ProviderUnknownError: There is none.
        """
        try:
            return self.providers[provider_id]
        except KeyError:
            raise ProviderUnknownError(
                f"there is no identity provider {provider_id[:40]!r}: GET /api/v1/session/options lists them"
            ) from None

    async def depart(self, provider_id: str, next_page: str) -> Departure:
        """Begin a sign-in.

        Raises:
            ProviderUnknownError: There is no such provider.
            SignInError: It cannot be reached.
        """
        provider = self.find(provider_id)
        attempt, value = self._attempts.begin(provider_id, next_page)
        url = await provider.begin(state=attempt.state, nonce=attempt.nonce, challenge=attempt.challenge)
        return Departure(url, attempt.cookie, value)

    async def arrive(
        self,
        provider_id: str,
        query: Mapping[str, str],
        cookies: Mapping[str, str],
        people: People,
        client: Client,
        *,
        former: str = "",
    ) -> Arrival:
        """Finish a sign-in, and write down how it ended.

        Args:
            provider_id: Whence somebody comes back.
            query: What they bring along: ``state``, and ``code`` or ``error``.
            cookies: Those of their browser.
            people: Where they become, or are, a user.
            client: Where the request is from.
            former: The secret of the session that this browser has; it ends.

        Raises:
            ProviderUnknownError: There is no such provider.
            SignInError: They cannot be signed in.
            AuditNotKeptError: It cannot be written down, and nobody is signed in.
        """
        provider = self.find(provider_id)
        state = query.get("state", "")
        who = ANONYMOUS
        try:
            attempt = self._take(provider_id, state, cookies)
            identity = await self._identify(provider, attempt, query)
            who = Actor(kind=ActorKind.ANONYMOUS, name=identity.email or identity.username)
            user = await self._welcome(provider.section, identity, people)
        except SignInError as error:
            await self._note(provider_id, who, client, result=Result.DENIED, reason=error.cause)
            raise
        arrival = await self._let_in(provider_id, user, attempt, people, client)
        left = people.of_session(former) if former else None
        if left is not None:
            await people.sessions.end(left[1].id, left[2].id)
        return arrival

    def _take(self, provider_id: str, state: str, cookies: Mapping[str, str]) -> Attempt:
        attempt = self._attempts.take(provider_id, state, cookies.get(cookie_of(state), ""))
        if attempt is None:
            raise SignInError(
                "this sign-in was begun in another browser, too long ago, or was finished before: begin again",
                "no such attempt",
            )
        return attempt

    async def _identify(self, provider: Provider, attempt: Attempt, query: Mapping[str, str]) -> Identity:
        name = provider.section.name
        if query.get("error") == "access_denied":
            raise SignInError(f"{name} did not let you in, or you did not want to go on", "access_denied")
        if "error" in query:
            told = f"{query['error'][:80]} {query.get('error_description', '')[:300]}".strip()
            raise SignInError(f"{name} could not sign you in: try again", f"the provider says: {told}")
        if not query.get("code"):
            raise SignInError(f"{name} sent you back without a code: try again", "no code")
        return await provider.identify(
            query["code"], verifier=attempt.verifier, nonce=attempt.nonce, issuer=query.get("iss")
        )

    async def _welcome(self, section: ProviderSection, identity: Identity, people: People) -> User:
        """The user that somebody is, in the groups in which they are now.

        Raises:
            SignInError: They are not let in.
        """
        _check_domain(section, identity)
        known = people.users.find_external(section.id, identity.subject)
        if known is None and not section.auto_create:
            raise SignInError(
                f"{section.name} knows you, and this hub does not: ask who manages its users to add you",
                "unknown user, and auto_create is off",
            )
        if known is not None and known.disabled_at is not None:
            raise SignInError(
                f"the user {known.name} is disabled: ask who manages users", "the user is disabled"
            )
        try:
            user = await people.users.ensure_external(
                section.id,
                identity.subject,
                name=identity.username,
                display_name=identity.display_name,
                email=identity.email,
            )
        except AuthError as error:
            raise SignInError(f"you cannot become a user of this hub: {error}") from error
        if known is None:
            await self._audit.record(
                Action.USER_CREATE,
                target=Target(kind="user", id=user.id, name=user.name),
                provider=section.id,
                subject=identity.subject,
            )
        await self._put_groups(section, user, identity)
        return user

    async def _put_groups(self, section: ProviderSection, user: User, identity: Identity) -> None:
        """A group that somebody left gives them nothing any more; neither does a provider that is silent about groups."""
        change = await self._groups.put(user.id, section, identity.groups or frozenset())
        if change:
            await self._audit.record(
                Action.GRANT_CHANGE,
                target=Target(kind="user", id=user.id, name=user.name),
                provider=section.id,
                gained=change.gained or None,
                lost=change.lost or None,
            )

    async def _let_in(
        self, provider_id: str, user: User, attempt: Attempt, people: People, client: Client
    ) -> Arrival:
        await people.users.change(user.id, last_login_at=self._clock())
        session, secret = await people.sessions.open(
            user.id, address=client.address, user_agent=client.user_agent, provider=provider_id
        )
        actor = Actor(kind=ActorKind.USER, id=user.id, name=user.name, session=session.id)
        try:
            await self._note(provider_id, actor, client, target=Target(kind="session", id=session.id))
        except BaseException:
            # Nobody is in of whom it is not written down; nobody has the secret yet.
            await asyncio.shield(people.sessions.end(user.id, session.id))
            raise
        return Arrival(secret, attempt.next, attempt.cookie)

    async def _note(
        self,
        provider_id: str,
        actor: Actor,
        client: Client,
        *,
        result: Result = Result.OK,
        target: Target | None = None,
        reason: str = "",
    ) -> None:
        await self._audit.record(
            Action.SESSION_CREATE,
            actor=actor,
            source=Source(address=client.address, user_agent=client.user_agent[:200]),
            target=target or Target(kind="session"),
            result=result,
            provider=provider_id,
            reason=reason,
        )

    def _open_http(self) -> aiohttp.ClientSession:
        """Opened when it is first needed, and inside the loop."""
        if self._http is None:
            self._http = aiohttp.ClientSession(trust_env=True)
        return self._http


def _check_domain(section: ProviderSection, identity: Identity) -> None:
    allowed = {domain.lower() for domain in section.allowed_domains}
    if not allowed:
        return
    if not identity.email_verified:
        raise SignInError(
            f"{section.name} does not say that your e-mail address is yours (email_verified): ask who runs it",
            "the e-mail address is not verified",
        )
    domain = identity.email.lower().rpartition("@")[2]
    if domain not in allowed:
        raise SignInError(
            f"addresses of {domain or 'nowhere'} are not let in here: sign in at {section.name} with another account",
            f"the domain {domain} is not allowed",
        )
