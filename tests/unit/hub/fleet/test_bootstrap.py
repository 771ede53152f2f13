"""The cluster that a hub begins with: its agent comes in by a token that was made outside."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from farwatch.hub.app import Hub
from farwatch.hub.fleet import Cluster, Clusters, FleetError, Refusal, TokenState, add_first_cluster
from farwatch.hub.fleet.errors import BootstrapTokenError, ClusterNameError
from farwatch.hub.options import HubOptions
from farwatch.hub.store import DataDirectory
from farwatch.hub.store.records import Records
from farwatch.link.frames import AgentInfo, CloseCode

NOW = 1_800_000_000.0
TOKEN = "fwa_0123456789ab_" + "x" * 43
OTHER = "fwa_ba9876543210_" + "y" * 43


def agent(uid: str = "uid-1") -> AgentInfo:
    return AgentInfo(version="1", instance="pod", role="cluster", cluster_name="", cluster_uid=uid)


async def test_its_agent_comes_in_with_the_token_and_binds_it(records: Records, clusters: Clusters) -> None:
    await add_first_cluster(records, "home", TOKEN, NOW)
    found = await clusters.authenticate(TOKEN, agent())
    assert isinstance(found, Cluster)
    assert (found.name, found.uid) == ("home", "uid-1")
    refused = await clusters.authenticate(TOKEN, agent("uid-2"))
    assert isinstance(refused, Refusal)
    assert refused.code is CloseCode.FOREIGN_CLUSTER


async def test_the_next_start_changes_nothing(records: Records, clusters: Clusters) -> None:
    await add_first_cluster(records, "home", TOKEN, NOW)
    await clusters.authenticate(TOKEN, agent())
    before = await clusters.list(), await clusters.tokens("home")
    await add_first_cluster(records, "home", TOKEN, NOW + 60)
    assert (await clusters.list(), await clusters.tokens("home")) == before


async def test_the_token_is_kept_as_a_hash(records: Records) -> None:
    await add_first_cluster(records, "home", TOKEN, NOW)
    async with records.read() as connection:
        (row,) = (await connection.execute(sa.text("SELECT * FROM cluster_tokens"))).all()
    assert "xxx" not in str(row)


async def test_a_revoked_token_stays_revoked(records: Records, clusters: Clusters) -> None:
    await add_first_cluster(records, "home", TOKEN, NOW)
    await clusters.revoke("home", "0123456789ab")
    await add_first_cluster(records, "home", TOKEN, NOW)
    assert [token.state for token in await clusters.tokens("home")] == [TokenState.REVOKED]


async def test_a_renamed_cluster_keeps_its_name(records: Records, clusters: Clusters) -> None:
    await add_first_cluster(records, "home", TOKEN, NOW)
    await clusters.rename("home", "berlin")
    await add_first_cluster(records, "home", TOKEN, NOW)
    assert [cluster.name for cluster in await clusters.list()] == ["berlin"]


async def test_a_new_token_is_added_to_those_of_a_cluster_that_is_there(
    records: Records, clusters: Clusters
) -> None:
    issued = await clusters.add("home")
    await add_first_cluster(records, "home", TOKEN, NOW)
    assert {token.id for token in await clusters.tokens("home")} == {issued.id, "0123456789ab"}


async def test_a_cluster_that_was_removed_comes_back(records: Records, clusters: Clusters) -> None:
    await add_first_cluster(records, "home", TOKEN, NOW)
    await clusters.remove("home")
    await add_first_cluster(records, "home", TOKEN, NOW)
    assert isinstance(await clusters.authenticate(TOKEN, agent("uid-3")), Cluster)


@pytest.mark.parametrize(
    "token", ["", "secret", "fwo_0123456789ab_" + "x" * 43, TOKEN + "x", "fwt_" + "x" * 43]
)
async def test_what_is_no_agent_token_is_refused_without_showing_it(records: Records, token: str) -> None:
    with pytest.raises(BootstrapTokenError, match="not an agent token: fwa_") as refused:
        await add_first_cluster(records, "home", token, NOW)
    assert "xxx" not in str(refused.value)


async def test_a_token_with_the_id_of_another_is_refused(records: Records, clusters: Clusters) -> None:
    await add_first_cluster(records, "home", TOKEN, NOW)
    with pytest.raises(
        BootstrapTokenError, match="the id 0123456789ab of the bootstrap token is another token's"
    ):
        await add_first_cluster(records, "home", TOKEN.replace("x", "z"), NOW)
    assert isinstance(await clusters.authenticate(TOKEN, agent()), Cluster)


async def test_a_name_that_no_cluster_can_have_is_refused(records: Records) -> None:
    with pytest.raises(ClusterNameError):
        await add_first_cluster(records, "My Home", OTHER, NOW)
    assert issubclass(ClusterNameError, FleetError)


async def test_a_hub_that_cannot_begin_with_its_cluster_has_written_nothing(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("nonsense")
    options = HubOptions(
        data=tmp_path / "data", bootstrap_cluster="home", bootstrap_token_file=tmp_path / "token"
    )
    with capture_logs() as logs, pytest.raises(BootstrapTokenError):
        await Hub.start(options, "https://hub.example")
    assert not (tmp_path / "data").exists()
    assert logs == []


async def test_a_hub_whose_token_is_anothers_has_made_no_user(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    options = HubOptions(
        data=tmp_path / "data", bootstrap_cluster="home", bootstrap_token_file=tmp_path / "token"
    )
    async with opened(options.data) as records:
        await add_first_cluster(records, "home", TOKEN.replace("x", "z"), NOW)
    with pytest.raises(BootstrapTokenError, match="another token's"):
        await Hub.start(options, "https://hub.example")
    async with opened(options.data) as records, records.read() as connection:
        for table in ("users", "api_tokens", "audit_entries"):
            assert (await connection.execute(sa.text(f"SELECT * FROM {table}"))).all() == []  # noqa: S608 - a constant


@asynccontextmanager
async def opened(data: Path) -> AsyncIterator[Records]:
    directory = DataDirectory.claim(data)
    records = await Records.open(directory)
    try:
        yield records
    finally:
        await records.close()
        directory.release()
