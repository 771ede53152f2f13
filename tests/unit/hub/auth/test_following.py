"""What is granted for a cluster goes with it to its new name, and ends with it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.auth.grants import Holder, HolderKind
from farwatch.hub.auth.principal import EVERYWHERE, Grant, Role, Scope
from farwatch.hub.fleet import ClusterExistsError

OLD = Grant(Role.OPERATOR, Scope(clusters=("old",), namespaces=("shop",)))
NEW = Grant(Role.OPERATOR, Scope(clusters=("new",), namespaces=("shop",)))
BOTH = Grant(Role.VIEWER, Scope(clusters=("old", "other"), cluster_labels={"env": "prod"}))
BOTH_NEW = Grant(Role.VIEWER, Scope(clusters=("new", "other"), cluster_labels={"env": "prod"}))
OTHER = Grant(Role.VIEWER, Scope(clusters=("other",), cluster_labels={"env": "prod"}))
EVERYTHING = Grant(Role.VIEWER)

clusters = st.sampled_from(("old", "new", "other", "more"))
scopes = st.builds(Scope, clusters=st.lists(clusters, unique=True).map(tuple))


async def grant(api: Any) -> tuple[Holder, Holder]:
    """Somebody, and a team, who hold something for the cluster ``old``."""
    user = await api.hub.people.users.create("alice")
    team = await api.hub.grants.teams.create("shop")
    holders = Holder(HolderKind.USER, user.id), Holder(HolderKind.TEAM, team.id)
    for held in (OLD, BOTH, EVERYTHING):
        await api.hub.grants.add(holders[0], held, by="ann")
    await api.hub.grants.sync(user.id, "corp", [OLD])
    await api.hub.grants.add(holders[1], OLD, by="ann")
    return holders


def held(api: Any, holder: Holder) -> list[Grant]:
    return [each.grant for each in api.hub.grants.held(holder)]


async def audited(api: Any) -> list[tuple[str, str, str, str]]:
    """Entries about grants, the earliest first: of whom, what was taken, what was granted, and why."""
    found = (await api.get("/audit", action="grant.change"))["items"]
    return [
        (
            f"{entry['target']['kind']} {entry['target']['name']}",
            entry["details"]["taken"],
            entry["details"].get("granted", ""),
            entry["details"]["cause"],
        )
        for entry in reversed(found)
    ]


async def test_grants_of_users_and_teams_follow_a_cluster_to_its_new_name(api: Any) -> None:
    for name in ("old", "other"):
        await api.add_cluster(name)
    user, team = await grant(api)

    assert (await api.ask("PATCH", "/api/v1/clusters/old", {"name": "new"})).status_code == 200

    for _ in range(2):
        assert held(api, user) == [NEW, BOTH_NEW, EVERYTHING, NEW]
        assert held(api, team) == [NEW]
        await api.hub.grants.load()  # what is in the records is the same
    why = "cluster old renamed to new"
    old, new = (
        "operator in the namespace shop of the cluster old",
        "operator in the namespace shop of the cluster new",
    )
    both = (
        "viewer in the clusters old, other labelled env=prod",
        "viewer in the clusters new, other labelled env=prod",
    )
    assert await audited(api) == [
        ("user alice", old, new, why),
        ("user alice", *both, why),
        ("user alice", old, new, why),
        ("team shop", old, new, why),
    ]


async def test_another_cluster_that_takes_a_removed_ones_name_is_within_no_grant(api: Any) -> None:
    for name in ("old", "other"):
        await api.add_cluster(name)
    user, team = await grant(api)

    assert (await api.ask("DELETE", "/api/v1/clusters/old")).status_code == 204
    await api.add_cluster("old")

    for _ in range(2):
        assert held(api, user) == [OTHER, EVERYTHING]
        assert held(api, team) == []
        await api.hub.grants.load()
    assert {(after, why) for _, _, after, why in await audited(api)} == {
        ("", "cluster old removed"),
        ("viewer in the cluster other labelled env=prod", "cluster old removed"),
    }


async def test_a_name_that_is_free_again_after_a_renaming_is_within_no_grant(api: Any) -> None:
    await api.add_cluster("old")
    user, _ = await grant(api)
    await api.hub.fleet.rename("old", "new")
    await api.add_cluster("old")
    assert not any("old" in grant.scope.clusters for grant in held(api, user))


async def test_grants_of_tokens_follow_as_well(api: Any) -> None:
    await api.add_cluster("old")
    tokens = api.hub.people.tokens
    one, secret = await tokens.create("ci", grants=(OLD, EVERYTHING))
    personal, _ = await tokens.create("laptop", owner="u1", grants=None)

    await api.hub.fleet.rename("old", "new")
    for _ in range(2):
        assert tokens.look_up(one.id).grants == (NEW, EVERYTHING)
        assert tokens.look_up(personal.id).grants is None
        await tokens.load()
    (entry,) = await audited(api)
    assert (entry[0], entry[3]) == ("token ci", "cluster old renamed to new")

    await tokens.revoke(personal.id)
    await api.hub.fleet.remove("new")
    for _ in range(2):
        assert tokens.look_up(one.id).grants == (EVERYTHING,)
        await tokens.load()
    assert api.hub.people.of_token(secret).grants == (EVERYTHING,)


async def test_a_token_whose_only_cluster_is_removed_may_do_nothing_and_not_everything(api: Any) -> None:
    await api.add_cluster("old")
    _, secret = await api.hub.people.tokens.create("ci", grants=(OLD,))
    await api.hub.fleet.remove("old")
    await api.hub.people.tokens.load()
    assert api.hub.people.of_token(secret).grants == ()
    assert (await api.ask("GET", "/api/v1/alerts", token=secret)).status_code == 403


async def test_a_renaming_that_fails_leaves_every_grant_as_it_was(api: Any) -> None:
    for name in ("old", "other"):
        await api.add_cluster(name)
    user, team = await grant(api)
    before = held(api, user), held(api, team)
    with pytest.raises(ClusterExistsError):
        await api.hub.fleet.rename("old", "other")
    for _ in range(2):
        assert (held(api, user), held(api, team)) == before
        await api.hub.grants.load()
    assert await audited(api) == []


@given(scopes)
def test_a_scope_never_grows_by_following_a_cluster(scope: Scope) -> None:
    renamed, without = scope.following("old", "new"), scope.following("old", None)
    assert renamed is not None
    assert "old" not in renamed.clusters
    assert set(renamed.clusters) - {"new"} == set(scope.clusters) - {"old", "new"}
    assert len(set(renamed.clusters)) == len(renamed.clusters)
    assert renamed.everywhere == scope.everywhere
    if without is None:
        assert scope.clusters == ("old",)
    else:
        assert set(without.clusters) == set(scope.clusters) - {"old"}
        assert without.everywhere == scope.everywhere


def test_what_holds_everywhere_follows_nobody() -> None:
    assert EVERYWHERE.following("old", None) is EVERYWHERE
