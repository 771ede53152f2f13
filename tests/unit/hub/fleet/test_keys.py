"""Organisation keys: which clusters they let in, under which name, and what they give them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from farwatch.hub.fleet import (
    Cluster,
    ClusterLabelError,
    Clusters,
    KeyNotFoundError,
    KeyPatternError,
    Refusal,
)
from farwatch.hub.fleet.clusters import Sighting
from farwatch.hub.store.directory import DataDirectory
from farwatch.hub.store.records import Records
from farwatch.link.frames import AgentInfo, CloseCode


async def admit(clusters: Clusters, secret: str, name: str = "prod", uid: str = "uid-1") -> Cluster | Refusal:
    said = AgentInfo(version="1", instance="i", role="cluster", cluster_name=name, cluster_uid=uid)
    return await clusters.authenticate(secret, said)


async def admitted(clusters: Clusters, secret: str, name: str = "prod", uid: str = "uid-1") -> Cluster:
    found = await admit(clusters, secret, name, uid)
    assert isinstance(found, Cluster), found
    return found


async def refused(clusters: Clusters, secret: str, name: str = "prod", uid: str = "uid-1") -> Refusal:
    found = await admit(clusters, secret, name, uid)
    assert isinstance(found, Refusal), found
    return found


async def test_a_key_registers_clusters_by_their_names_and_gives_them_its_labels(clusters: Clusters) -> None:
    key = await clusters.keys.create("fleet", labels={"env": "prod"})
    await admitted(clusters, key.secret, "prod-1", "uid-1")
    await admitted(clusters, key.secret, "prod-2", "uid-2")
    found = await clusters.list()
    assert [(one.name, one.uid, one.labels, one.registered_by) for one in found] == [
        ("prod-1", "uid-1", {"env": "prod"}, key.key.id),
        ("prod-2", "uid-2", {"env": "prod"}, key.key.id),
    ]
    assert all(one.last_seen for one in found)


async def test_a_cluster_that_it_registered_comes_back_as_the_same(clusters: Clusters) -> None:
    key = await clusters.keys.create("fleet", labels={"env": "prod"})
    await admitted(clusters, key.secret)
    await clusters.label("prod", {"env": "staging"})
    assert (await admitted(clusters, key.secret)).labels == {"env": "staging"}
    assert len(await clusters.list()) == 1


async def test_a_second_cluster_of_the_same_name_is_refused_with_the_reason(clusters: Clusters) -> None:
    key = await clusters.keys.create("fleet")
    await admitted(clusters, key.secret, "prod", "uid-1")
    refusal = await refused(clusters, key.secret, "prod", "uid-2")
    assert refusal.code is CloseCode.FOREIGN_CLUSTER
    assert "clusterName is that of cluster 'prod', which is another cluster" in refusal.reason
    assert "kube-system UID uid-1, here uid-2" in refusal.reason
    assert (await clusters.get("prod")).uid == "uid-1"


async def test_of_several_clusters_that_come_with_one_name_at_once_one_has_it(clusters: Clusters) -> None:
    key = await clusters.keys.create("fleet")
    came = await asyncio.gather(
        *(admit(clusters, key.secret, "prod", f"uid-{number}") for number in range(6))
    )
    (one,) = (found for found in came if isinstance(found, Cluster))
    refusals = [found for found in came if isinstance(found, Refusal)]
    assert {refusal.code for refusal in refusals} == {CloseCode.FOREIGN_CLUSTER}
    assert [(cluster.name, cluster.uid) for cluster in await clusters.list()] == [("prod", one.uid)]


async def test_a_cluster_is_known_by_its_uid_after_it_was_renamed_at_the_hub(clusters: Clusters) -> None:
    key = await clusters.keys.create("fleet", cluster_names="prod*")
    await admitted(clusters, key.secret, "prod", "uid-1")
    await clusters.rename("prod", "shop-eu")
    assert (await admitted(clusters, key.secret, "prod", "uid-1")).name == "shop-eu"
    assert [cluster.name for cluster in await clusters.list()] == ["shop-eu"]


async def test_the_freed_name_is_for_another_cluster(clusters: Clusters) -> None:
    key = await clusters.keys.create("fleet")
    await admitted(clusters, key.secret, "prod", "uid-1")
    await clusters.rename("prod", "old")
    assert (await admitted(clusters, key.secret, "prod", "uid-2")).name == "prod"
    assert (await admitted(clusters, key.secret, "prod", "uid-1")).name == "old"


async def test_one_cluster_under_two_names_is_let_in_as_the_one_it_names(clusters: Clusters) -> None:
    key = await clusters.keys.create("fleet", cluster_names="b*")
    for name in ("a", "b"):
        token = (await clusters.add(name)).token
        await admitted(clusters, token, uid="uid-1")
    assert (await admitted(clusters, key.secret, "b", "uid-1")).name == "b"
    assert (await admitted(clusters, key.secret, "b-other", "uid-1")).name == "b"


async def test_a_cluster_that_people_added_may_come_with_a_key(clusters: Clusters) -> None:
    await clusters.add("prod", {"team": "a"})
    key = await clusters.keys.create("fleet", labels={"env": "prod"})
    found = await admitted(clusters, key.secret)
    assert (found.uid, found.labels, found.registered_by) == ("uid-1", {"team": "a"}, None)


async def test_a_key_is_for_the_names_that_fit_its_pattern(clusters: Clusters) -> None:
    key = await clusters.keys.create("fleet", cluster_names="dev-?-*")
    assert (await admitted(clusters, key.secret, "dev-1-eu")).name == "dev-1-eu"
    for name in ("prod", "dev-10-eu", "dev-1"):
        refusal = await refused(clusters, key.secret, name, "uid-9")
        assert refusal.code is CloseCode.BAD_TOKEN
        assert f"is for clusters named 'dev-?-*', not '{name}'" in refusal.reason


async def test_a_key_does_not_speak_for_a_cluster_outside_its_pattern_whatever_uid_is_claimed(
    clusters: Clusters,
) -> None:
    await admitted(clusters, (await clusters.add("prod")).token, uid="uid-1")
    key = await clusters.keys.create("dev", cluster_names="dev-*")
    refusal = await refused(clusters, key.secret, "dev-1", "uid-1")
    assert "not 'prod': by its UID that is what the hub knows this cluster as, not 'dev-1'" in refusal.reason
    assert "not 'prod'" in (await refused(clusters, key.secret, "prod", "uid-1")).reason


@pytest.mark.parametrize("name", ["", "Prod", "a_b", "x" * 200])
async def test_a_name_that_no_cluster_can_have_is_refused_with_the_way_out(
    clusters: Clusters, name: str
) -> None:
    key = await clusters.keys.create("fleet")
    refusal = await refused(clusters, key.secret, name)
    assert refusal.code is CloseCode.BAD_TOKEN
    assert "cannot be a cluster's name" in refusal.reason
    assert refusal.reason.endswith("set clusterName")
    assert await clusters.list() == []


async def test_a_cluster_that_does_not_say_who_it_is_is_let_in_only_where_it_is_known(
    clusters: Clusters,
) -> None:
    key = await clusters.keys.create("fleet")
    refusal = await refused(clusters, key.secret, "prod", "")
    assert refusal.retry_seconds == 5
    assert await clusters.list() == []
    await admitted(clusters, key.secret, "prod", "uid-1")
    assert (await admitted(clusters, key.secret, "prod", "")).uid == "uid-1"


async def test_a_revoked_key_is_worthless_at_once_and_says_so(clusters: Clusters) -> None:
    key = await clusters.keys.create("fleet")
    await admitted(clusters, key.secret)
    await clusters.keys.revoke(key.key.id)
    await clusters.keys.revoke(key.key.id)
    refusal = await refused(clusters, key.secret)
    assert refusal.code is CloseCode.REVOKED_TOKEN
    assert f"organisation key {key.key.id} was revoked at 20" in refusal.reason
    assert await clusters.worthless_tokens() == {key.key.id}
    assert (await clusters.keys.list())[0].revoked_at


@pytest.mark.parametrize("damage", [lambda key: key[:-1] + ("A" if key[-1] != "A" else "B")])
async def test_a_guess_is_refused(clusters: Clusters, damage: Any) -> None:
    key = await clusters.keys.create("fleet")
    refusal = await refused(clusters, damage(key.secret))
    assert refusal.code is CloseCode.BAD_TOKEN
    assert "does not know this organisation key" in refusal.reason


async def test_a_key_is_kept_as_a_hash(
    clusters: Clusters, records: Records, directory: DataDirectory
) -> None:
    key = await clusters.keys.create("fleet")
    assert key.secret.startswith(f"fwo_{key.key.id}_")
    await records.close()
    secret = key.secret.removeprefix(f"fwo_{key.key.id}_").encode()
    assert not any(secret in file.read_bytes() for file in directory.path.iterdir())


async def test_when_a_key_was_last_used_is_kept(clusters: Clusters, clock: Any) -> None:
    key = await clusters.keys.create("fleet")
    await admitted(clusters, key.secret)
    sighting = Sighting(
        cluster="prod", token_id=key.key.id, time=clock.now, agent_version="", kubernetes_version=""
    )
    await clusters.record_sightings([sighting])
    (found,) = await clusters.keys.list()
    assert found.last_used_at
    assert found.last_used_at.timestamp() == clock.now


@pytest.mark.parametrize("pattern", ["", "Prod*", "a b", "[a]", "x" * 64, "*\n"])
async def test_a_pattern_that_fits_no_name_is_refused(clusters: Clusters, pattern: str) -> None:
    with pytest.raises(KeyPatternError, match="fits no cluster's name"):
        await clusters.keys.create("fleet", cluster_names=pattern)


async def test_labels_that_no_cluster_can_have_are_refused_before_there_is_a_key(clusters: Clusters) -> None:
    with pytest.raises(ClusterLabelError, match="the alerts' own"):
        await clusters.keys.create("fleet", labels={"cluster": "x"})
    assert await clusters.keys.list() == []


async def test_a_key_that_is_not_there_is_named(clusters: Clusters) -> None:
    with pytest.raises(KeyNotFoundError, match="no organisation key 'nope'"):
        await clusters.keys.revoke("nope")
