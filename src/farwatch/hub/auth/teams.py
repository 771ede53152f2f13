"""Teams: people to whom something is granted together."""

from __future__ import annotations

import re
import secrets as random_source
from collections.abc import Callable, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from farwatch.hub.auth.errors import AuthError
from farwatch.hub.store.records import Records, metadata

MAX_TEAMS = 1_000
MAX_NAME_LENGTH = 64
MAX_DESCRIPTION_LENGTH = 500

teams = sa.Table(
    "teams",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("name", sa.String(MAX_NAME_LENGTH), nullable=False, unique=True),
    sa.Column("description", sa.String(MAX_DESCRIPTION_LENGTH), nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
)
team_members = sa.Table(
    "team_members",
    metadata,
    sa.Column("team_id", sa.ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
)

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9 ._-]*[A-Za-z0-9])?")


class TeamError(AuthError):
    """A team cannot be as it is wanted."""


class TeamExistsError(AuthError):
    """There is a team of this name."""


class TeamNotFoundError(AuthError):
    """No team has this id."""


class MemberNotFoundError(AuthError):
    """Somebody is not in a team."""


class Team(msgspec.Struct, frozen=True, kw_only=True):
    """Some people.

    Attributes:
        id: Its own for good; names may be given again.
        name: What people call it.
        description: What it is for; may be empty.
        created_at: When it was made, seconds since the epoch.
    """

    id: str
    name: str
    description: str = ""
    created_at: float


class Teams:
    """The hub's teams. They are kept in memory, so that a request costs no query."""

    def __init__(self, records: Records, clock: Callable[[], float]) -> None:
        self._records = records
        self._clock = clock
        self._by_id: dict[str, Team] = {}
        self._members: dict[str, set[str]] = {}

    async def load(self) -> None:
        """Read them; before the first request, and when something else than the hub has changed them."""
        async with self._records.read() as connection:
            rows = (await connection.execute(sa.select(teams))).mappings().all()
            members = (await connection.execute(sa.select(team_members))).all()
        self._by_id = {row["id"]: Team(**row) for row in rows}
        self._members = {team_id: set() for team_id in self._by_id}
        for team_id, user_id in members:
            self._members[team_id].add(user_id)

    def list(self) -> list[Team]:
        """Every team, by name."""
        return sorted(self._by_id.values(), key=lambda team: team.name.lower())

    def get(self, team_id: str) -> Team:
        """The team with this id.

        Raises:
            TeamNotFoundError: There is none.
        """
        try:
            return self._by_id[team_id]
        except KeyError:
            raise TeamNotFoundError(
                f"no team has the id {team_id[:40]!r}: GET /api/v1/teams lists them"
            ) from None

    def members(self, team_id: str) -> frozenset[str]:
        """The ids of those who are in a team."""
        return frozenset(self._members.get(team_id, ()))

    def of_user(self, user_id: str) -> Sequence[Team]:
        """The teams that somebody is in, by name."""
        return [team for team in self.list() if user_id in self._members[team.id]]

    async def create(self, name: str, description: str = "") -> Team:
        """Make a team; nobody is in it, and nothing is granted to it.

        Raises:
            TeamError: The name or description cannot be used.
            TeamExistsError: There is a team of this name, or there are too many.
        """
        if len(self._by_id) >= MAX_TEAMS:
            raise TeamExistsError(f"there are {MAX_TEAMS} teams already: remove some first")
        team = Team(
            id=random_source.token_hex(6),
            name=self._read_name(name),
            description=_read_description(description),
            created_at=self._clock(),
        )
        await self._write(sa.insert(teams).values(msgspec.to_builtins(team)), team.name)
        self._by_id[team.id] = team
        self._members[team.id] = set()
        return team

    async def change(self, team_id: str, *, name: str | None = None, description: str | None = None) -> Team:
        """Give a team another name or description; the team afterwards. Raises as ``create`` and ``get`` do."""
        before = self.get(team_id)
        after = msgspec.structs.replace(
            before,
            name=before.name if name is None else self._read_name(name, besides=team_id),
            description=before.description if description is None else _read_description(description),
        )
        statement = sa.update(teams).where(teams.c.id == team_id)
        await self._write(statement.values(name=after.name, description=after.description), after.name)
        self._by_id[team_id] = after
        return after

    async def remove(self, team_id: str) -> Team:
        """Take a team away, with what was granted to it; what it was.

        Raises:
            TeamNotFoundError: There is none with this id.
        """
        team = self.get(team_id)
        async with self._records.begin() as connection:
            await connection.execute(sa.delete(teams).where(teams.c.id == team_id))
        self._by_id.pop(team_id, None)
        self._members.pop(team_id, None)
        return team

    async def add_member(self, team_id: str, user_id: str) -> None:
        """Put somebody into a team; once more changes nothing.

        Raises:
            TeamNotFoundError: There is no such team.
        """
        self.get(team_id)
        if user_id in self._members[team_id]:
            return
        async with self._records.begin() as connection:
            await connection.execute(sa.insert(team_members).values(team_id=team_id, user_id=user_id))
        self._members[team_id].add(user_id)

    async def remove_member(self, team_id: str, user_id: str) -> None:
        """Take somebody out of a team.

        Raises:
            TeamNotFoundError: There is no such team.
            MemberNotFoundError: They are not in it.
        """
        team = self.get(team_id)
        if user_id not in self._members[team_id]:
            raise MemberNotFoundError(f"no user with the id {user_id[:40]!r} is in the team {team.name}")
        this = (team_members.c.team_id == team_id) & (team_members.c.user_id == user_id)
        async with self._records.begin() as connection:
            await connection.execute(sa.delete(team_members).where(this))
        self._members[team_id].discard(user_id)

    def _read_name(self, name: str, besides: str = "") -> str:
        wanted = name.strip()
        if len(wanted) > MAX_NAME_LENGTH or not _NAME.fullmatch(wanted):
            raise TeamError(
                f"team name {name[:80]!r} is not of 1 to {MAX_NAME_LENGTH} letters, digits, spaces and . _ -, with a "
                "letter or digit at both ends"
            )
        folded = wanted.lower()
        if any(team.name.lower() == folded and team.id != besides for team in self._by_id.values()):
            raise TeamExistsError(f"there is a team {wanted!r} already: choose another name")
        return wanted

    async def _write(self, statement: sa.Insert | sa.Update, name: str) -> None:
        try:
            async with self._records.begin() as connection:
                await connection.execute(statement)
        except IntegrityError as error:
            raise TeamExistsError(f"there is a team {name!r} already: choose another name") from error


def _read_description(text: str) -> str:
    wanted = text.strip()
    if len(wanted) > MAX_DESCRIPTION_LENGTH or "\0" in wanted:
        raise TeamError(
            f"the description has {len(wanted)} characters, or one that cannot be kept: {MAX_DESCRIPTION_LENGTH} are "
            "the most"
        )
    return wanted
