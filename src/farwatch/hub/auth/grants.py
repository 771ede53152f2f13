"""What users and teams were granted."""

from __future__ import annotations

import asyncio
import hashlib
import secrets as random_source
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from farwatch.hub.auth.errors import AuthError
from farwatch.hub.auth.following import Changes, Followed
from farwatch.hub.auth.principal import EVERYWHERE, Grant, Role, Scope
from farwatch.hub.auth.scopes import GrantError
from farwatch.hub.auth.teams import Team, Teams
from farwatch.hub.store.records import Records, metadata

MAX_GRANTS = 100
"""So many may be held by one user or team."""

role_grants = sa.Table(
    "role_grants",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=True),
    sa.Column("team_id", sa.ForeignKey("teams.id", ondelete="CASCADE"), nullable=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("source", sa.String(63), nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("created_by", sa.String(100), nullable=False),
)

_read_scope = msgspec.json.Decoder(Scope).decode


class GrantNotFoundError(AuthError):
    """Nothing of this id was granted to them."""


class GrantsChangedError(AuthError):
    """Somebody else has changed the grants since they were read."""


class LastAdminError(AuthError):
    """Nobody could manage the hub any more."""


class HolderKind(StrEnum):
    """To whom something may be granted."""

    USER = "user"
    TEAM = "team"


class Holder(NamedTuple):
    """A user, or a team, by its id."""

    kind: HolderKind
    id: str


class HeldGrant(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was granted.

    Attributes:
        id: Names it.
        grant: What.
        source: The identity provider because of whose groups it is held; empty where people granted it.
        created_at: Since when, seconds since the epoch.
        created_by: By whom.
    """

    id: str
    grant: Grant
    source: str = ""
    created_at: float
    created_by: str


class Without(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be taken away: grants, users, teams by id, and pairs of team and member."""

    grants: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    members: frozenset[tuple[str, str]] = frozenset()


class Grants:
    """What every user and team holds. It is kept in memory, so that a request costs no query.

    Args:
        records: Where it is kept.
        teams: Who is in which.
        active_users: Gives the ids of the users who may sign in.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        records: Records,
        teams: Teams,
        active_users: Callable[[], Iterable[str]],
        clock: Callable[[], float],
    ) -> None:
        self.teams = teams
        self._records = records
        self._active_users = active_users
        self._clock = clock
        self._held: dict[Holder, dict[str, HeldGrant]] = {}
        self._changing = asyncio.Lock()

    async def load(self) -> None:
        """Read them, and the teams; before the first request, and when something else than the hub has changed them."""
        await self.teams.load()
        async with self._records.read() as connection:
            ordered = sa.select(role_grants).order_by(role_grants.c.created_at, role_grants.c.id)
            rows = (await connection.execute(ordered)).mappings().all()
        self._held = {}
        for row in rows:
            self._held.setdefault(_holder_of(row), {})[row["id"]] = _to_held(row)

    def held(self, holder: Holder) -> list[HeldGrant]:
        """What was granted to a user or team itself, the oldest first."""
        return list(self._held.get(holder, {}).values())

    def inherited(self, user_id: str) -> list[tuple[Team, HeldGrant]]:
        """What somebody holds because of the teams that they are in."""
        return [
            (team, held)
            for team in self.teams.of_user(user_id)
            for held in self.held(Holder(HolderKind.TEAM, team.id))
        ]

    def of_user(self, user_id: str) -> tuple[Grant, ...]:
        """All that somebody holds, by themselves and through teams."""
        own = [held.grant for held in self.held(Holder(HolderKind.USER, user_id))]
        return (*own, *(held.grant for _, held in self.inherited(user_id)))

    def version(self, holder: Holder) -> str:
        """Tells one state of what somebody holds from others: to be named by who changes it."""
        text = "\n".join(f"{held.id} {_describe(held.grant)}" for held in self.held(holder))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def admins(self, without: Without | None = None) -> set[str]:
        """The ids of the users who may sign in and do everything, or who could if something were taken away."""
        left = without or Without()
        return {
            user_id
            for user_id in self._active_users()
            if user_id not in left.users and any(_is_admin(held) for held in self._left(user_id, left))
        }

    def ensure_admin_remains(self, without: Without) -> None:
        """See to it that something can be taken away.

        Raises:
            LastAdminError: Nobody would be left who may do everything.
        """
        if self.admins() and not self.admins(without):
            raise LastAdminError(
                "nobody would be left who is admin everywhere: grant that to somebody else first"
            )

    async def add(self, holder: Holder, grant: Grant, *, by: str, version: str | None = None) -> HeldGrant:
        """Grant something.

        Args:
            holder: To whom.
            grant: What; checked already.
            by: Who does, for the record.
            version: The ``version`` that they have seen; None: it does not matter to them.

        Raises:
            GrantError: They hold it already, or too much.
            GrantsChangedError: It is another version by now.
        """
        async with self._change(holder, version) as held:
            if any(own.grant == grant and not own.source for own in held.values()):
                raise GrantError("this is granted to them already")
            if len(held) >= MAX_GRANTS:
                raise GrantError(f"they hold {len(held)} grants: {MAX_GRANTS} are the most")
            made = self._make(grant, by=by)
            async with self._records.begin() as connection:
                await connection.execute(sa.insert(role_grants).values(_to_row(holder, made)))
            held[made.id] = made
        return made

    async def change(
        self, holder: Holder, grant_id: str, grant: Grant, *, version: str | None = None
    ) -> HeldGrant:
        """Have something granted be something else.

        Raises:
            GrantNotFoundError: They hold nothing of this id, or hold it because of a provider's groups.
            GrantsChangedError: It is another version by now.
            LastAdminError: Nobody could manage the hub any more.
        """
        async with self._change(holder, version) as held:
            after = msgspec.structs.replace(_find(held, grant_id), grant=grant)
            if not _is_admin(after):
                self.ensure_admin_remains(Without(grants=frozenset({grant_id})))
            values = {"role": grant.role.value, "scope": _write_scope(grant.scope)}
            async with self._records.begin() as connection:
                await connection.execute(
                    sa.update(role_grants).where(role_grants.c.id == grant_id).values(values)
                )
            held[grant_id] = after
        return after

    async def remove(self, holder: Holder, grant_id: str, *, version: str | None = None) -> HeldGrant:
        """Take something granted back; what it was. Raises as ``change`` does."""
        async with self._change(holder, version) as held:
            found = _find(held, grant_id)
            self.ensure_admin_remains(Without(grants=frozenset({grant_id})))
            async with self._records.begin() as connection:
                await connection.execute(sa.delete(role_grants).where(role_grants.c.id == grant_id))
            held.pop(grant_id, None)
        return found

    async def sync(self, user_id: str, source: str, grants: Collection[Grant]) -> None:
        """Let somebody hold exactly these because of an identity provider's groups, beside what people granted them.

        Args:
            user_id: Who.
            source: The provider's id.
            grants: What those of their groups hold.
        """
        holder = Holder(HolderKind.USER, user_id)
        async with self._change(holder, None) as held:
            before = {key: own for key, own in held.items() if own.source == source}
            gone = [key for key, own in before.items() if own.grant not in grants]
            known = [own.grant for key, own in before.items() if key not in gone]
            new = [self._make(grant, by=source, source=source) for grant in grants if grant not in known]
            if not gone and not new:
                return
            async with self._records.begin() as connection:
                await connection.execute(sa.delete(role_grants).where(role_grants.c.id.in_(gone)))
                for made in new:
                    await connection.execute(sa.insert(role_grants).values(_to_row(holder, made)))
            for key in gone:
                held.pop(key, None)
            held.update({made.id: made for made in new})

    @asynccontextmanager
    async def follow(self, old: str, new: str | None) -> AsyncIterator[Changes]:
        """Have grants follow a cluster to its new name, or end with it, as ``Following.follow`` says."""
        async with self._changing:
            changes = [
                (holder, own, after)
                for holder, held in self._held.items()
                for own in held.values()
                if (after := own.grant.following(old, new)) != own.grant
            ]

            async def write(connection: AsyncConnection) -> None:
                for _, own, after in changes:
                    this = role_grants.c.id == own.id
                    if after is None:
                        await connection.execute(sa.delete(role_grants).where(this))
                    else:
                        scope = _write_scope(after.scope)
                        await connection.execute(sa.update(role_grants).where(this).values(scope=scope))

            yield Changes([Followed(*holder, own.grant, after) for holder, own, after in changes], write)
            for holder, own, after in changes:
                if after is None:
                    self._held[holder].pop(own.id, None)
                else:
                    self._held[holder][own.id] = msgspec.structs.replace(own, grant=after)

    async def remove_team(self, team_id: str) -> Team:
        """Take a team away, with what was granted to it.

        Raises:
            TeamNotFoundError: There is none with this id.
            LastAdminError: Nobody could manage the hub any more.
        """
        async with self._changing:
            self.teams.get(team_id)
            self.ensure_admin_remains(Without(teams=frozenset({team_id})))
            team = await self.teams.remove(team_id)
            self._held.pop(Holder(HolderKind.TEAM, team_id), None)
        return team

    async def remove_member(self, team_id: str, user_id: str) -> None:
        """Take somebody out of a team.

        Raises:
            TeamNotFoundError: There is no such team.
            MemberNotFoundError: They are not in it.
            LastAdminError: Nobody could manage the hub any more.
        """
        async with self._changing:
            self.ensure_admin_remains(Without(members=frozenset({(team_id, user_id)})))
            await self.teams.remove_member(team_id, user_id)

    async def ensure_admin(self, user_id: str) -> None:
        """Make somebody admin of everything, if nobody is: a hub that has just got its first user, or lost its last."""
        if not self.admins():
            await self.add(Holder(HolderKind.USER, user_id), Grant(Role.ADMIN), by="first start")

    @asynccontextmanager
    async def _change(self, holder: Holder, version: str | None) -> AsyncIterator[dict[str, HeldGrant]]:
        async with self._changing:
            if version is not None and version != self.version(holder):
                raise GrantsChangedError(
                    "somebody else has changed these grants since they were read: read them again"
                )
            yield self._held.setdefault(holder, {})

    def _left(self, user_id: str, without: Without) -> Iterator[HeldGrant]:
        """What somebody would hold without something."""
        found = self.held(Holder(HolderKind.USER, user_id))
        for team, held in self.inherited(user_id):
            if team.id not in without.teams and (team.id, user_id) not in without.members:
                found.append(held)
        return (held for held in found if held.id not in without.grants)

    def _make(self, grant: Grant, *, by: str, source: str = "") -> HeldGrant:
        return HeldGrant(
            id=random_source.token_hex(6),
            grant=grant,
            source=source,
            created_at=self._clock(),
            created_by=by[:100],
        )


async def grant_everything(connection: AsyncConnection, user_id: str, *, by: str, now: float) -> None:
    """Make somebody admin of everything, while no hub runs, or beside one that reads it again afterwards."""
    made = HeldGrant(id=random_source.token_hex(6), grant=Grant(Role.ADMIN), created_at=now, created_by=by)
    row = _to_row(Holder(HolderKind.USER, user_id), made)
    same = sa.and_(*(role_grants.c[name] == row[name] for name in ("user_id", "role", "scope", "source")))
    if await connection.scalar(sa.select(role_grants.c.id).where(same)) is None:
        await connection.execute(sa.insert(role_grants).values(row))


def _find(held: Mapping[str, HeldGrant], grant_id: str) -> HeldGrant:
    found = held.get(grant_id)
    if found is None:
        raise GrantNotFoundError(f"nothing of the id {grant_id[:40]!r} was granted to them")
    if found.source:
        raise GrantNotFoundError(
            f"this is held because of a group of the provider {found.source}: take it away there"
        )
    return found


def _is_admin(held: HeldGrant) -> bool:
    return held.grant.role is Role.ADMIN and held.grant.scope == EVERYWHERE


def _describe(grant: Grant) -> str:
    return f"{grant.role} {_write_scope(grant.scope)}"


def _write_scope(scope: Scope) -> str:
    return msgspec.json.encode(scope, order="deterministic").decode()


def _holder_of(row: Mapping[Any, Any]) -> Holder:
    if row["user_id"] is not None:
        return Holder(HolderKind.USER, row["user_id"])
    return Holder(HolderKind.TEAM, row["team_id"])


def _to_held(row: Mapping[Any, Any]) -> HeldGrant:
    return HeldGrant(
        id=row["id"],
        grant=Grant(Role(row["role"]), _read_scope(row["scope"])),
        source=row["source"],
        created_at=row["created_at"],
        created_by=row["created_by"],
    )


def _to_row(holder: Holder, held: HeldGrant) -> dict[str, Any]:
    return {
        "id": held.id,
        "user_id": holder.id if holder.kind is HolderKind.USER else None,
        "team_id": holder.id if holder.kind is HolderKind.TEAM else None,
        "role": held.grant.role.value,
        "scope": _write_scope(held.grant.scope),
        "source": held.source,
        "created_at": held.created_at,
        "created_by": held.created_by,
    }
