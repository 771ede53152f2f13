from __future__ import annotations

import asyncio
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from farwatch.agent.command import build_parser, main
from farwatch.agent.config import SETTINGS

KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: test
clusters: [{{name: test, cluster: {{server: "{server}"}}}}]
contexts: [{{name: test, context: {{cluster: test, user: test}}}}]
users: [{{name: test, user: {{token: api-token}}}}]
"""


@pytest.fixture
def kubeconfig(tmp_path: Path, api_server: Any) -> Path:
    file = tmp_path / "kubeconfig"
    file.write_text(KUBECONFIG.format(server=api_server.url))
    return file


def test_every_setting_has_a_flag_with_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        build_parser().parse_args(["--help"])
    assert left.value.code == 0
    shown = capsys.readouterr().out
    assert [setting.flag for setting in SETTINGS.values() if setting.flag not in shown] == []
    assert "--config FILE" in shown


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "hub: not set; give --hub, FARWATCH_HUB or `hub:` in the configuration file"),
        (["--hbu", "x"], "unrecognized arguments: --hbu x; see farwatch agent --help"),
        (["--hub"], "argument --hub: expected one argument"),
        (["--hub", "https://hub", "--token", "x", "--poll", "often"], "--poll: 'often': not a duration"),
        (
            ["--config", "/nowhere/agent.yaml"],
            "/nowhere/agent.yaml: cannot be read: No such file or directory",
        ),
    ],
)
def test_a_wrong_command_line_is_told_in_one_line_with_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    assert main(arguments, {}) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("farwatch agent: ")
    assert problem in shown
    assert shown.count("\n") == 1


class Process:
    """An agent as a process of its own, with its log and what it says beside that."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.log: list[dict[str, Any]] = []
        self.said: list[str] = []

    async def read_until(self, event: str) -> None:
        assert self.process.stderr is not None
        while not self.log or self.log[-1]["event"] != event:
            line = await self.process.stderr.readline()
            assert line, f"the agent ended before {event!r}: {self.log}"
            self.log.append(msgspec.json.decode(line))

    async def end(self) -> int:
        _, rest = await self.process.communicate()
        for line in rest.decode().splitlines():
            if line.startswith("{"):
                self.log.append(msgspec.json.decode(line))
            else:
                self.said.append(line)
        assert self.process.returncode is not None
        return self.process.returncode


async def start(*arguments: str | Path, before: str = "") -> Process:
    code = (
        f"{before}\nimport sys; from farwatch.agent.command import main; sys.exit(main(sys.argv[1:], {{}}))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        code,
        *map(str, arguments),
        "--token",
        "t0ken",
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    return Process(process)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_process_in_order(
    hub: Any, kubeconfig: Path, eventually: Any, number: signal.Signals
) -> None:
    agent = await start("--hub", hub.url, "--kubeconfig", kubeconfig, "--health-listen", "127.0.0.1:0")
    await agent.read_until("linked")
    await eventually(lambda: "Event" in hub.view)

    agent.process.send_signal(number)

    assert await agent.end() == 0
    assert [close.code for close in hub.closes] == ["shutting_down"]
    assert [line["event"] for line in agent.log[-2:]] == ["stopping", "stopped"]
    assert "t0ken" not in str(agent.log)
    assert "api-token" not in str(agent.log)


@pytest.mark.parametrize("taken", ["health", "metrics"])
async def test_a_taken_port_is_told_in_one_line_with_exit_code_2(
    hub: Any, kubeconfig: Path, taken: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        listen = {"health": "127.0.0.1:0", "metrics": "127.0.0.1:0"} | {taken: f"127.0.0.1:{port}"}
        flags = ("--health-listen", listen["health"], "--metrics-listen", listen["metrics"])
        agent = await start("--hub", hub.url, "--kubeconfig", kubeconfig, *flags)
        assert await agent.end() == 2
    (line,) = agent.said
    assert line.startswith(f"farwatch agent: {taken}_listen: cannot listen on 127.0.0.1:{port}: ")
    assert "choose another address" in line


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (["--context", "absent"], "no context 'absent'; it has test"),
        (["--kubeconfig", "/nowhere/config"], "/nowhere/config: no such file"),
        (["--ca-file", "/nowhere/ca.pem"], "ca_file: cannot read /nowhere/ca.pem: No such file or directory"),
    ],
)
async def test_what_cannot_be_used_is_told_with_exit_code_2(
    hub: Any, kubeconfig: Path, flags: list[str], problem: str
) -> None:
    agent = await start("--hub", hub.url, "--kubeconfig", kubeconfig, *flags)
    assert await agent.end() == 2
    (line,) = agent.said
    assert line.startswith("farwatch agent: ")
    assert problem in line
    assert agent.log == []


async def test_a_fault_of_its_own_ends_the_process_with_one_line_of_the_log(
    hub: Any, kubeconfig: Path
) -> None:
    fault = """
import farwatch.agent.main
async def fail(*arguments): raise ZeroDivisionError("a poisoned object")
farwatch.agent.main.probe_api_server = fail
"""
    flags = ("--hub", hub.url, "--kubeconfig", kubeconfig, "--health-listen", "127.0.0.1:0")
    agent = await start(*flags, before=fault)
    assert await agent.end() == 1
    assert agent.said == []
    assert agent.log[-1]["level"] == "critical"
    assert "ended by a fault of the agent" in agent.log[-1]["event"]
    assert "ZeroDivisionError: a poisoned object" in agent.log[-1]["exception"]


async def test_the_process_leaves_out_what_it_does_not_need(kubeconfig: Path) -> None:
    code = "import sys, farwatch.agent.command as c; c._keep_small(); import farwatch.agent.main; print(*sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    loaded = set(out.decode().split())
    assert "farwatch.agent.main" in loaded
    assert (
        loaded & {"rich", "typer", "yaml", "aiohttp.web_app", "sqlalchemy", "pydantic", "cryptography"}
        == set()
    )
