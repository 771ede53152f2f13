"""A simulated cluster on a socket."""

import asyncio
import socket
from pathlib import Path

import aiohttp
import pytest
import yaml

from farwatch.sim.errors import SimError
from farwatch.sim.main import EXIT_USAGE, SimCluster, SimOptions, run, run_sim
from farwatch.sim.scenario import Scenario, Step


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
