"""The way back in, from the hub's own machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from argon2 import PasswordHasher

from farwatch.hub.auth.administration import list_admins, reset_admin
from farwatch.hub.auth.grants import Grants, Holder, HolderKind
from farwatch.hub.auth.login import Client
from farwatch.hub.auth.passwords import Passwords
from farwatch.hub.auth.people import People
from farwatch.hub.auth.teams import Teams
from farwatch.hub.store.directory import DataDirectory
from farwatch.hub.store.errors import StoreError
from farwatch.hub.store.records import Records

NOW = 1_800_000_000.0
HERE = Client("192.0.2.1", "a browser")


def make_people(records: Records) -> People:
    teams = Teams(records, lambda: NOW)
    grants = Grants(records, teams, lambda: (user.id for user in people.users.list()), lambda: NOW)
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    people = People(records, grants, lambda: NOW, passwords=cheap)
    return people


class RunningHub:
    """As much of a hub as holds its records."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def __aenter__(self) -> People:
        self._directory = DataDirectory.claim(self._path)
        self._records = await Records.open(self._directory)
        self.people = make_people(self._records)
        await self.people.load()
        return self.people

    async def __aexit__(self, *_: object) -> None:
        await self.people.stop()
        await self._records.close()
        self._directory.release()


async def test_a_stopped_hubs_admin_gets_in_with_the_new_password_alone(tmp_path: Path) -> None:
    async with RunningHub(tmp_path) as people:
        first = (await people.let_in(None, None)).password
        assert first is not None
        await people.login.sign_in("admin", first, HERE)

    done = await reset_admin(tmp_path, NOW)

    assert (done.made, done.sessions, done.beside_hub) == (False, 1, False)
    async with RunningHub(tmp_path) as people:
        user, _, _ = await people.login.sign_in("admin", done.password, HERE)
        assert [each.id for each in people.sessions.of_user(user.id)] != []
        with pytest.raises(Exception, match="do not go together"):
            await people.login.sign_in("admin", first, HERE)
        assert await people.take_in_resets() == 1
        await people.note_resets()
    async with RunningHub(tmp_path) as people:
        assert await people.take_in_resets() == 0


async def test_a_running_hub_takes_the_reset_in_when_it_looks(tmp_path: Path) -> None:
    async with RunningHub(tmp_path) as people:
        first = (await people.let_in(None, None)).password
        assert first is not None
        admin, _, secret = await people.login.sign_in("admin", first, HERE)
        await people.users.change(admin.id, disabled_at=NOW)
        (held,) = people.grants.held(Holder(HolderKind.USER, admin.id))  # type: ignore[attr-defined]
        other = await people.users.create("ada")
        await people.grants.ensure_admin(other.id)

        done = await reset_admin(tmp_path, NOW)

        assert done.beside_hub
        assert await people.take_in_resets() == 1
        assert people.of_session(secret) is None
        user, _, _ = await people.login.sign_in("admin", done.password, HERE)
        assert user.disabled_at is None
        assert people.grants.of_user(user.id) == (held.grant,)


async def test_an_admin_who_is_gone_is_made_anew(tmp_path: Path) -> None:
    async with RunningHub(tmp_path) as people:
        await people.let_in(None, None)
        admin = people.users.find("admin")
        assert admin is not None
        await people.remove(admin)
    assert await list_admins(tmp_path, NOW) == []

    done = await reset_admin(tmp_path, NOW)

    assert done.made
    ((user, sessions),) = await list_admins(tmp_path, NOW)
    assert (user.name, sessions) == ("admin", 0)


async def test_a_directory_without_a_hubs_records_is_left_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no hub has kept records in .*name its data directory with --data"):
        await reset_admin(tmp_path / "nope", NOW)
    assert not (tmp_path / "nope").exists()


async def test_records_of_another_version_are_left_alone_while_a_hub_runs(tmp_path: Path) -> None:
    async with RunningHub(tmp_path) as people:
        async with people._records.begin() as connection:
            await connection.exec_driver_sql(
                "UPDATE alembic_version SET version_num = 'auth_9999' WHERE version_num = 'auth_0003'"
            )
        with pytest.raises(StoreError, match="is of another version of Farwatch"):
            await reset_admin(tmp_path, NOW)
