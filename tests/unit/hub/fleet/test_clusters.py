from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from farwatch.hub.fleet import (
    Cluster,
    ClusterExistsError,
    ClusterLabelError,
    ClusterNameError,
    ClusterNotFoundError,
    Clusters,
    Refusal,
    TokenNotFoundError,
    TokenState,
)
from farwatch.hub.fleet.clusters import Sighting
from farwatch.hub.store.directory import DataDirectory
from farwatch.hub.store.records import Records
from farwatch.link.frames import AgentInfo, CloseCode

HOUR = 3600.0


def agent(uid: str = "uid-1", name: str = "") -> AgentInfo:
    """What an agent says of itself."""
    return AgentInfo(version="1", instance="i", role="cluster", cluster_name=name, cluster_uid=uid)


async def code(clusters: Clusters, token: str, uid: str = "uid-1") -> CloseCode | None:
    """None: the token is good."""
    found = await clusters.authenticate(token, agent(uid))
    return found.code if isinstance(found, Refusal) else None


@pytest.mark.parametrize("name", ["a", "prod-eu-west-1", "0", "a" * 63, "a--b"])
async def test_a_name_like_a_dns_label_is_taken(clusters: Clusters, name: str) -> None:
    await clusters.add(name)
    assert (await clusters.get(name)).name == name


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a_b", "a.b", "a" * 64, "a\n", "ä", "a b", "../x"])
async def test_another_name_is_refused_with_the_rule(clusters: Clusters, name: str) -> None:
    with pytest.raises(ClusterNameError, match="at most 63 lower case letters, digits and '-'") as refused:
        await clusters.add(name)
    assert "\n" not in str(refused.value)


async def test_a_name_is_given_once(clusters: Clusters) -> None:
    await clusters.add("prod")
    with pytest.raises(ClusterExistsError, match="'prod' exists already"):
        await clusters.add("prod")


async def test_of_several_who_add_one_name_at_once_one_does(clusters: Clusters) -> None:
    added = await asyncio.gather(*(clusters.add("prod") for _ in range(6)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in added) == ["ClusterExistsError"] * 5 + ["IssuedToken"]


async def test_a_token_is_shown_once_and_kept_as_a_hash(
    clusters: Clusters, records: Records, directory: DataDirectory
) -> None:
    issued = await clusters.add("prod")
    assert issued.token.startswith(f"fwa_{issued.id}_")
    await records.close()
    secret = issued.token.removeprefix(f"fwa_{issued.id}_").encode()
    assert len(secret) == 43
    assert not any(secret in file.read_bytes() for file in directory.path.iterdir())


async def test_no_two_tokens_are_alike(clusters: Clusters) -> None:
    first = await clusters.add("a")
    second = await clusters.add("b")
    third = await clusters.rotate("a")
    assert len({first.token, second.token, third.token}) == len({first.id, second.id, third.id}) == 3


async def test_a_token_binds_its_cluster_to_the_first_that_uses_it(clusters: Clusters) -> None:
    issued = await clusters.add("prod")
    found = await clusters.authenticate(issued.token, agent("uid-1"))
    assert isinstance(found, Cluster)
    assert (found.name, found.uid) == ("prod", "uid-1")
    assert await code(clusters, issued.token, "uid-1") is None


async def test_a_second_cluster_is_refused_with_the_way_out(clusters: Clusters) -> None:
    issued = await clusters.add("prod")
    await clusters.authenticate(issued.token, agent("uid-1"))
    refused = await clusters.authenticate(issued.token, agent("uid-2"))
    assert isinstance(refused, Refusal)
    assert refused.code is CloseCode.FOREIGN_CLUSTER
    assert "belongs to cluster 'prod'" in refused.reason
    assert "add this cluster under a name of its own" in refused.reason
    assert issued.token not in refused.reason


async def test_the_binding_outlives_the_token(clusters: Clusters) -> None:
    await clusters.authenticate((await clusters.add("prod")).token, agent("uid-1"))
    rotated = await clusters.rotate("prod")
    assert await code(clusters, rotated.token, "uid-2") is CloseCode.FOREIGN_CLUSTER


async def test_a_cluster_that_does_not_say_who_it_is_binds_nothing(clusters: Clusters) -> None:
    issued = await clusters.add("prod")
    assert await code(clusters, issued.token, "") is CloseCode.FOREIGN_CLUSTER
    assert (await clusters.get("prod")).uid is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: "",
        lambda _: "nonsense",
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: token + "A",
        lambda token: token.upper(),
        lambda token: "fwa_000000000000_" + token.split("_", 2)[2],
        lambda token: token + "\n",
        lambda _: "fwa_" + "x" * 100_000,
    ],
)
async def test_a_token_that_is_not_ours_is_refused_alike_whatever_is_wrong_with_it(
    clusters: Clusters, damage: Any
) -> None:
    issued = await clusters.add("prod")
    refused = await clusters.authenticate(damage(issued.token), agent("uid-1"))
    assert isinstance(refused, Refusal)
    assert refused.code is CloseCode.BAD_TOKEN
    assert refused.reason.startswith("the hub does not know this token")


async def test_a_revoked_token_is_worthless_at_once_and_for_ever(clusters: Clusters) -> None:
    issued = await clusters.add("prod")
    await clusters.revoke("prod", issued.id)
    await clusters.revoke("prod", issued.id)
    assert await code(clusters, issued.token) is CloseCode.REVOKED_TOKEN
    assert await clusters.worthless_tokens() == {issued.id}


@pytest.mark.parametrize(("cluster", "token"), [("prod", "none"), ("other", None)])
async def test_only_a_clusters_own_token_can_be_revoked(
    clusters: Clusters, cluster: str, token: str | None
) -> None:
    issued = await clusters.add("prod")
    await clusters.add("other")
    with pytest.raises(TokenNotFoundError, match=f"cluster '{cluster}' has no token"):
        await clusters.revoke(cluster, token or issued.id)
    assert await code(clusters, issued.token) is None


async def test_after_a_rotation_both_tokens_are_good_until_the_old_one_ends(
    clusters: Clusters, clock: Any
) -> None:
    old = await clusters.add("prod")
    new = await clusters.rotate("prod", overlap_seconds=HOUR)
    assert [await code(clusters, token.token) for token in (old, new)] == [None, None]
    clock.now += HOUR - 1
    assert await clusters.worthless_tokens() == frozenset()
    clock.now += 1
    assert [await code(clusters, token.token) for token in (old, new)] == [CloseCode.REVOKED_TOKEN, None]
    assert await clusters.worthless_tokens() == {old.id}


async def test_a_second_rotation_never_lengthens_a_life_that_ends_sooner(
    clusters: Clusters, clock: Any
) -> None:
    old = await clusters.add("prod")
    await clusters.rotate("prod", overlap_seconds=HOUR)
    await clusters.rotate("prod", overlap_seconds=10 * HOUR)
    clock.now += HOUR
    assert await code(clusters, old.token) is CloseCode.REVOKED_TOKEN


async def test_tokens_are_listed_newest_first_with_their_state_and_without_their_secret(
    clusters: Clusters, clock: Any
) -> None:
    first = await clusters.add("prod")
    clock.now += 1
    second = await clusters.rotate("prod", overlap_seconds=HOUR)
    clock.now += 1
    third = await clusters.rotate("prod", overlap_seconds=HOUR)
    await clusters.revoke("prod", second.id)
    clock.now += HOUR - 1
    listed = await clusters.tokens("prod")
    assert [(token.id, token.state) for token in listed] == [
        (third.id, TokenState.VALID),
        (second.id, TokenState.REVOKED),
        (first.id, TokenState.EXPIRED),
    ]
    assert not any(issued.token in repr(listed) for issued in (first, second, third))


async def test_a_removed_clusters_tokens_are_unknown_and_its_name_is_free(clusters: Clusters) -> None:
    issued = await clusters.add("prod")
    await clusters.authenticate(issued.token, agent("uid-1"))
    await clusters.remove("prod")
    assert await code(clusters, issued.token) is CloseCode.BAD_TOKEN
    again = await clusters.add("prod")
    assert await code(clusters, again.token, "uid-2") is None


@pytest.mark.parametrize("act", ["get", "remove", "rotate", "tokens"])
async def test_a_cluster_that_is_not_there_is_named(clusters: Clusters, act: str) -> None:
    with pytest.raises(ClusterNotFoundError, match="no cluster is named 'prod'"):
        await getattr(clusters, act)("prod")


async def test_what_was_last_seen_of_an_agent_is_kept(clusters: Clusters, clock: Any) -> None:
    issued = await clusters.add("prod")
    sighting = Sighting(
        cluster="prod", token_id=issued.id, time=clock.now, agent_version="1.2", kubernetes_version="v" * 300
    )
    removed = Sighting(cluster="gone", token_id="x", time=1.0, agent_version="", kubernetes_version="")
    await clusters.record_sightings([sighting, removed])
    found = await clusters.get("prod")
    assert found.last_seen
    assert (found.last_seen.timestamp(), found.agent_version) == (clock.now, "1.2")
    assert found.kubernetes_version == "v" * 64
    assert (await clusters.tokens("prod"))[0].last_used_at == found.last_seen


async def test_clusters_are_listed_by_name(clusters: Clusters) -> None:
    for name in ("c", "a", "b"):
        await clusters.add(name)
    assert [cluster.name for cluster in await clusters.list()] == ["a", "b", "c"]


async def test_an_agent_that_does_not_know_its_cluster_is_let_in_where_the_cluster_is_bound(
    clusters: Clusters,
) -> None:
    issued = await clusters.add("prod")
    refused = await clusters.authenticate(issued.token, agent(""))
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.retry_seconds) == (CloseCode.FOREIGN_CLUSTER, 5)
    await clusters.authenticate(issued.token, agent("uid-1"))
    assert await code(clusters, issued.token, "") is None
    assert (await clusters.get("prod")).uid == "uid-1"


async def test_labels_are_given_at_once_or_changed_later(clusters: Clusters) -> None:
    await clusters.add("prod", {"env": "prod", "team": "a"})
    changed = await clusters.label("prod", {"team": None, "region": "eu"})
    assert changed.labels == (await clusters.get("prod")).labels == {"env": "prod", "region": "eu"}


async def test_labels_that_cannot_be_leave_no_cluster_behind(clusters: Clusters) -> None:
    with pytest.raises(ClusterLabelError):
        await clusters.add("prod", {"cluster": "x"})
    assert await clusters.list() == []


async def test_who_listens_is_told_of_labels_as_they_are_set_changed_and_gone(clusters: Clusters) -> None:
    told: list[tuple[str, Any]] = []

    async def listen(name: str, labels: Any) -> None:
        told.append((name, labels))

    clusters.subscribe_labels(listen)
    await clusters.add("a", {"env": "x"})
    await clusters.label("a", {"env": "y"})
    await clusters.rename("a", "b")
    await clusters.remove("b")
    assert told == [("a", {"env": "x"}), ("a", {"env": "y"}), ("a", None), ("b", {"env": "y"}), ("b", None)]


async def test_a_renamed_cluster_keeps_all_but_its_name(clusters: Clusters) -> None:
    issued = await clusters.add("old", {"env": "prod"})
    await clusters.authenticate(issued.token, agent("uid-1"))
    before = await clusters.get("old")
    renamed = await clusters.rename("old", "new")
    assert renamed == msgspec.structs.replace(before, name="new")
    assert await clusters.list() == [renamed]
    assert await code(clusters, issued.token, "uid-1") is None
    assert await code(clusters, issued.token, "uid-2") is CloseCode.FOREIGN_CLUSTER
    assert [token.cluster for token in await clusters.tokens("new")] == ["new"]
    await clusters.add("old")


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("none", "new", ClusterNotFoundError),
        ("a", "b", ClusterExistsError),
        ("a", "a", ClusterExistsError),
        ("a", "Not-This", ClusterNameError),
    ],
)
async def test_a_renaming_that_cannot_be_changes_nothing(
    clusters: Clusters, old: str, new: str, error: type[Exception]
) -> None:
    for name in ("a", "b"):
        await clusters.add(name)
    with pytest.raises(error):
        await clusters.rename(old, new)
    assert [cluster.name for cluster in await clusters.list()] == ["a", "b"]
