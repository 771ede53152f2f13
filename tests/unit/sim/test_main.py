"""A simulated cluster on a socket."""

import asyncio
import base64
import shutil
import socket
import ssl
from pathlib import Path

import aiohttp
import kubernetes.client
import kubernetes.config
import pytest
import yaml

from farwatch.sim.errors import SimError
from farwatch.sim.main import EXIT_USAGE, SimCluster, SimOptions, run, run_sim
from farwatch.sim.scenario import EVERYTHING, Scenario, Step
from farwatch.sim.server.identity import User


async def get(session: aiohttp.ClientSession, url: str) -> dict:  # type: ignore[type-arg]
    async with session.get(url) as response:
        return await response.json()  # type: ignore[no-any-return]


async def test_a_cluster_serves_what_was_built_and_its_kubeconfig_leads_there(tmp_path: Path) -> None:
    path = tmp_path / "config" / "sim.kubeconfig"
    options = SimOptions(nodes=3, pods=40, port=0, token="s3cret", kubeconfig=path, name="north", seed=1)

    async with SimCluster(options) as cluster:
        config = yaml.safe_load(cluster.kubeconfig.read_text())
        headers = {"Authorization": f"Bearer {config['users'][0]['user']['token']}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            pods = await get(session, f"{config['clusters'][0]['cluster']['server']}/api/v1/pods")

    assert cluster.kubeconfig == path
    assert config["current-context"] == "north"
    assert len(pods["items"]) == 40


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
async def test_with_rbac_and_tls_the_administrator_has_a_token_and_others_what_roles_grant(
    tmp_path: Path,
) -> None:
    options = SimOptions(pods=0, port=0, tls=True, rbac=True, kubeconfig=tmp_path / "sim.kubeconfig")

    async with SimCluster(options) as cluster:
        cluster.server.tokens.add("viewer", User("viewer"))
        config = yaml.safe_load(cluster.kubeconfig.read_text())
        authority = base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"]).decode()
        tls = ssl.create_default_context(cadata=authority)
        codes = {}
        async with aiohttp.ClientSession() as session:
            for token in (config["users"][0]["user"]["token"], "viewer", "unknown"):
                headers = {"Authorization": f"Bearer {token}"}
                async with session.get(f"{cluster.url}/api/v1/pods", headers=headers, ssl=tls) as answer:
                    codes[token] = answer.status

    assert cluster.url.startswith("https://")
    assert list(codes.values()) == [200, 403, 401]


async def test_a_temporary_kubeconfig_goes_with_the_cluster() -> None:
    async with SimCluster(SimOptions(pods=0, port=0)) as cluster:
        assert cluster.kubeconfig.exists()

    assert not cluster.kubeconfig.exists()


async def test_troubles_are_switched_over_http_and_time_may_run_faster() -> None:
    async with (
        SimCluster(SimOptions(pods=30, port=0, speed=100, seed=1)) as cluster,
        aiohttp.ClientSession() as session,
    ):
        order = {"trouble": "crash-loop", "namespace": "shop"}
        async with session.post(f"{cluster.url}/_sim/trouble", json=order) as response:
            raised = await response.json()
        name = raised["target"].split("/")[-1]

        async def restarts() -> int:
            pods = (await get(session, f"{cluster.url}/api/v1/namespaces/shop/pods"))["items"]
            own = [pod for pod in pods if pod["metadata"]["name"].startswith(f"{name}-")]
            return max(pod["status"]["containerStatuses"][0]["restartCount"] for pod in own)

        while await restarts() < 3:  # noqa: ASYNC110 - what a client sees, it sees by asking
            await asyncio.sleep(0.05)
        async with session.delete(f"{cluster.url}/_sim/trouble", json=order) as response:
            assert (await response.json())["mended"] == [raised]
        async with session.post(f"{cluster.url}/_sim/trouble", json={"trouble": "bad-luck"}) as response:
            assert response.status == 422
            assert "no trouble is called" in (await response.json())["error"]
        async with session.post(f"{cluster.url}/_sim/trouble", data=b"{") as response:
            assert response.status == 400
        async with session.post(f"{cluster.url}/_sim/trouble/7", json=order) as response:
            assert response.status == 404


async def test_the_scenario_given_is_played() -> None:
    scenario = Scenario((Step(1, "memory-pressure"),))
    async with SimCluster(SimOptions(pods=10, port=0, speed=100, scenario=scenario)) as cluster:
        while not cluster.troubles.active:  # noqa: ASYNC110 - nothing tells when
            await asyncio.sleep(0.01)
        assert [each.trouble.name for each in cluster.troubles.active.values()] == ["memory-pressure"]


async def test_a_cluster_stops_cleanly_when_cancelled() -> None:
    ready = asyncio.Event()
    found: list[SimCluster] = []

    def note(cluster: SimCluster) -> None:
        found.append(cluster)
        ready.set()

    task = asyncio.create_task(run_sim(SimOptions(pods=10, port=0, churn_per_minute=60), note))
    await ready.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(found[0].url)


async def test_what_the_engine_dies_of_is_not_hidden() -> None:
    def fail() -> None:
        raise RuntimeError("a fault of the engine")

    async def run_into_it() -> None:
        async with SimCluster(SimOptions(pods=0, port=0)) as cluster:
            cluster.engine.world.timers.after(0, fail)
            await asyncio.sleep(0.1)

    with pytest.raises(RuntimeError, match="a fault of the engine"):
        await run_into_it()


def test_a_taken_port_is_one_line_and_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert run(SimOptions(pods=0, port=taken.getsockname()[1])) == EXIT_USAGE

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("farwatch sim: cannot listen on 127.0.0.1:")
    assert said.err.count("\n") == 1


async def test_a_kubeconfig_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(SimError, match="cannot write"):
        async with SimCluster(SimOptions(pods=0, port=0, kubeconfig=tmp_path / "file" / "sim.kubeconfig")):
            pass


def test_a_speed_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(SimError, match="give a speed above 0"):
        SimOptions(speed=0)


async def test_the_official_client_understands_every_object_of_a_cluster_in_trouble() -> None:
    async with SimCluster(
        SimOptions(nodes=4, pods=60, port=0, speed=100, scenario=EVERYTHING, seed=1)
    ) as cluster:
        while len(cluster.troubles.active) < len(EVERYTHING.steps):  # noqa: ASYNC110 - nothing tells when
            await asyncio.sleep(0.05)
        counts = await asyncio.to_thread(count_objects, cluster.kubeconfig)

    assert min(counts.values()) > 0
    assert counts["pod"] >= 60


def count_objects(kubeconfig: Path) -> dict[str, int]:
    """How many objects of each kind the official client gets; it validates each of them."""
    api = kubernetes.config.new_client_from_config(str(kubeconfig))
    core, apps, batch = (
        kubernetes.client.CoreV1Api(api),
        kubernetes.client.AppsV1Api(api),
        kubernetes.client.BatchV1Api(api),
    )
    listings = {
        "node": core.list_node,
        "namespace": core.list_namespace,
        "volume": core.list_persistent_volume,
        "pod": core.list_pod_for_all_namespaces,
        "event": core.list_event_for_all_namespaces,
        "service": core.list_service_for_all_namespaces,
        "claim": core.list_persistent_volume_claim_for_all_namespaces,
        "quota": core.list_resource_quota_for_all_namespaces,
        "deployment": apps.list_deployment_for_all_namespaces,
        "replica set": apps.list_replica_set_for_all_namespaces,
        "stateful set": apps.list_stateful_set_for_all_namespaces,
        "daemon set": apps.list_daemon_set_for_all_namespaces,
        "job": batch.list_job_for_all_namespaces,
        "cron job": batch.list_cron_job_for_all_namespaces,
        "autoscaler": kubernetes.client.AutoscalingV2Api(
            api
        ).list_horizontal_pod_autoscaler_for_all_namespaces,
        "budget": kubernetes.client.PolicyV1Api(api).list_pod_disruption_budget_for_all_namespaces,
        "ingress": kubernetes.client.NetworkingV1Api(api).list_ingress_for_all_namespaces,
        "lease": kubernetes.client.CoordinationV1Api(api).list_lease_for_all_namespaces,
    }
    return {kind: len(listing().items) for kind, listing in listings.items()}
