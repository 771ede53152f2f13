from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any, Self

import msgspec
import pytest
from aiohttp import web
from rich.console import Console, RenderableType

from farwatch import views
from farwatch.client import ClientError
from farwatch.terminal import plain
from farwatch.views import Alert, Cluster, alert_table, cluster_table

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def show(renderable: RenderableType, width: int = 120, *, colour: bool = False) -> str:
    """What a terminal of this width shows, without the blanks at the ends of lines."""
    console = Console(
        file=StringIO(), width=width, force_terminal=colour, color_system="standard" if colour else None
    )
    console.print(renderable)
    assert isinstance(console.file, StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().rstrip("\n").split("\n"))


def alert(**changes: Any) -> Alert:
    labels = {
        "alertname": "KubePodCrashLooping",
        "severity": "warning",
        "cluster": "prod",
        "namespace": "shop",
        "workload": "web",
        **changes.pop("labels", {}),
    }
    found = {"labels": labels, "annotations": {"summary": "Deployment shop/web is crash looping"}, **changes}
    return Alert(**{"starts_at": NOON - timedelta(minutes=12), **found})


class TestClusterTable:
    def test_shows_each_cluster_in_a_line(self) -> None:
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
            ),
            Cluster(name="dev", agent_state="lost", last_seen_at=NOON - timedelta(hours=3, minutes=5)),
            Cluster(name="new", agent_state="never_connected"),
        ]
        assert show(cluster_table(clusters, NOON)).split("\n") == [
            "CLUSTER  AGENT            SEEN       NODES  PODS  ALERTS  KUBERNETES  AGENT VERSION",
            "prod     connected        now           20   400       3  v1.36.0     0.1.0",
            "dev      lost             3h05m ago      0     0       0  -           -",
            "new      never connected  never          0     0       0  -           -",
        ]


class TestAlertTable:
    def test_shows_each_alert_in_a_line_and_their_number(self) -> None:
        lines = show(alert_table([alert(), alert(labels={"severity": "critical"})], NOON)).split("\n")
        assert lines[0].split() == [
            "SEVERITY",
            "ALERT",
            "CLUSTER",
            "NAMESPACE",
            "SUBJECT",
            "SINCE",
            "SUMMARY",
        ]
        assert "warning   KubePodCrashLooping  prod     shop       web      12m" in lines[1]
        assert lines[1].endswith("Deployment shop/web is crash looping")
        assert lines[-1] == "2 firing"

    def test_says_so_when_nothing_fires(self) -> None:
        assert show(alert_table([], NOON)).split("\n")[-1] == "Nothing fires."

    def test_tells_a_fault_below(self) -> None:
        assert show(alert_table([alert()], NOON, fault="cannot reach the hub"), 200).endswith(
            "cannot reach the hub"
        )

    @pytest.mark.parametrize(
        ("labels", "subject"),
        [
            ({"workload": "web", "pod": "web-1", "node": "n"}, "web"),
            ({"pod": "web-1", "node": "n"}, "web-1"),
            ({"node": "n"}, "n"),
            ({}, ""),
        ],
    )
    def test_names_the_largest_thing_that_an_alert_is_about(
        self, labels: dict[str, str], subject: str
    ) -> None:
        found = Alert(labels={"alertname": "A", **labels}, annotations={}, starts_at=NOON)
        line = show(alert_table([found], NOON)).split("\n")[1]
        assert line.split() == [word for word in ("A", subject, "0s") if word]

    def test_folds_a_long_summary_into_its_own_column(self) -> None:
        lines = show(alert_table([alert(annotations={"summary": "word " * 60})], NOON), 110).split("\n")
        assert len(lines) > 4
        assert all(line.startswith(" " * 60) for line in lines[2:-1])
        assert "".join(lines).count("word") == 60

    def test_an_alert_without_labels_is_shown_as_well(self) -> None:
        assert "0s" in show(alert_table([Alert(labels={}, annotations={}, starts_at=NOON)], NOON))


class TestWhatOthersWrote:
    HOSTILE = "[bold]not bold[/bold] [/] :warning: \x1b[31mred\x1b[0m \x9b2J"

    @pytest.mark.parametrize("label", ["alertname", "severity", "cluster", "namespace", "workload"])
    def test_in_labels_is_text_and_no_mark_up(self, label: str) -> None:
        shown = show(alert_table([alert(labels={label: self.HOSTILE})], NOON), 300, colour=True)
        assert "[bold]not bold[/bold] [/] :warning: �[31mred�[0m �2J" in shown

    def test_in_annotations_is_text_and_no_mark_up(self) -> None:
        shown = show(alert_table([alert(annotations={"summary": self.HOSTILE})], NOON), 300, colour=True)
        assert "[bold]not bold[/bold] [/] :warning: �[31mred�[0m" in shown

    def test_in_clusters_is_text_and_no_mark_up(self) -> None:
        hostile = Cluster(
            name=self.HOSTILE,
            agent_state=self.HOSTILE,
            kubernetes_version=self.HOSTILE,
            agent_version=self.HOSTILE,
        )
        shown = show(cluster_table([hostile], NOON), 400, colour=True)
        assert shown.count("[bold]not bold[/bold] [/] :warning: �[31mred�[0m") == 4

    def test_in_a_fault_is_text_and_no_mark_up(self) -> None:
        assert "[bold]not" in show(alert_table([], NOON, fault=self.HOSTILE), 300)

    def test_stays_in_its_line(self) -> None:
        assert plain("one\ntwo\tthree\r\n").plain == "one two three� "


@pytest.mark.parametrize(
    ("ago", "shown"),
    [
        (timedelta(seconds=-5), "0s"),
        (timedelta(seconds=59), "59s"),
        (timedelta(seconds=60), "1m"),
        (timedelta(minutes=59, seconds=59), "59m"),
        (timedelta(hours=1), "1h00m"),
        (timedelta(hours=23, minutes=59), "23h59m"),
        (timedelta(days=1), "1d00h"),
        (timedelta(days=400, hours=7), "400d07h"),
    ],
)
def test_ages_have_the_two_units_that_matter(ago: timedelta, shown: str) -> None:
    assert views._age(NOON - ago, NOON) == shown


# --- commands against a hub that the test plays -----------------------------------------------------------------


class Hub:
    """A hub that answers as the test says, and notes what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[tuple[str, str]] = []
        self.answer: Any = {}

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append((request.method, request.path_qs))
        return web.json_response(self.answer)


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    made = Hub()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


ISSUED = {"name": "prod", "id": "0011", "token": "fwa_" + "x" * 200}


class TestCommands:
    async def test_adding_a_cluster_prints_what_to_run_next_on_one_line(
        self, hub: Hub, capsys: pytest.CaptureFixture[str]
    ) -> None:
        hub.answer = ISSUED
        await views.add_cluster(hub.url, "t", "prod", as_json=False)
        shown = capsys.readouterr().out
        assert f"  {ISSUED['token']}\n" in shown
        assert f"  farwatch agent --hub {hub.url} --cluster-name prod --token {ISSUED['token']}\n" in shown

    async def test_adding_a_cluster_for_a_script_prints_name_and_token(
        self, hub: Hub, capsys: pytest.CaptureFixture[str]
    ) -> None:
        hub.answer = ISSUED
        await views.add_cluster(hub.url, "t", "prod", as_json=True)
        assert msgspec.json.decode(capsys.readouterr().out) == {"name": "prod", "token": ISSUED["token"]}

    async def test_rotating_prints_the_new_token_and_the_end_of_the_old(
        self, hub: Hub, capsys: pytest.CaptureFixture[str]
    ) -> None:
        hub.answer = ISSUED
        await views.rotate_token(hub.url, "t", "prod", 60, as_json=False)
        shown = capsys.readouterr().out
        assert f"  {ISSUED['token']}\n" in shown
        assert "Former tokens end in 60 s." in shown
        assert hub.asked == [("POST", "/api/v1/clusters/prod/tokens")]

    async def test_removing_and_revoking_ask_for_what_they_say(self, hub: Hub) -> None:
        await views.revoke_tokens(hub.url, "t", "prod")
        await views.remove_cluster(hub.url, "t", "prod")
        assert hub.asked == [
            ("DELETE", "/api/v1/clusters/prod/tokens"),
            ("DELETE", "/api/v1/clusters/prod"),
        ]

    async def test_a_name_that_is_a_path_asks_for_nothing(self, hub: Hub) -> None:
        with pytest.raises(ClientError, match="cannot be a cluster's name"):
            await views.remove_cluster(hub.url, "t", "prod/tokens")
        assert hub.asked == []

    async def test_lists_for_scripts_are_what_the_hub_said(
        self, hub: Hub, capsys: pytest.CaptureFixture[str]
    ) -> None:
        hub.answer = {"items": [{"name": "prod", "something": "new"}]}
        await views.list_clusters(hub.url, "t", as_json=True)
        assert msgspec.json.decode(capsys.readouterr().out) == hub.answer["items"]
        await views.print_alerts(hub.url, "t", "prod", as_json=True)
        assert msgspec.json.decode(capsys.readouterr().out) == hub.answer["items"]
        assert hub.asked[-1] == ("GET", "/api/v1/alerts?cluster=prod")

    async def test_empty_lists_say_so(self, hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
        hub.answer = {"items": []}
        await views.list_clusters(hub.url, "t", as_json=False)
        await views.print_alerts(hub.url, "t", "", as_json=False)
        assert capsys.readouterr().out == (
            "No clusters yet. Add one: farwatch cluster add NAME\nNothing fires.\n"
        )

    async def test_alerts_are_shown_the_most_urgent_first(
        self, hub: Hub, capsys: pytest.CaptureFixture[str]
    ) -> None:
        hub.answer = {
            "items": [
                {
                    "labels": {"alertname": name, "severity": severity},
                    "annotations": {},
                    "startsAt": f"2026-11-20T12:0{minute}:00Z",
                }
                for name, severity, minute in (
                    ("D", "info", 0),
                    ("E", "odd", 0),
                    ("C", "warning", 1),
                    ("B", "warning", 0),
                    ("A", "critical", 5),
                )
            ]
        }
        await views.print_alerts(hub.url, "t", "", as_json=False)
        lines = capsys.readouterr().out.split("\n")
        assert [line.split()[1] for line in lines[1:6]] == ["A", "B", "C", "D", "E"]

    async def test_a_time_without_a_zone_is_not_what_a_hub_says(self, hub: Hub) -> None:
        hub.answer = {"items": [{"labels": {}, "annotations": {}, "startsAt": "2026-11-20T12:00:00"}]}
        with pytest.raises(ClientError, match="not as a Farwatch hub does"):
            await views.print_alerts(hub.url, "t", "", as_json=False)

    async def test_a_live_table_goes_on_when_the_hub_vanishes_and_says_so(
        self, hub: Hub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        drawn: list[str] = []
        enough = asyncio.Event()

        class Screen:
            def __init__(self, *_: object, **__: object) -> None: ...
            def __enter__(self) -> Self:
                return self

            def __exit__(self, *_: object) -> None: ...
            def update(self, table: RenderableType, **_: object) -> None:
                drawn.append(show(table, 300))
                if len(drawn) == 2:
                    enough.set()
                hub.answer = {"unexpected": True}

        hub.answer = {"items": []}
        monkeypatch.setattr(views, "Live", Screen)
        monkeypatch.setattr(views, "_REFRESH_SECONDS", 0.01)
        watching = asyncio.create_task(views.watch_alerts(hub.url, "t", ""))
        async with asyncio.timeout(30):
            await enough.wait()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        assert drawn[0].endswith("Nothing fires.")
        assert "not as a Farwatch hub does" in drawn[1]
