"""What every receiver does, whatever it speaks: one suite for all of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import aiohttp
import msgspec
import pytest
from aiohttp import web

from farwatch.hub.alerting.dispatch import NotifyReason
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.receivers import DeliveryError, Receiver, build_receivers

from .conftest import Sink, alert, configuration

Build = Callable[..., Receiver]

# How each kind is configured: its section, the key of its address, and what keeps its messages short.
KINDS = {
    "webhook": ("webhook_configs", "url", {"max_alerts": "7"}),
    "slack": ("slack_configs", "api_url", {}),
}
LARGEST_BODY_BYTES = {"webhook": 100_000, "slack": 40_000}

MESSAGE = Message(
    receiver="team",
    reason=NotifyReason.FIRST,
    group_key='{}:{alertname="KubePodCrashLooping"}',
    group_labels={"alertname": "KubePodCrashLooping"},
    alerts=(alert("a"), alert("b")),
)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def build(kind: str, http: aiohttp.ClientSession) -> Build:
    """Make a receiver for an address, or for a file that holds it."""

    def make(address: str | Path, **options: str) -> Receiver:
        section, key, _ = KINDS[kind]
        where = f"{key}_file" if isinstance(address, Path) else key
        entry = {where: str(address), **options}
        text = f"{{{', '.join(f'{name}: {value}' for name, value in entry.items())}}}"
        config = configuration(f"route: {{receiver: team}}\nreceivers: [{{name: team, {section}: [{text}]}}]")
        ((_, receiver),) = build_receivers(config, http)["team"]
        return receiver

    return make


async def refusal(receiver: Receiver, message: Message = MESSAGE) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await receiver.send(message)
    assert "secret-path" not in str(caught.value)
    return caught.value


async def test_it_has_the_name_of_its_section(build: Build, kind: str) -> None:
    assert build("https://a.example").kind == kind


async def test_it_delivers(build: Build, sink: Sink) -> None:
    await build(sink.url).send(MESSAGE)
    assert len(sink.requests) == 1
    assert sink.headers[0]["Content-Type"] == "application/json"
    assert sink.headers[0]["User-Agent"].startswith("farwatch/")


@pytest.mark.parametrize("code", [500, 502, 503, 504])
async def test_a_failure_of_the_service_is_worth_another_try(build: Build, sink: Sink, code: int) -> None:
    sink.otherwise = web.Response(status=code, text="busy")
    error = await refusal(build(sink.url))
    assert (error.retryable, str(error)) == (True, f"status {code}: busy")


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 413])
async def test_a_fault_of_ours_is_not(build: Build, sink: Sink, code: int) -> None:
    sink.otherwise = web.Response(status=code, text="")
    error = await refusal(build(sink.url))
    assert (error.retryable, str(error)) == (False, f"status {code}")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "30"}, 30),
        ({"Retry-After": "Sun, 01 Mar 2026 03:01:10 GMT", "Date": "Sun, 01 Mar 2026 03:00:00 GMT"}, 70),
        ({"Retry-After": "Sun, 01 Mar 2026 02:00:00 GMT", "Date": "Sun, 01 Mar 2026 03:00:00 GMT"}, 0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-1"}, None),
        ({}, None),
    ],
)
async def test_too_many_requests_are_tried_again_when_the_service_says(
    build: Build, sink: Sink, headers: dict[str, str], seconds: float | None
) -> None:
    sink.otherwise = web.Response(status=429, headers=headers)
    error = await refusal(build(sink.url))
    assert (error.retryable, error.retry_after) == (True, seconds)


async def test_a_service_that_is_not_there_is_tried_again(build: Build, unused_tcp_port: int) -> None:
    error = await refusal(build(f"http://127.0.0.1:{unused_tcp_port}/secret-path"))
    assert error.retryable
    assert str(error) == f"cannot connect to 127.0.0.1:{unused_tcp_port}: Connection refused"


async def test_a_service_that_hangs_is_left_after_the_timeout(build: Build, sink: Sink) -> None:
    sink.otherwise = None
    error = await refusal(build(sink.url, timeout="50ms"))
    assert (error.retryable, str(error)) == (True, "no answer within 0.05 s")


async def test_a_connection_that_breaks_is_tried_again(build: Build, sink: Sink) -> None:
    async def break_off() -> None:
        for connection in sink.server.handler.connections:  # type: ignore[union-attr]
            connection.force_close()
            if connection.transport is not None:
                connection.transport.abort()

    sink.on_request = break_off
    error = await refusal(build(sink.url))
    assert error.retryable
    assert str(error).startswith("the connection failed: ")


async def test_what_the_service_says_is_cut_and_holds_no_secret(build: Build, sink: Sink) -> None:
    sink.otherwise = web.Response(status=400, text=f"POST /secret-path {sink.url} is wrong " + "x" * 100_000)
    error = await refusal(build(sink.url))
    assert str(error).startswith("status 400: POST <secret> <secret> is wrong xxx")
    assert len(str(error)) < 400


async def test_an_address_in_a_file_is_read_at_each_message(build: Build, sink: Sink, tmp_path: Path) -> None:
    path = tmp_path / "address"
    receiver = build(path)
    error = await refusal(receiver)
    assert not error.retryable
    assert str(path) in str(error)
    path.write_text(sink.url + "\n")
    await receiver.send(MESSAGE)
    assert len(sink.requests) == 1
    path.write_text("not an address, secret-path")
    assert not (await refusal(receiver)).retryable


async def test_basic_authentication(build: Build, sink: Sink, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hunter2\n")
    await build(sink.url, http_config="{basic_auth: {username: hub, password: hunter2}}").send(MESSAGE)
    await build(
        sink.url, http_config=f"{{basic_auth: {{username: hub, password_file: {tmp_path / 'password'}}}}}"
    ).send(MESSAGE)
    assert [headers["Authorization"] for headers in sink.headers] == ["Basic aHViOmh1bnRlcjI="] * 2


async def test_a_bearer_token_inline_or_in_a_file(build: Build, sink: Sink, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abc\n")
    await build(sink.url, http_config="{authorization: {credentials: abc}}").send(MESSAGE)
    await build(sink.url, http_config=f"{{authorization: {{credentials_file: {tmp_path / 'token'}}}}}").send(
        MESSAGE
    )
    assert [headers["Authorization"] for headers in sink.headers] == ["Bearer abc"] * 2


async def test_no_proxy_is_taken_from_the_environment(
    build: Build, sink: Sink, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{unused_tcp_port}")
    await build(sink.url).send(MESSAGE)
    assert len(sink.requests) == 1


async def test_a_redirect_that_would_lose_the_message_is_told(
    build: Build, aiohttp_redirect: Callable[[int], str], sink: Sink
) -> None:
    error = await refusal(build(aiohttp_redirect(302)))
    assert not error.retryable
    assert "redirects" in str(error)
    await build(aiohttp_redirect(307)).send(MESSAGE)
    assert len(sink.requests) == 1


async def test_a_message_beyond_all_measure_is_cut_to_what_the_service_takes(
    build: Build, kind: str, sink: Sink
) -> None:
    sink.server.app._client_max_size = 10**9
    alerts = tuple(alert(f"pod-{number}", summary="crash <&> " * 1_000) for number in range(3_000))
    huge = msgspec.structs.replace(MESSAGE, alerts=alerts)
    await build(sink.url, **KINDS[kind][2]).send(huge)
    assert int(sink.headers[0]["Content-Length"]) <= LARGEST_BODY_BYTES[kind]
