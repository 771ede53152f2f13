"""Apprise, through its services that post JSON and forms to a server of one's own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from farwatch.hub.alerting import Config
from farwatch.hub.alerting.dispatch import NotifyReason
from farwatch.hub.alerting.document import parse_document
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.receivers import DeliveryError, Receiver, build_receivers

from ..conftest import Sink, alert, configuration

MESSAGE = Message(
    receiver="team",
    reason=NotifyReason.FIRST,
    group_key="{}:{}",
    group_labels={"alertname": "KubePodCrashLooping"},
    alerts=(alert("a", cluster="x"),),
)


def text(section: str) -> str:
    return f"route: {{receiver: team}}\nreceivers: [{{name: team, apprise_configs: [{{{section}}}]}}]\n"


@pytest.fixture
def build(http: aiohttp.ClientSession) -> Any:
    def build(section: str, timeout: float = 30) -> Receiver:
        ((_, receiver),) = build_receivers(configuration(text(section)), http, timeout)["team"]
        return receiver

    return build


def url(sink: Sink, scheme: str = "json") -> str:
    return f"{scheme}://me:s3cret@127.0.0.1:{sink.server.port}/secret-path"


async def test_every_service_gets_the_message(build: Any, sink: Sink) -> None:
    receipt = await build(f"urls: ['{url(sink)}', '{url(sink, 'form')}']").send(MESSAGE)
    assert receipt == "taken by JSON 1, Form 2"
    assert {request["title"] for _, request in sink.requests} == {
        "[FIRING:1] KubePodCrashLooping (x a)",
    }
    assert all("a crashes" in request["message"] for _, request in sink.requests)
    assert {request["type"] for _, request in sink.requests} == {"failure"}


async def test_an_end_is_told_as_success_in_the_users_words(build: Any, sink: Sink) -> None:
    receiver = build(f"urls: ['{url(sink)}'], title: '{{{{ .Status }}}}', body: 'all well'")
    ended = msgspec.structs.replace(MESSAGE, alerts=(alert("a", ends=60),))
    await receiver.send(ended)
    ((_, request),) = sink.requests
    assert (request["title"], request["message"], request["type"]) == ("resolved", "all well", "success")


async def test_a_failure_of_all_is_worth_another_try(build: Any, sink: Sink) -> None:
    sink.otherwise = web.Response(status=500, text="secret-path")
    with pytest.raises(DeliveryError) as error:
        await build(f"urls: ['{url(sink)}']").send(MESSAGE)
    assert error.value.retryable
    assert str(error.value) == "1 of 1 services did not take it: JSON 1"


async def test_those_who_took_it_are_not_told_again(build: Any, sink: Sink) -> None:
    receiver = build(f"urls: ['{url(sink)}', '{url(sink, 'form')}']")
    sink.answers.extend([web.Response(), web.Response(status=500)])
    with pytest.raises(DeliveryError, match=r"1 of 2 services did not take it: \w+ \d") as error:
        await receiver.send(MESSAGE)
    assert error.value.retryable
    assert await receiver.send(MESSAGE) == "taken by JSON 1, Form 2"
    assert len(sink.requests) == 3
    await receiver.send(MESSAGE)  # a repetition, for all
    assert len(sink.requests) == 5


async def test_a_service_that_hangs_is_left_after_the_timeout(build: Any, sink: Sink) -> None:
    receiver = build(f"urls: ['{url(sink)}&rto=0.2', '{url(sink, 'form')}&rto=0.2']", 5)
    sink.answers.extend([None, web.Response()])
    with pytest.raises(DeliveryError, match="1 of 2 services did not take it") as error:
        await receiver.send(MESSAGE)
    assert error.value.retryable
    sink.otherwise = None
    with pytest.raises(DeliveryError, match=r"no answer within 0\.05 s") as error:
        await build(f"urls: ['{url(sink)}&rto=0.2']", 0.05).send(MESSAGE)
    assert error.value.retryable


async def test_a_service_that_hangs_takes_no_thread_that_others_need(build: Any, sink: Sink) -> None:
    sink.otherwise = None
    asyncio.get_running_loop().set_default_executor(executor := ThreadPoolExecutor(1))
    with pytest.raises(DeliveryError, match="no answer within"):
        await build(f"urls: ['{url(sink)}&rto=0.5']", 0.05).send(MESSAGE)
    assert executor._work_queue.empty()
    assert not executor._threads


async def test_services_in_a_file_are_read_at_each_message(build: Any, sink: Sink, tmp_path: Path) -> None:
    path = tmp_path / "urls"
    receiver = build(f"urls_file: {path}")
    with pytest.raises(DeliveryError, match="cannot be read"):
        await receiver.send(MESSAGE)
    path.write_text("# nobody yet\n\n")
    with pytest.raises(DeliveryError, match="names no service"):
        await receiver.send(MESSAGE)
    path.write_text(f"{url(sink)}\nnonsense-secret\n")
    with pytest.raises(DeliveryError, match=r"line 2 of .* is no service of Apprise") as error:
        await receiver.send(MESSAGE)
    assert "nonsense-secret" not in str(error.value)
    assert not sink.requests
    path.write_text(f"{url(sink)}\n")
    await receiver.send(MESSAGE)
    assert len(sink.requests) == 1


async def test_a_template_that_fails_does_not_hold_the_message_back(build: Any, sink: Sink) -> None:
    receiver = build(f"urls: ['{url(sink)}'], body: '{{{{ .Alerts.Nope.Nope }}}}'")
    await receiver.send(MESSAGE)
    ((_, request),) = sink.requests
    assert request["message"].startswith("Not as you wrote it, a template failed: ")
    assert "a crashes" in request["message"]


async def test_a_message_beyond_all_measure_is_cut(build: Any, sink: Sink) -> None:
    alerts = tuple(alert(f"pod-{number}", summary="crash <&> " * 1_000) for number in range(300))
    await build(f"urls: ['{url(sink)}']").send(msgspec.structs.replace(MESSAGE, alerts=alerts))
    ((_, request),) = sink.requests
    assert len(request["message"]) <= 30_000


async def test_no_secret_is_shown(
    build: Any, sink: Sink, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    receiver = build(f"urls: ['{url(sink)}']")
    sink.otherwise = web.Response(status=400)
    with caplog.at_level("INFO"), pytest.raises(DeliveryError) as error:
        await receiver.send(MESSAGE)
    # The sink itself logs what it is asked for, as a service may.
    logged = [line.getMessage() for line in caplog.records if line.name != "aiohttp.access"]
    shown = f"{vars(receiver)!r} {error.value} {logged} {capsys.readouterr()}"
    assert "s3cret" not in shown
    assert "secret-path" not in shown


@pytest.mark.parametrize(
    ("section", "fault"),
    [
        ("title: x", "set one of `urls` and `urls_file`"),
        ("urls: []", "`urls` is empty"),
        ("urls: [nonsense-secret]", 'no service of Apprise is written so (it begins with "")'),
        ("urls: ['foo://nonsense-secret']", 'it begins with "foo"'),
        ("urls: ['json://a'], urls_file: b", "not both"),
        ("urls: ['json://a'], format: rtf", '"rtf" is none of text, markdown, html'),
        ("urls: ['json://a'], http_config: {}", "`http_config` does not reach Apprise's services"),
    ],
)
def test_what_is_wrong_is_refused_without_its_secrets(section: str, fault: str) -> None:
    _, problems = parse_document(text(section), "f", Config)
    told = "\n".join(map(str, problems))
    assert fault in told
    assert "nonsense-secret" not in told


def test_it_is_loaded_only_where_it_is_used() -> None:
    program = "import sys, farwatch.hub.alerting; sys.exit('apprise' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
