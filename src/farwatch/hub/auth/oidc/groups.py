"""The groups in which people's providers say that they are, and what they hold by them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa
import structlog

from farwatch.hub.auth.grants import Grants, Holder, HolderKind
from farwatch.hub.auth.oidc.settings import ProviderSection
from farwatch.hub.auth.policy import describe
from farwatch.hub.store.records import Records, metadata

user_groups = sa.Table(
    "sso_user_groups",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("provider", sa.String(63), nullable=False),
    sa.Column("groups", sa.Text, nullable=False),
    sa.Column("seen_at", sa.Float, nullable=False),
)
"""So that another file holds from the next start on, and not only from the next time that somebody signs in."""

_log = structlog.get_logger(__name__)


class Change(msgspec.Struct, frozen=True):
    """What somebody holds by their groups now that they did not hold before, and the other way round; in words."""

    gained: list[str]
    lost: list[str]

    def __bool__(self) -> bool:
        return bool(self.gained or self.lost)


class ProviderGroups:
    """Who was in which groups when they signed in last, and that they hold what these hold by the file.

    A team that the file names is filled by the provider: its users are in it by their groups alone.

    Args:
        records: Where the groups are kept.
        providers: The providers by their ids.
        grants: Where it is kept what people hold, and who is in which team.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        records: Records,
        providers: Mapping[str, ProviderSection],
        grants: Grants,
        clock: Callable[[], float],
    ) -> None:
        self._records = records
        self._providers = providers
        self._grants = grants
        self._clock = clock

    async def apply_file(self, users: Iterable[str]) -> None:
        """Have everybody hold what the file says now; once, before the first request.

        Args:
            users: The ids of all users. What they hold by a provider that is not in the file any more, they lose.
        """
        for user_id in users:
            held = self._grants.held(Holder(HolderKind.USER, user_id))
            for source in {each.source for each in held} - self._providers.keys() - {""}:
                await self._grants.sync(user_id, source, ())
        async with self._records.read() as connection:
            rows = (await connection.execute(sa.select(user_groups))).all()
        for row in rows:
            section = self._providers.get(row.provider)
            if section is not None:
                groups = frozenset(msgspec.json.decode(row.groups, type=list[str]))
                await self._apply(row.user_id, section, groups)

    async def put(self, user_id: str, section: ProviderSection, groups: frozenset[str]) -> Change:
        """Have somebody be in these groups and no others."""
        row: dict[str, Any] = {
            "user_id": user_id,
            "provider": section.id,
            "groups": msgspec.json.encode(sorted(groups)).decode(),
            "seen_at": self._clock(),
        }
        async with self._records.begin() as connection:
            await connection.execute(sa.delete(user_groups).where(user_groups.c.user_id == user_id))
            await connection.execute(sa.insert(user_groups).values(row))
        return await self._apply(user_id, section, groups)

    async def _apply(self, user_id: str, section: ProviderSection, groups: frozenset[str]) -> Change:
        before = self._describe(user_id, section)
        await self._grants.sync(user_id, section.id, section.grants(groups))
        await self._fill_teams(user_id, section, groups)
        after = self._describe(user_id, section)
        return Change(sorted(after - before), sorted(before - after))

    async def _fill_teams(self, user_id: str, section: ProviderSection, groups: frozenset[str]) -> None:
        teams = self._grants.teams
        by_name = {team.name: team.id for team in teams.list()}
        wanted = section.teams(groups)
        for name in sorted(section.all_teams()):
            team_id = by_name.get(name)
            if team_id is None:
                _log.warning(
                    "a provider's groups lead to a team that is not there", team=name, provider=section.id
                )
            elif name in wanted:
                await teams.add_member(team_id, user_id)
            elif user_id in teams.members(team_id):
                # Whoever left the group leaves the team, also the last admin: `farwatch admin reset` brings one back.
                await teams.remove_member(team_id, user_id)

    def _describe(self, user_id: str, section: ProviderSection) -> set[str]:
        held = self._grants.held(Holder(HolderKind.USER, user_id))
        named = section.all_teams()
        teams = {f"team {team.name}" for team in self._grants.teams.of_user(user_id) if team.name in named}
        return {describe(each.grant) for each in held if each.source == section.id} | teams
