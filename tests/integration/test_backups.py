"""A hub with an agent that never rests is backed up, lost, and made again out of the backup."""

from __future__ import annotations

import threading

import pytest

from .conftest import Stage, ask, eventually

pytestmark = pytest.mark.integration


def test_a_lost_hub_comes_back_from_a_backup_that_was_written_under_load(stage: Stage) -> None:
    backups = stage.folder / "backups"
    sim = stage.sim("--churn", "20")
    hub = stage.hub("--backups", backups)
    agent = stage.linked_agent(hub, "dev", sim.kubeconfig)
    sim.make_trouble("crash-loop")
    alert = hub.wait_alert("KubePodCrashLooping", "dev")
    hub.post("/silences", {"matchers": "team=web", "endsAt": "2040-01-01T00:00:00Z", "comment": "kept"})
    acknowledged = {change["sequence"] for change in hub.all_changes("dev")}
    assert acknowledged

    asked = [stage.run("backup", "create", "--keep", "2", **_as_admin(hub.url, hub.token)) for _ in range(2)]
    codes = sorted(process.wait() for process in asked)

    refused = [process.log for process in asked if process.wait() != 0]
    assert codes[0] == 0
    assert all("a backup is being written" in log or "is there already" in log for log in refused)
    listed = stage.cli(hub, "backup", "list")
    assert len(listed.output.splitlines()) == 1 + codes.count(0)

    # Lost: process and disk at once.
    port = int(hub.url.rpartition(":")[2])
    hub.kill()
    restored = stage.run("backup", "restore", "latest", "--backups", backups, "--data", stage.folder / "new")
    assert restored.wait() == 0, restored.log
    hub = stage.hub("--backups", backups, port=port, data="new")

    assert acknowledged <= {change["sequence"] for change in hub.all_changes("dev")}
    assert [silence["comment"] for silence in hub.get("/silences")["items"]] == ["kept"]
    agent.wait_ready()
    hub.wait_synced("dev")
    again = hub.wait_alert("KubePodCrashLooping", "dev")
    assert (again["fingerprint"], again["startsAt"]) == (alert["fingerprint"], alert["startsAt"])
    objects = {item["object"]["metadata"]["name"] for item in hub.get("/objects/nodes")["items"]}
    assert objects == set(sim.names("/api/v1/nodes"))


def test_a_kill_while_a_backup_is_written_leaves_no_half_one(stage: Stage) -> None:
    backups = stage.folder / "backups"
    hub = stage.hub("--backups", backups)
    hub.add_cluster("dev")
    token = {"Authorization": f"Bearer {hub.token}"}

    def create(url: str) -> None:
        try:
            ask("POST", f"{url}/api/v1/backups", {}, token)
        except OSError:
            """The hub was killed: that is the test."""

    for _ in range(3):
        asking = threading.Thread(target=create, args=(hub.url,))
        asking.start()
        eventually(lambda: backups.exists() and any(backups.iterdir()), "a backup is begun")
        hub.kill()
        asking.join()
        hub = stage.hub("--backups", backups)
        for backup in hub.get("/backups")["items"]:
            target = stage.folder / f"new-{backup['name']}"
            if not target.exists():
                done = stage.run("backup", "restore", backup["name"], "--backups", backups, "--data", target)
                assert done.wait() == 0, done.log
    eventually(lambda: hub.ask("POST", "/api/v1/backups", {}).status == 201, "a backup is written again")
    assert not [each.name for each in backups.iterdir() if each.name.startswith(".")]


def _as_admin(url: str, token: str) -> dict[str, str]:
    return {"FARWATCH_HUB": url, "FARWATCH_TOKEN": token}
