"""Install links in the records: made, shown, delivered once."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import Any

import pytest
import yaml

from farwatch.hub.fleet import Cluster, ClusterNotFoundError, Clusters, Refusal, TokenState
from farwatch.hub.install import (
    ExternalUrlError,
    InstallOptions,
    InstallOptionsError,
    Installs,
    LinkGoneError,
    LinkNotFoundError,
    Renderer,
)
from farwatch.hub.install.installs import LINK_SECONDS, REMEMBERED_SECONDS, CreatedLink
from farwatch.hub.store.directory import DataDirectory
from farwatch.hub.store.records import Records
from farwatch.link.frames import AgentInfo

from .conftest import EXTERNAL_URL, Clock

AGENT = AgentInfo(version="1", instance="i", role="cluster", cluster_name="", cluster_uid="uid-1")


async def make(installs: Installs, cluster: str = "prod", **options: Any) -> CreatedLink:
    return await installs.create(cluster, InstallOptions(**options), "admin")


def token_of(link: CreatedLink) -> str:
    return link.url.rpartition("/")[2]


def agent_token(text: str) -> str:
    (secret,) = (each for each in yaml.safe_load_all(text) if each["kind"] == "Secret")
    return base64.b64decode(secret["data"]["AGENT_TOKEN"]).decode()


@pytest.fixture
async def prod(clusters: Clusters) -> str:
    """A cluster; its first token."""
    return (await clusters.add("prod")).token


async def test_a_link_delivers_what_installs_the_clusters_agent_with_a_token_that_works(
    installs: Installs, clusters: Clusters, prod: str
) -> None:
    link = await make(installs, namespace="watch")
    assert link.url.startswith(f"{EXTERNAL_URL}/install/fwi_")
    assert link.command == f"curl -fsSL {link.url} | kubectl apply -f -"
    text = await installs.deliver(token_of(link), "10.0.0.1")
    assert hashlib.sha256(text.encode()).hexdigest() == link.sha256
    objects = list(yaml.safe_load_all(text))
    assert objects[0] == {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "watch"}}
    token = agent_token(text)
    assert token != prod
    found = await clusters.authenticate(token, AGENT)
    assert isinstance(found, Cluster)
    assert found.name == "prod"


async def test_the_preview_is_the_same_text_with_the_token_masked(installs: Installs, prod: str) -> None:
    made = await make(installs)
    link, preview = await installs.preview("prod", made.id)
    text = await installs.deliver(token_of(made), "")
    assert link.sha256 == made.sha256
    differing = [(a, b) for a, b in zip(preview.splitlines(), text.splitlines(), strict=True) if a != b]
    ((masked, whole),) = differing
    assert masked.strip() == "AGENT_TOKEN: ...the agent's token in base64, in the text that is delivered..."
    assert agent_token(text) not in preview
    assert whole.split(": ")[1] not in preview


async def test_a_link_is_used_once_and_says_when_it_was(installs: Installs, prod: str) -> None:
    link = await make(installs)
    await installs.deliver(token_of(link), "10.0.0.1")
    with pytest.raises(LinkGoneError, match="of cluster 'prod' was used at 2026-") as gone:
        await installs.deliver(token_of(link), "10.0.0.2")
    assert gone.value.state == "used"
    (shown,) = await installs.list("prod")
    assert (shown.state, shown.used_from, shown.created_by) == ("used", "10.0.0.1", "admin")
    with pytest.raises(LinkGoneError):
        await installs.preview("prod", link.id)


async def test_of_many_who_come_at_once_one_is_served(installs: Installs, prod: str) -> None:
    link = await make(installs)
    answers = await asyncio.gather(
        *(installs.deliver(token_of(link), "") for _ in range(8)), return_exceptions=True
    )
    assert sum(isinstance(answer, str) for answer in answers) == 1
    assert sum(isinstance(answer, LinkGoneError) for answer in answers) == 7


async def test_who_only_looks_leaves_the_link_as_it_is(installs: Installs, prod: str) -> None:
    link = await make(installs)
    await installs.check(token_of(link))
    await installs.check(token_of(link))
    assert await installs.deliver(token_of(link), "")
    with pytest.raises(LinkGoneError):
        await installs.check(token_of(link))


async def test_after_an_hour_the_link_and_its_token_are_worthless(
    installs: Installs, clusters: Clusters, clock: Clock, prod: str
) -> None:
    clock.now += 1
    link = await make(installs)
    clock.now += LINK_SECONDS
    with pytest.raises(LinkGoneError, match="ended unused at 2026-") as gone:
        await installs.deliver(token_of(link), "")
    assert gone.value.state == "expired"
    (newest, first) = await clusters.tokens("prod")
    assert (newest.state, first.state) == (TokenState.EXPIRED, TokenState.VALID)
    assert isinstance(await clusters.authenticate(prod, AGENT), Cluster)


async def test_the_token_of_a_used_link_does_not_end(
    installs: Installs, clusters: Clusters, clock: Clock, prod: str
) -> None:
    clock.now += 1
    link = await make(installs)
    clock.now += LINK_SECONDS - 1
    token = agent_token(await installs.deliver(token_of(link), ""))
    clock.now += 365 * 86_400
    assert isinstance(await clusters.authenticate(token, AGENT), Cluster)


@pytest.mark.parametrize(
    "damage", [lambda _: "", lambda _: "../x", lambda token: token[:-2] + "xx", lambda token: token + "x"]
)
async def test_a_wrong_link_delivers_nothing(installs: Installs, prod: str, damage: Any) -> None:
    link = await make(installs)
    for _ in range(2):
        with pytest.raises(LinkNotFoundError):
            await installs.deliver(damage(token_of(link)), "")
    assert installs.counters.refused["unknown"] == 2


async def test_a_link_outlives_a_restart(
    installs: Installs, records: Records, clusters: Clusters, clock: Clock, prod: str
) -> None:
    link = await make(installs)
    later = Installs(records, clusters, external_url=EXTERNAL_URL, renderer=Renderer(["/none"]), clock=clock)
    text = await later.deliver(token_of(link), "")
    assert hashlib.sha256(text.encode()).hexdigest() == link.sha256


async def test_no_secret_of_a_link_is_in_the_records(
    installs: Installs, records: Records, prod: str, directory: DataDirectory
) -> None:
    links = [await make(installs) for _ in range(2)]
    token = agent_token(await installs.deliver(token_of(links[0]), ""))
    await records.close()
    kept = b"".join(file.read_bytes() for file in directory.path.iterdir())
    for secret in (token, *map(token_of, links)):
        assert secret.split("_", 1)[1].encode() not in kept
        assert base64.b64encode(secret.encode()) not in kept


async def test_a_removed_cluster_takes_its_links_along(
    installs: Installs, clusters: Clusters, prod: str
) -> None:
    link = await make(installs)
    await clusters.remove("prod")
    with pytest.raises(LinkNotFoundError):
        await installs.deliver(token_of(link), "")


async def test_a_renamed_clusters_links_end_and_their_tokens_with_them(
    installs: Installs, clusters: Clusters, clock: Clock, prod: str
) -> None:
    link = await make(installs)
    await clusters.rename("prod", "new")
    with pytest.raises(LinkNotFoundError):
        await installs.deliver(token_of(link), "")
    clock.now += LINK_SECONDS
    assert {token.state for token in await clusters.tokens("new")} == {TokenState.VALID, TokenState.EXPIRED}


async def test_what_is_long_over_is_forgotten(installs: Installs, clock: Clock, prod: str) -> None:
    old = await make(installs)
    clock.now += LINK_SECONDS + REMEMBERED_SECONDS
    new = await make(installs)
    assert [link.id for link in await installs.list("prod")] == [new.id]
    with pytest.raises(LinkNotFoundError):
        await installs.deliver(token_of(old), "")


async def test_a_cluster_that_is_not_there_is_named(installs: Installs) -> None:
    with pytest.raises(ClusterNotFoundError, match="no cluster is named 'prod'"):
        await make(installs)


async def test_a_hub_without_an_address_makes_no_link(
    records: Records, clusters: Clusters, clock: Clock, prod: str
) -> None:
    installs = Installs(records, clusters, external_url="", renderer=Renderer(), clock=clock)
    with pytest.raises(ExternalUrlError, match="--external-url"):
        await make(installs)


async def test_options_that_the_chart_refuses_make_no_token(
    installs: Installs, clusters: Clusters, prod: str
) -> None:
    with pytest.raises(InstallOptionsError, match=r"features\.logs: needs an agent on each node"):
        await make(installs, features={"logs": True})
    assert len(await clusters.tokens("prod")) == 1
    assert await installs.list("prod") == []
    assert installs.counters.failed == 1


async def test_another_clusters_link_is_not_shown(installs: Installs, clusters: Clusters, prod: str) -> None:
    link = await make(installs)
    await clusters.add("dev")
    with pytest.raises(LinkNotFoundError, match="'dev' has no install link"):
        await installs.preview("dev", link.id)


async def test_two_clusters_cannot_share_what_a_link_delivered(
    installs: Installs, clusters: Clusters, prod: str
) -> None:
    token = agent_token(await installs.deliver(token_of(await make(installs)), ""))
    await clusters.authenticate(token, AGENT)
    other = AgentInfo(version="1", instance="i", role="cluster", cluster_name="", cluster_uid="uid-2")
    assert isinstance(await clusters.authenticate(token, other), Refusal)
