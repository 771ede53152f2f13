"""The way back in, from the machine of the hub itself: by its records, whether or not a hub works on them."""

from __future__ import annotations

import secrets as random_source
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from farwatch.hub.auth import secrets
from farwatch.hub.auth.generation import advance_generation
from farwatch.hub.auth.grants import Grants, grant_everything
from farwatch.hub.auth.passwords import Passwords
from farwatch.hub.auth.people import ADMIN
from farwatch.hub.auth.principal import Role
from farwatch.hub.auth.sessions import sessions
from farwatch.hub.auth.teams import Teams
from farwatch.hub.auth.users import LOCAL, User, Users, users
from farwatch.hub.store.directory import DataDirectory
from farwatch.hub.store.errors import DirectoryTakenError, DirectoryUnusableError
from farwatch.hub.store.records import Records


class Reset(NamedTuple):
    """What became of the user ``admin``.

    Attributes:
        password: To be shown once.
        made: Whether there was no such user before.
        sessions: How many sessions have ended.
        beside_hub: Whether a hub may be working, which takes it in within seconds.
    """

    password: str
    made: bool
    sessions: int
    beside_hub: bool


class Admin(NamedTuple):
    """Somebody who is admin everywhere, by themselves or through a team."""

    user: User
    sessions: int


async def reset_admin(where: Path | str, clock: float) -> Reset:
    """Let the user ``admin`` in again: with a new password, enabled, and admin everywhere. Their sessions end.

    Args:
        where: The hub's data directory, or the ``postgresql://`` URL of its records.
        clock: The time, seconds since the epoch.

    Raises:
        StoreError: The records cannot be opened.
    """
    passwords = Passwords()
    password = secrets.mint_password()
    hashed = await passwords.hash(password)
    passwords.close()
    async with _open(where) as (records, beside_hub), records.begin() as connection:
        found = await connection.scalar(sa.select(users.c.id).where(users.c.name == ADMIN))
        user_id = found or random_source.token_hex(6)
        fields = {
            "password": hashed,
            "must_change_password": False,
            "disabled_at": None,
            "provider": LOCAL,
            "subject": None,
        }
        if found is None:
            made = {"id": user_id, "name": ADMIN, "display_name": "", "email": "", "created_at": clock}
            await connection.execute(sa.insert(users).values(made | fields))
        else:
            await connection.execute(sa.update(users).where(users.c.id == user_id).values(fields))
        ended = await connection.execute(sa.delete(sessions).where(sessions.c.user_id == user_id))
        await grant_everything(connection, user_id, by="farwatch admin reset", now=clock)
        await advance_generation(connection)
    return Reset(password, made=found is None, sessions=ended.rowcount, beside_hub=beside_hub)


async def list_admins(where: Path | str, clock: float) -> list[Admin]:
    """Everybody who is admin everywhere, by name.

    Args:
        where: The hub's data directory, or the ``postgresql://`` URL of its records.
        clock: The time, seconds since the epoch.

    Raises:
        StoreError: The records cannot be opened.
    """
    async with _open(where) as (records, _):
        people = Users(records, lambda: clock)
        await people.load()
        grants = Grants(records, Teams(records, lambda: clock), lambda: (), lambda: clock)
        await grants.load()
        async with records.read() as connection:
            live = sa.select(sessions.c.user_id, sa.func.count()).where(sessions.c.expires_at > clock)
            counted = await connection.execute(live.group_by(sessions.c.user_id))
            signed_in: dict[str, int] = {row[0]: row[1] for row in counted}
    return [
        Admin(user, signed_in.get(user.id, 0))
        for user in people.list()
        if any(grant.role is Role.ADMIN and grant.scope.everywhere for grant in grants.of_user(user.id))
    ]


@asynccontextmanager
async def _open(where: Path | str) -> AsyncIterator[tuple[Records, bool]]:
    """The records, and whether a hub may be working on them."""
    if isinstance(where, str):
        records, directory, beside_hub = await Records.attach(where), None, True
    else:
        records, directory, beside_hub = await _open_directory(where)
    try:
        yield records, beside_hub
    finally:
        await records.close()
        if directory is not None:
            directory.release()


async def _open_directory(path: Path) -> tuple[Records, DataDirectory | None, bool]:
    unclaimed = DataDirectory(path)
    if not unclaimed.records.exists():
        raise DirectoryUnusableError(
            f"no hub has kept records in {path}: name its data directory with --data, or its --database"
        )
    try:
        directory = DataDirectory.claim(path)
    except DirectoryTakenError:
        return await Records.attach(unclaimed), None, True
    try:
        return await Records.open(directory), directory, False
    except BaseException:
        directory.release()
        raise
