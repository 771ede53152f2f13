"""Sessions: how somebody who signed in is known again."""

from __future__ import annotations

import secrets as random_source
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from farwatch.hub.auth import secrets
from farwatch.hub.auth.errors import SessionNotFoundError
from farwatch.hub.auth.users import LOCAL
from farwatch.hub.store.records import Records, metadata

MAX_SESSIONS_OF_USER = 50
"""Beyond it, the one that was not seen for longest ends."""

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("provider", sa.String(63), nullable=False),
    sa.Column("address", sa.String(64), nullable=False),
    sa.Column("user_agent", sa.String(300), nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("seen_at", sa.Float, nullable=False),
    sa.Column("expires_at", sa.Float, nullable=False),
)


class SessionSettings(msgspec.Struct, frozen=True):
    """How long sessions last.

    Attributes:
        idle_seconds: For how long after the last request.
        longest_seconds: For how long after signing in, whatever is asked.
    """

    idle_seconds: float = 12 * 3600.0
    longest_seconds: float = 7 * 24 * 3600.0


class Session(msgspec.Struct, kw_only=True):
    """Somebody who signed in, on one device. Times are seconds since the epoch.

    Attributes:
        id: For lists; it opens nothing.
        digest: The hash of the secret that opens it.
        user_id: Whose it is.
        provider: Who vouched for them.
        address: From where they signed in.
        user_agent: With what, in its own words.
        created_at: When they signed in.
        seen_at: When they asked for something last.
        expires_at: When it ends, whatever they ask for.
    """

    id: str
    digest: str
    user_id: str
    provider: str
    address: str
    user_agent: str
    created_at: float
    seen_at: float
    expires_at: float


class Sessions:
    """Everybody who is signed in.

    They are kept in memory by the hash of their secret: a request costs one hash and no query. When they were last
    seen is written from time to time, and at the end; a hub that was killed has forgotten up to half a minute of it.
    """

    def __init__(
        self, records: Records, clock: Callable[[], float], settings: SessionSettings | None = None
    ) -> None:
        self.settings = settings or SessionSettings()
        self._records = records
        self._clock = clock
        self._by_digest: dict[str, Session] = {}
        self._of_user: dict[str, dict[str, Session]] = {}
        self._seen: set[str] = set()
        self._ended: set[str] = set()
        self._tell_expired: Callable[[Session], Awaitable[None]] | None = None

    def subscribe_expired(self, told: Callable[[Session], Awaitable[None]]) -> None:
        """Have somebody told of each session that ends because its time is over."""
        self._tell_expired = told

    async def load(self) -> None:
        """Read them; before the first request, and when something else than the hub has changed them."""
        async with self._records.read() as connection:
            rows = await connection.execute(sa.select(sessions).where(sessions.c.expires_at > self._clock()))
            found = [_to_session(row) for row in rows.mappings()]
        self._by_digest.clear()
        self._of_user.clear()
        for session in found:
            if session.id not in self._ended:
                self._keep(session)

    async def open(
        self, user_id: str, *, address: str = "", user_agent: str = "", provider: str = LOCAL
    ) -> tuple[Session, str]:
        """Let somebody in; the secret is in the answer and nowhere else afterwards."""
        now = self._clock()
        secret = secrets.mint("fws")
        session = Session(
            id=random_source.token_hex(6),
            digest=secrets.digest(secret),
            user_id=user_id,
            provider=provider,
            address=address[:64],
            user_agent=user_agent[:300],
            created_at=now,
            seen_at=now,
            expires_at=now + self.settings.longest_seconds,
        )
        async with self._records.begin() as connection:
            await connection.execute(sa.insert(sessions).values(msgspec.to_builtins(session)))
        self._keep(session)
        oldest_first = sorted(self._of_user[user_id].values(), key=lambda each: each.seen_at)
        await self._end([each for each in oldest_first[:-MAX_SESSIONS_OF_USER] if each is not session])
        return session, secret

    def find(self, secret: str) -> Session | None:
        """The session that a secret opens, which counts as seen; None if there is none, or it has expired."""
        session = self._by_digest.get(secrets.digest(secret))
        if session is None:
            return None
        now = self._clock()
        if self.ends_at(session) <= now:
            return None
        if now > session.seen_at:
            session.seen_at = now
            self._seen.add(session.digest)
        return session

    def ends_at(self, session: Session) -> float:
        """When it ends if nothing more is asked, seconds since the epoch."""
        return min(session.expires_at, session.seen_at + self.settings.idle_seconds)

    @property
    def count(self) -> int:
        """How many there are; some that have expired may still be among them."""
        return len(self._by_digest)

    def of_user(self, user_id: str) -> list[Session]:
        """Somebody's sessions, the one seen last first."""
        now = self._clock()
        live = [each for each in self._of_user.get(user_id, {}).values() if self.ends_at(each) > now]
        return sorted(live, key=lambda each: each.seen_at, reverse=True)

    async def end(self, user_id: str, session_id: str) -> None:
        """End one of somebody's sessions, at once.

        Raises:
            SessionNotFoundError: They have none with this id.
        """
        session = self._of_user.get(user_id, {}).get(session_id)
        if session is None:
            raise SessionNotFoundError(f"you have no session with the id {session_id[:40]!r}")
        await self._end([session])

    async def end_all(self, user_id: str, but: str = "") -> int:
        """End all of somebody's sessions, at once; how many there were.

        Args:
            user_id: Whose.
            but: The id of one that goes on.
        """
        ending = [each for each in self._of_user.get(user_id, {}).values() if each.id != but]
        await self._end(ending)
        return len(ending)

    async def _end(self, ending: Iterable[Session]) -> None:
        """They are worthless from here on; what cannot be deleted now is tried again."""
        for session in ending:
            self._forget(session)
            self._ended.add(session.id)
        await self._delete_ended()

    async def flush(self) -> None:
        """Keep when sessions were last seen, and let go of what has expired."""
        now = self._clock()
        expired = [each for each in self._by_digest.values() if self.ends_at(each) <= now]
        for session in expired:
            self._forget(session)
            self._ended.add(session.id)
        await self._delete_ended()
        if self._tell_expired is not None:
            for session in expired:
                await self._tell_expired(session)
        seen, self._seen = self._seen, set()
        rows = [
            {"key": digest, "seen": self._by_digest[digest].seen_at}
            for digest in seen
            if digest in self._by_digest
        ]
        if not rows:
            return
        statement = (
            sa.update(sessions)
            .where(sessions.c.digest == sa.bindparam("key"))
            .values(seen_at=sa.bindparam("seen"))
        )
        try:
            async with self._records.begin() as connection:
                await connection.execute(statement, rows)
        except BaseException:
            self._seen |= seen
            raise

    async def _delete_ended(self) -> None:
        if not self._ended:
            return
        ids = sorted(self._ended)
        async with self._records.begin() as connection:
            for first in range(0, len(ids), 500):
                await connection.execute(
                    sa.delete(sessions).where(sessions.c.id.in_(ids[first : first + 500]))
                )
        self._ended.difference_update(ids)

    def _keep(self, session: Session) -> None:
        self._by_digest[session.digest] = session
        self._of_user.setdefault(session.user_id, {})[session.id] = session

    def _forget(self, session: Session) -> None:
        self._by_digest.pop(session.digest, None)
        self._seen.discard(session.digest)
        own = self._of_user.get(session.user_id, {})
        own.pop(session.id, None)
        if not own:
            self._of_user.pop(session.user_id, None)


def _to_session(row: Mapping[Any, Any]) -> Session:
    return Session(**dict(row))
