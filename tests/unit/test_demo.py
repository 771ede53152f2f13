from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from io import StringIO
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from rich.console import Console

from farwatch import demo
from farwatch.demo import DemoError, Process, Receiver

HOSTILE = "[bold]x[/bold] [/] \x1b[31mred"


def alert(
    name: str = "KubePodFailed", *, status: str = "firing", fingerprint: str = "f1", **annotations: str
) -> Any:
    return {
        "status": status,
        "fingerprint": fingerprint,
        "labels": {"alertname": name, "severity": "warning"},
        "annotations": {"summary": "Pod web-1 failed", "description": "It exited with 1.", **annotations},
    }


class Told:
    """A receiver on a real socket, and what it printed."""

    def __init__(self, receiver: Receiver, url: str, http: aiohttp.ClientSession, console: Console) -> None:
        self.receiver = receiver
        self._url = url
        self._http = http
        self._console = console

    async def notify(self, *alerts: Any) -> int:
        async with self._http.post(self._url, json={"alerts": alerts}) as answer:
            return answer.status

    @property
    def lines(self) -> list[str]:
        assert isinstance(self._console.file, StringIO)
        return [line.rstrip() for line in self._console.file.getvalue().splitlines()]


@pytest.fixture
async def told() -> AsyncIterator[Told]:
    console = Console(file=StringIO(), width=120, markup=True)
    receiver = Receiver(console)
    async with receiver.serve() as url, aiohttp.ClientSession() as http:
        yield Told(receiver, url, http, console)


class TestReceiver:
    async def test_an_alert_is_printed_once_as_it_fires_and_once_as_it_ends(self, told: Told) -> None:
        for _ in range(3):
            assert await told.notify(alert()) == 200
        assert [line[10:] for line in told.lines] == [
            "warning   KubePodFailed  Pod web-1 failed",
            "          It exited with 1.",
        ]
        for _ in range(3):
            await told.notify(alert(status="resolved"))
        assert [line[10:] for line in told.lines[2:]] == ["resolved  KubePodFailed  Pod web-1 failed"]
        assert told.receiver.notifications == 6

    async def test_one_that_comes_again_is_printed_again(self, told: Told) -> None:
        for status in ("firing", "resolved", "firing"):
            await told.notify(alert(status=status))
        assert len(told.lines) == 5

    async def test_one_that_ended_before_it_was_told_is_not_printed(self, told: Told) -> None:
        await told.notify(alert(status="resolved"))
        assert told.lines == []

    async def test_several_of_one_message_are_each_printed(self, told: Told) -> None:
        await told.notify(alert(fingerprint="f1"), alert(fingerprint="f2"))
        assert len(told.lines) == 4

    async def test_what_an_alert_says_is_text_and_no_mark_up(self, told: Told) -> None:
        await told.notify(alert(HOSTILE, summary=HOSTILE, description=HOSTILE))
        shown = "\n".join(told.lines)
        assert shown.count("[bold]x[/bold] [/] �[31mred") == 3
        assert "\x1b" not in shown

    async def test_a_long_description_stays_in_its_column(self, told: Told) -> None:
        await told.notify(alert(description="word " * 60))
        assert len(told.lines) > 3
        assert all(line.startswith(" " * 20 + "word") for line in told.lines[1:])


# --- processes --------------------------------------------------------------------------------------------------


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[Any]:
    """Starts a script as a process of the demo; ended with the test."""
    started: list[Process] = []

    async def start(script: str) -> Process:
        log = tmp_path / "log"
        with log.open("wb") as errors:
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, stderr=errors
            )
        started.append(Process("hub", child, log))
        return started[-1]

    yield start
    for one in started:
        await one.stop()


class TestProcess:
    async def test_its_first_line_says_that_it_is_there(self, process: Any) -> None:
        one = await process("import time; print('at http://x', flush=True); time.sleep(60)")
        assert await one.first_line() == "at http://x"

    async def test_one_that_dies_is_told_with_the_end_of_its_log(self, process: Any) -> None:
        one = await process(
            "import sys; [print('line', n, file=sys.stderr) for n in range(99)]; sys.exit('[/] it is broken')"
        )
        with pytest.raises(DemoError) as raised:
            await one.first_line()
        message = str(raised.value)
        assert message.startswith("hub ended with code 1:\n  line 85\n")
        assert message.endswith("  line 98\n  [/] it is broken")

    async def test_one_that_says_nothing_is_not_waited_for_for_ever(
        self, process: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(demo, "START_SECONDS", 0.01)
        one = await process("import time; time.sleep(60)")
        with pytest.raises(DemoError, match="hub did not start within 0 s"):
            await one.first_line()

    async def test_one_that_does_not_listen_is_killed(
        self, process: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(demo, "STOP_SECONDS", 0.05)
        one = await process(
            "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
        )
        await one.first_line()
        await one.stop()
        assert one._process.returncode == -9

    async def test_stopping_one_that_has_ended_is_nothing(self, process: Any) -> None:
        one = await process("pass")
        await one._process.wait()
        await one.stop()


class TestAddress:
    def test_a_free_port_is_taken_as_asked(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        assert demo._free(f"127.0.0.1:{port}") == f"127.0.0.1:{port}"

    def test_a_port_in_use_is_replaced_by_any(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            assert demo._free(f"127.0.0.1:{listener.getsockname()[1]}") == "127.0.0.1:0"


@pytest.mark.parametrize("listen", ["8080", "127.0.0.1:x"])
def test_an_address_that_is_none_is_one_line_and_exit_code_2(
    listen: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert demo.run(listen) == 2
    shown = capsys.readouterr()
    assert f"--listen '{listen}' is not of the form HOST:PORT" in shown.out + shown.err


class Client:
    """A hub with two clusters, one of them in trouble."""

    async def get(self, _path: str, answer: Any) -> Any:
        return msgspec.convert(
            {
                "items": [
                    {"name": "prod", "agentState": "connected", "nodes": 3, "pods": 40, "alerts": 2},
                    {"name": "dev", "agentState": "lost"},
                ]
            },
            answer,
        )


async def test_the_line_of_the_fleet_names_each_cluster(told: Told) -> None:
    told.receiver.notifications = 7
    line = await demo._fleet_line(Client(), told.receiver)  # type: ignore[arg-type]
    assert line.plain == "● prod 3 nodes 40 pods 2 firing   ● dev 0 nodes 0 pods 0 firing   7 notifications"
