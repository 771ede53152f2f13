"""What a hub takes up from the one before it on the same directory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from farwatch.hub.alerting import Alert
from farwatch.hub.app import Hub
from farwatch.hub.auth import AuthError
from farwatch.hub.options import HubOptions
from farwatch.hub.store import StoreError
from farwatch.kube.objects import ObjectMeta, Pod
from farwatch.link.frames import Item

LABELS = {"alertname": "KubePodFailed", "severity": "warning", "namespace": "shop"}


@asynccontextmanager
async def hub(folder: Path, admin_token: str | None = None) -> AsyncIterator[Hub]:
    started = await Hub.start(HubOptions(data=folder / "data", admin_token=admin_token), "http://hub.example")
    try:
        yield started
    finally:
        await started.stop()


async def tell(started: Hub, cluster: str, name: str) -> None:
    pod = Pod(metadata=ObjectMeta(name=name, namespace="shop", uid="u", resource_version="1"))
    changes = started.inventory.apply(
        cluster, "Pod", [Item("shop", name, "u", "1", msgspec.msgpack.encode(pod), 0.0)]
    )
    written = started.change_log.append(changes)
    await started.telemetry.flush()
    await written


async def fire(started: Hub, cluster: str) -> None:
    labels = LABELS | {"cluster": cluster, "workload_kind": "Pod", "workload": "web-1", "pod": "web-1"}
    await started.alerting.put([Alert(labels=labels, annotations={}, starts_at=datetime.now(UTC))])


def firing(started: Hub) -> list[str]:
    return sorted(alert.labels["cluster"] for alert in started.alerting.active())


async def test_objects_and_alerts_are_there_again(tmp_path: Path) -> None:
    async with hub(tmp_path) as first:
        await first.fleet.add("prod")
        await tell(first, "prod", "web-1")
        await fire(first, "prod")
    async with hub(tmp_path) as second:
        assert second.inventory.get("prod", "Pod", "shop", "web-1") is not None
        assert firing(second) == ["prod"]
        assert second.inventory.counters.changes == 0


async def test_alerts_taken_up_stay_until_the_cluster_has_been_compared(tmp_path: Path) -> None:
    async with hub(tmp_path) as first:
        await first.fleet.add("prod")
        await fire(first, "prod")
    async with hub(tmp_path) as second:
        now = datetime.now(UTC).timestamp()
        assert second.engine.advance(now + 1e6) == []
        second.engine.cluster_synced("prod")
        ended = second.engine.advance(now + 1e6)
        assert [alert.labels["cluster"] for alert in ended] == ["prod"]
        assert ended[0].ends_at is not None


async def test_what_belongs_to_removed_clusters_is_let_go(tmp_path: Path) -> None:
    async with hub(tmp_path) as first:
        await first.fleet.add("prod")
        for cluster in ("prod", "gone"):
            await tell(first, cluster, "web-1")
            await fire(first, cluster)
    async with hub(tmp_path) as second:
        assert second.inventory.clusters == ["prod"]
        ended = asyncio.Event()
        second.alerting.subscribe(lambda _events: ended.set())
        async with asyncio.timeout(30):
            while firing(second) != ["prod"]:
                await ended.wait()
                ended.clear()
    async with hub(tmp_path) as third:
        assert {row.cluster for row in await third.change_log.load()} == {"prod"}


async def test_a_cluster_that_comes_back_under_its_old_name_begins_anew(tmp_path: Path) -> None:
    async with hub(tmp_path) as first:
        await first.fleet.add("prod")
        await tell(first, "prod", "web-1")
        await first.fleet.remove("prod")
    async with hub(tmp_path) as second:
        await second.fleet.add("prod")
        assert second.inventory.clusters == []


async def test_the_first_token_is_made_once(tmp_path: Path) -> None:
    async with hub(tmp_path) as first:
        assert first.first.token is not None
        assert first.people.tokens.authenticate(first.first.token)
        token = first.first.token
    async with hub(tmp_path) as second:
        assert second.first.token is None
        assert second.people.tokens.authenticate(token)
    async with hub(tmp_path, "the-token-of-the-environment") as third:
        assert third.first.token is None
        assert third.people.tokens.authenticate("the-token-of-the-environment")


async def test_a_second_hub_on_the_same_directory_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    async with hub(tmp_path) as first:
        with pytest.raises(StoreError, match="another hub"):
            async with hub(tmp_path):
                pass
        await tell(first, "prod", "web-1")


async def test_a_start_that_fails_lets_go_of_the_directory(tmp_path: Path) -> None:
    with pytest.raises(AuthError, match="shorter than 16"):
        async with hub(tmp_path, "short"):
            pass
    async with hub(tmp_path) as second:
        assert second.first.token is not None


async def test_alerts_whose_clusters_labels_changed_last_thing_have_the_new_ones(tmp_path: Path) -> None:
    async with hub(tmp_path) as first:
        await first.fleet.add("prod", {"env": "prod"})
        await fire(first, "prod")
        # A kill between the two: the cluster's labels are changed, its alerts are not.
        first.fleet.clusters._label_sinks.clear()
        await first.fleet.clusters.label("prod", {"env": "staging"})
    async with hub(tmp_path) as second:
        (alert,) = second.alerting.active()
        assert alert.labels["env"] == "staging"
        now = datetime.now(UTC).timestamp()
        second.engine.cluster_synced("prod")
        (ended,) = second.engine.advance(now + 1e6)
        await second.alerting.put([msgspec.structs.replace(ended, ends_at=datetime.now(UTC))])
        assert second.alerting.active() == []


async def test_labelled_alerts_of_removed_clusters_are_let_go_as_well(tmp_path: Path) -> None:
    async with hub(tmp_path) as first:
        await first.fleet.add("gone", {"env": "prod"})
        await fire(first, "gone")
        await first.detection.stop()
        await first.fleet.remove("gone")
        assert firing(first) == ["gone"]
    async with hub(tmp_path) as second:
        ended = asyncio.Event()
        second.alerting.subscribe(lambda _events: ended.set())
        async with asyncio.timeout(30):
            while firing(second):
                await ended.wait()
                ended.clear()
