from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from farwatch import __version__, demo
from farwatch.cli.views import alerts, cluster, clusters, install, keys
from farwatch.client import ClientError
from farwatch.hub import main as hub_main
from farwatch.sim import main as sim_main

COMMANDS = ("hub", "agent", "sim", "demo", "alerting", "alerts", "cluster", "silences", "version")

Run = Callable[..., Result]


class TestHelp:
    def test_names_every_command_and_what_it_does(self, run: Run) -> None:
        shown = run("--help").output
        for command in COMMANDS:
            assert re.search(rf"^\s*{command}\s+\w+", shown, re.MULTILINE), command

    def test_is_shown_to_who_gives_no_command(self, run: Run) -> None:
        assert "Usage:" in run().output
        assert "Usage:" in run("cluster").output

    @pytest.mark.parametrize(
        ("command", "flags"),
        [
            (
                ("hub",),
                "--data --listen --alerting --detectors --sso --external-url --retention --agent-grace --heartbeat-url --heartbeat-interval --evidence-wait --alertmanager-listen --alertmanager-auth --alerting-editable --alerting-reload --database --database-file --standby --telemetry --telemetry-file --telemetry-ca --backups --bootstrap-cluster --bootstrap-token-file --session-idle-hours --session-days --trusted-proxies --log-level",
            ),
            (
                ("sim",),
                "--nodes --pods --listen --kubeconfig --token --tls --rbac --scenario --chaos --churn --speed --seed",
            ),
            (("admin", "reset"), "--data --database --database-file"),
            (("admin", "list"), "--data --database --database-file"),
            (("backup", "create"), "--keep --timeout --hub --token --json"),
            (("backup", "list"), "--hub --token --json"),
            (("backup", "restore"), "--backups --data --if-empty --database --database-file"),
            (("demo",), "--listen"),
            (("alerts",), "--hub --token --json --cluster --once"),
            (("alerts", "explain"), "--hub --token --json"),
            (("alerts", "ack"), "--note --hub --token"),
            (("alerts", "unack"), "--hub --token"),
            (("alerts", "snooze"), "--for --until --note --hub --token"),
            (
                ("alerts", "history"),
                "--since --until --cluster --alertname --fingerprint --limit --hub --token --json",
            ),
            (("alerts", "stats"), "--since --until --cluster --alertname --hub --token --json"),
            (
                ("alerts", "notifications"),
                "--since --until --cluster --alertname --fingerprint --receiver --outcome --limit --hub --token --json",
            ),
            (("silences", "list"), "--expired --hub --token --json"),
            (("silences", "show"), "--hub --token --json"),
            (("silences", "add"), "--for --until --comment --yes --hub --token"),
            (("silences", "expire"), "--hub --token"),
            (("alerting", "reload"), "--hub --token --json"),
            (("alerting", "config"), "--hub --token --json"),
            (("alerting", "test"), "--hub --token --json"),
            (("alerting", "check"), "--json"),
            (("alerting", "route"), "--labels --file --tree --hub --token --json"),
            (("token", "create"), "--role --cluster --namespace --scope --days --hub --token --json"),
            (("token", "list"), "--all --hub --token --json"),
            (("token", "revoke"), "--hub --token"),
            (("cluster", "add"), "--label --hub --token --json"),
            (("cluster", "show"), "--hub --token --json"),
            (("cluster", "label"), "--hub --token --json"),
            (("cluster", "rename"), "--hub --token"),
            (
                ("cluster", "install"),
                (
                    "--mode --namespace --https-proxy --http-proxy --no-proxy --watch --exclude --ca-file --image "
                    "--feature --values --preview --command-only --hub --token --json"
                ),
            ),
            (("cluster", "rotate"), "--hub --token --overlap --json"),
            (("cluster", "keys", "create"), "--names --label --hub --token --json"),
            (("cluster", "keys", "list"), "--hub --token --json"),
            (("cluster", "keys", "revoke"), "--hub --token"),
            (("cluster", "list"), "--hub --token --json"),
            (("cluster", "rotate-token"), "--hub --token --overlap --json"),
            (("cluster", "revoke-tokens"), "--hub --token"),
            (("cluster", "remove"), "--hub --token"),
        ],
    )
    def test_explains_every_flag(self, run: Run, command: tuple[str, ...], flags: str) -> None:
        result = run(*command, "--help")
        assert result.exit_code == 0
        for flag in flags.split():
            assert re.search(rf"{flag}\b.*\S", result.output), flag
        assert set(re.findall(r"--[a-z-]+", result.output)) == {*flags.split(), "--help"} | (
            {"--json"} if "--json" in flags else set()
        )

    def test_names_the_environment_variables(self, run: Run) -> None:
        shown = run("alerts", "--help").output
        assert "FARWATCH_HUB" in shown
        assert "FARWATCH_TOKEN" in shown

    def test_version_is_printed_alone(self, run: Run) -> None:
        assert run("version").output == f"{__version__}\n"


class TestClientCommands:
    @pytest.fixture
    def asked(self, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
        """What the views were asked for."""
        calls: list[tuple[Any, ...]] = []

        def note(name: str) -> Callable[..., Any]:
            async def view(*arguments: Any, **more: Any) -> None:
                calls.append((name, *arguments, more))

            return view

        for module, names in (
            (clusters, "add_cluster list_clusters rotate_token revoke_tokens remove_cluster"),
            (cluster, "show_cluster label_cluster rename_cluster"),
            (install, "install_agent"),
            (keys, "create_key list_keys revoke_key"),
            (alerts, "print_alerts watch_alerts"),
        ):
            for name in names.split():
                monkeypatch.setattr(module, name, note(name))
        return calls

    @pytest.mark.parametrize(
        ("arguments", "call"),
        [
            (["cluster", "add", "prod", "--json"], ("add_cluster", "H", "T", "prod", {}, {"as_json": True})),
            (
                ["cluster", "add", "prod", "--label", "env=prod", "--label", "team=a=b"],
                ("add_cluster", "H", "T", "prod", {"env": "prod", "team": "a=b"}, {"as_json": False}),
            ),
            (["cluster", "show", "prod"], ("show_cluster", "H", "T", "prod", {"as_json": False})),
            (
                ["cluster", "label", "prod", "env=dev", "team-"],
                ("label_cluster", "H", "T", "prod", {"env": "dev", "team": None}, {"as_json": False}),
            ),
            (["cluster", "rename", "prod", "new"], ("rename_cluster", "H", "T", "prod", "new", {})),
            (
                ["cluster", "keys", "create", "fleet", "--names", "prod-*", "--label", "env=prod"],
                ("create_key", "H", "T", "fleet", "prod-*", {"env": "prod"}, {"as_json": False}),
            ),
            (["cluster", "keys", "list"], ("list_keys", "H", "T", {"as_json": False})),
            (["cluster", "keys", "revoke", "0011"], ("revoke_key", "H", "T", "0011", {})),
            (
                ["cluster", "rotate", "prod"],
                ("rotate_token", "H", "T", "prod", 86400, {"as_json": False}),
            ),
            (["cluster", "list"], ("list_clusters", "H", "T", {"as_json": False})),
            (
                ["cluster", "rotate-token", "prod"],
                ("rotate_token", "H", "T", "prod", 86400, {"as_json": False}),
            ),
            (
                ["cluster", "rotate-token", "prod", "--overlap", "0"],
                ("rotate_token", "H", "T", "prod", 0, {"as_json": False}),
            ),
            (["cluster", "revoke-tokens", "prod"], ("revoke_tokens", "H", "T", "prod", {})),
            (["cluster", "remove", "prod"], ("remove_cluster", "H", "T", "prod", {})),
            (["alerts", "--cluster", "prod"], ("print_alerts", "H", "T", "prod", {"as_json": False})),
            (["alerts", "--json"], ("print_alerts", "H", "T", "", {"as_json": True})),
        ],
    )
    def test_take_hub_and_token_from_flags_or_environment(
        self, run: Run, asked: list[tuple[Any, ...]], arguments: list[str], call: tuple[Any, ...]
    ) -> None:
        assert run(*arguments, FARWATCH_HUB="H", FARWATCH_TOKEN="T").exit_code == 0
        assert run(*arguments, "--hub", "H", "--token", "T", FARWATCH_HUB="other").exit_code == 0
        assert asked == [call, call]

    def test_what_is_chosen_for_an_install_has_the_apis_names(
        self, run: Run, asked: list[tuple[Any, ...]], tmp_path: Path
    ) -> None:
        authority, values = tmp_path / "ca.pem", tmp_path / "values.yaml"
        authority.write_text("PEM")
        values.write_text("replicas: 2\n")
        flags = "--mode full --namespace watch --https-proxy http://p:3128 --no-proxy a,b --watch shop --watch pay"
        more = [
            "--ca-file",
            str(authority),
            "--values",
            str(values),
            "--feature",
            "events=false",
            "--feature",
            "logs",
        ]
        image = ["--image", "registry.example:5000/farwatch/agent:1.2@sha256:00"]
        done = run("cluster", "install", "prod", *flags.split(), *more, *image, "--token", "T")
        assert done.exit_code == 0, done.output
        ((_, _, _, name, options, how),) = asked
        assert name == "prod"
        assert options == {
            "mode": "full",
            "namespace": "watch",
            "proxy": {"https": "http://p:3128", "noProxy": "a,b"},
            "watchNamespaces": ["shop", "pay"],
            "caBundle": "PEM",
            "image": {
                "repository": "registry.example:5000/farwatch/agent",
                "tag": "1.2",
                "digest": "sha256:00",
            },
            "features": {"events": False, "logs": True},
            "values": {"replicas": 2},
        }
        assert how == {"preview": False, "command_only": False, "as_json": False}

    @pytest.mark.parametrize("content", ["- a list", "a: [", "just words", b"\xff\xfe"])
    def test_a_file_that_holds_no_values_is_named(
        self, run: Run, tmp_path: Path, content: str | bytes
    ) -> None:
        values = tmp_path / "values.yaml"
        values.write_bytes(content if isinstance(content, bytes) else content.encode())
        result = run("cluster", "install", "prod", "--values", str(values))
        assert result.exit_code == 2
        assert "values.yaml" in result.stderr

    def test_a_refusal_is_one_line_on_stderr_with_exit_code_1(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def refuse(*_: object, **__: object) -> None:
            raise ClientError("the hub refused: no")

        monkeypatch.setattr(clusters, "list_clusters", refuse)
        result = run("cluster", "list")
        assert result.exit_code == 1
        assert result.stdout == ""
        assert result.stderr == "farwatch: the hub refused: no\n"

    def test_a_hub_that_is_not_there_is_one_line(self, run: Run) -> None:
        result = run("alerts", "--once", "--hub", "http://127.0.0.1:1")
        assert result.exit_code == 1
        assert result.stderr.startswith("farwatch: cannot reach the hub at http://127.0.0.1:1: ")
        assert result.stderr.count("\n") == 1

    def test_an_interrupt_ends_it_without_a_word(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        async def interrupt(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(clusters, "list_clusters", interrupt)
        result = run("cluster", "list")
        assert (result.exit_code, result.output) == (130, "")

    @pytest.mark.parametrize(
        "arguments",
        [
            ["nope"],
            ["cluster", "add"],
            ["cluster", "add", "prod", "--label", "env"],
            ["cluster", "label", "prod"],
            ["cluster", "label", "prod", "env"],
            ["cluster", "label", "prod", "-"],
            ["cluster", "rename", "prod"],
            ["cluster", "install", "prod", "--ca-file", "/nowhere.pem"],
            ["cluster", "install", "prod", "--values", "/nowhere.yaml"],
            ["cluster", "install", "prod", "--feature", "events=no"],
            ["cluster", "keys"],
            ["alerts", "--hub", "http://elsewhere", "ack", "0011223344556677"],
            ["alerts", "--json", "history"],
            ["alerts", "history", "--limit", "0"],
            ["silences", "add"],
            ["cluster", "rotate-token", "prod", "--overlap", "-1"],
            ["hub", "--retention", "0"],
            ["hub", "--agent-grace", "0"],
            ["sim", "--nodes", "0"],
            ["sim", "--listen", "6443"],
            ["sim", "--scenario", "/nowhere.yaml"],
        ],
    )
    def test_a_wrong_command_line_is_exit_code_2(self, run: Run, arguments: list[str]) -> None:
        result = run(*arguments)
        assert result.exit_code == 2
        assert result.stderr


class TestHub:
    def test_is_run_with_what_the_flags_say(
        self, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        started: list[hub_main.HubOptions] = []

        def start(options: hub_main.HubOptions) -> int:
            started.append(options)
            return 3

        monkeypatch.setattr(hub_main, "run", start)
        arguments = ["--data", str(tmp_path), "--listen", ":1", "--alerting", "a.yml", "--detectors", "d.yml"]
        arguments += [
            "--external-url",
            "https://h",
            "--retention",
            "30",
            "--agent-grace",
            "60",
            "--evidence-wait",
            "0.5",
            "--heartbeat-url",
            "https://h/ping",
            "--heartbeat-interval",
            "30",
            "--log-level",
            "debug",
        ]
        assert run("hub", *arguments, FARWATCH_ADMIN_TOKEN="an-admin-token-of-mine").exit_code == 3
        assert run("hub", FARWATCH_ADMIN_TOKEN="").exit_code == 3
        assert started == [
            hub_main.HubOptions(
                data=tmp_path,
                listen=":1",
                alerting=Path("a.yml"),
                detectors=Path("d.yml"),
                external_url="https://h",
                retention=("30",),
                agent_grace_seconds=60,
                evidence_wait_seconds=0.5,
                heartbeat_url="https://h/ping",
                heartbeat_seconds=30,
                log_level="debug",
                admin_token="an-admin-token-of-mine",
            ),
            hub_main.HubOptions(),
        ]


WITHOUT = """
import sys

class Missing:
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] == sys.argv[1]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
from farwatch.cli import app
app(sys.argv[2:])
"""
"""Runs a command line as if a package were not installed."""


@pytest.mark.parametrize("package", ["uvicorn", "litestar", "sqlalchemy", "chdb"])
def test_without_its_extra_the_hub_says_what_to_install(package: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WITHOUT, package, "hub"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert found.returncode == 2
    assert found.stderr == (
        f"farwatch: the hub needs {package}, which is not installed: pip install 'farwatch[hub]'\n"
    )


def test_sim_and_demo_are_run_with_what_the_flags_say(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []
    monkeypatch.setattr(sim_main, "run", lambda options: started.append(options) or 0)
    monkeypatch.setattr(demo, "run", lambda listen: started.append(listen) or 0)
    assert (
        run(
            "sim",
            "--nodes",
            "5",
            "--pods",
            "7",
            "--listen",
            "[::1]:0",
            "--seed",
            "1",
            "--speed",
            "2",
            "--tls",
            "--rbac",
        ).exit_code
        == 0
    )
    assert run("demo", "--listen", "127.0.0.1:1").exit_code == 0
    sim, listen = started
    assert (sim.nodes, sim.pods, sim.host, sim.port, sim.seed, sim.speed) == (5, 7, "::1", 0, 1, 2.0)
    assert (sim.tls, sim.rbac) == (True, True)
    assert listen == "127.0.0.1:1"
