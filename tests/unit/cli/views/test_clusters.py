from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from farwatch.cli.views import clusters as views
from farwatch.cli.views.clusters import Cluster, Permissions, cluster_table
from farwatch.client import ClientError

Show = Callable[..., str]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class TestClusterTable:
    def test_shows_each_cluster_in_a_line(self, show: Show) -> None:
        clusters = [
            Cluster(
                name="prod",
                agent_state="connected",
                last_seen_at=NOON,
                nodes=20,
                pods=400,
                alerts=3,
                kubernetes_version="v1.36.0",
                agent_version="0.1.0",
                permissions=Permissions(),
                labels={"env": "prod", "team": "a"},
            ),
            Cluster(name="dev", agent_state="lost", last_seen_at=NOON - timedelta(hours=3, minutes=5)),
            Cluster(name="new", agent_state="never_connected"),
        ]
        assert show(cluster_table(clusters, NOON)).split("\n") == [
            "CLUSTER  AGENT            SEEN       NODES  PODS  ALERTS  RIGHTS  KUBERNETES  AGENT VERSION  LABELS",
            "prod     connected        now           20   400       3  ok      v1.36.0     0.1.0          env=prod team=a",
            "dev      lost             3h05m ago      0     0       0  -       -           -              -",
            "new      never connected  never          0     0       0  -       -           -              -",
        ]

    @pytest.mark.parametrize(
        ("permissions", "told"),
        [
            (Permissions(missing=[{}], excess=[{}]), "missing"),
            (Permissions(excess=[{}]), "too many"),
            (Permissions(problem="no answer"), "-"),
        ],
    )
    def test_shows_what_is_amiss_with_the_agents_rights(
        self, show: Show, permissions: Permissions, told: str
    ) -> None:
        cluster = Cluster(name="prod", agent_state="lost", permissions=permissions)
        heading, line = show(cluster_table([cluster], NOON)).split("\n")
        assert line[heading.index("RIGHTS") :].startswith(f"{told} ")


class TestWhatOthersWrote:
    HOSTILE = "[bold]not bold[/bold] [/] :warning: \x1b[31mred\x1b[0m \x9b2J"

    def test_in_clusters_is_text_and_no_mark_up(self, show: Show) -> None:
        hostile = Cluster(
            name=self.HOSTILE,
            agent_state=self.HOSTILE,
            kubernetes_version=self.HOSTILE,
            agent_version=self.HOSTILE,
        )
        shown = show(cluster_table([hostile], NOON), 400, colour=True)
        assert shown.count("[bold]not bold[/bold] [/] :warning: �[31mred�[0m") == 4


ISSUED = {"name": "prod", "id": "0011", "token": "fwa_" + "x" * 200}


class TestCommands:
    async def test_adding_a_cluster_prints_what_to_run_next_on_one_line(
        self, hub: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        hub.answer = ISSUED
        await views.add_cluster(hub.url, "t", "prod", {"env": "prod"}, as_json=False)
        assert hub.bodies == [{"name": "prod", "labels": {"env": "prod"}}]
        shown = capsys.readouterr().out
        assert f"  {ISSUED['token']}\n" in shown
        assert f"  farwatch agent --hub {hub.url} --cluster-name prod --token {ISSUED['token']}\n" in shown

    async def test_adding_a_cluster_for_a_script_prints_name_and_token(
        self, hub: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        hub.answer = ISSUED
        await views.add_cluster(hub.url, "t", "prod", as_json=True)
        assert msgspec.json.decode(capsys.readouterr().out) == {"name": "prod", "token": ISSUED["token"]}

    async def test_rotating_prints_the_new_token_and_the_end_of_the_old(
        self, hub: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        hub.answer = ISSUED
        await views.rotate_token(hub.url, "t", "prod", 60, as_json=False)
        shown = capsys.readouterr().out
        assert f"  {ISSUED['token']}\n" in shown
        assert "Former tokens end in 60 s." in shown
        assert hub.asked == [("POST", "/api/v1/clusters/prod/tokens")]

    async def test_removing_and_revoking_ask_for_what_they_say(self, hub: Any) -> None:
        await views.revoke_tokens(hub.url, "t", "prod")
        await views.remove_cluster(hub.url, "t", "prod")
        assert hub.asked == [
            ("DELETE", "/api/v1/clusters/prod/tokens"),
            ("DELETE", "/api/v1/clusters/prod"),
        ]

    async def test_a_name_that_is_a_path_asks_for_nothing(self, hub: Any) -> None:
        with pytest.raises(ClientError, match="cannot be a cluster's name"):
            await views.remove_cluster(hub.url, "t", "prod/tokens")
        assert hub.asked == []

    async def test_lists_for_scripts_are_what_the_hub_said(
        self, hub: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        hub.answer = {"items": [{"name": "prod", "something": "new"}]}
        await views.list_clusters(hub.url, "t", as_json=True)
        assert msgspec.json.decode(capsys.readouterr().out) == hub.answer["items"]

    async def test_an_empty_list_says_so(self, hub: Any, capsys: pytest.CaptureFixture[str]) -> None:
        hub.answer = {"items": []}
        await views.list_clusters(hub.url, "t", as_json=False)
        assert capsys.readouterr().out == "No clusters yet. Add one: farwatch cluster add NAME\n"
