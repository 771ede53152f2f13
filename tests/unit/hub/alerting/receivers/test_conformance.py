"""What every receiver does, whatever it speaks: one suite for all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import msgspec
import pytest
import yaml
from aiohttp import web

from farwatch.hub.alerting.dispatch import NotifyReason
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.receivers import DeliveryError, Receiver, build_receivers

from ..conftest import Sink, alert, configuration

Build = Callable[..., Receiver]


class Kind(NamedTuple):
    """How a kind is configured, and how large its requests may be.

    Attributes:
        address: The key of its address.
        largest: Bytes of the largest body that its service takes.
        secret: The key of its secret, if that is not the address.
        more: What it needs besides.
        taken: What its service answers where all is well.
    """

    address: str
    largest: int
    secret: str = ""
    more: str = ""
    taken: str = "ok"


KINDS = {
    "discord": Kind("webhook_url", 8_000),
    "incidentio": Kind("url", 600_000, "alert_source_token"),
    "mattermost": Kind("webhook_url", 40_000),
    "msteams": Kind("webhook_url", 28_000),
    "msteamsv2": Kind("webhook_url", 28_000),
    "opsgenie": Kind("api_url", 20_000, "api_key"),
    "pagerduty": Kind("url", 512_000, "routing_key"),
    "pushover": Kind("api_url", 8_000, "token", "user_key: me"),
    "rocketchat": Kind("api_url", 20_000, "token", "token_id: me", '{"success": true}'),
    "slack": Kind("api_url", 40_000),
    "sns": Kind("api_url", 800_000, "sigv4.secret_key", "topic_arn: t, sigv4: {region: r, access_key: AK}"),
    "telegram": Kind("api_url", 5_000, "bot_token", "chat_id: -7"),
    "victorops": Kind("api_url", 24_000, "api_key", "routing_key: team"),
    "webex": Kind("api_url", 8_500, "http_config.authorization.credentials", "room_id: room"),
    "webhook": Kind("url", 100_000, more="max_alerts: 7"),
}
SECRET = "s3cret-key"
BELOW_AN_ADDRESS = {"opsgenie", "rocketchat", "telegram", "victorops"}
WITH_HEADERS_OF_THEIR_OWN = {"incidentio", "opsgenie", "sns", "webex"}
WITHOUT_SECRET_FILES = {"sns"}

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


@pytest.fixture(autouse=True)
def _taken(kind: str, sink: Sink) -> None:
    sink.otherwise = web.Response(text=KINDS[kind].taken)


@pytest.fixture
def build(kind: str, http: aiohttp.ClientSession) -> Build:
    """Make a receiver for an address; with its secret in a file, if one is named."""

    def make(address: str, file: Path | None = None, seconds: float = 30, **options: str) -> Receiver:
        ways = KINDS[kind]
        secret = f"{ways.secret or ways.address}{'_file' if file else ''}"
        entry: dict[str, Any] = yaml.safe_load(f"{{{ways.more}}}")
        entry |= {name: yaml.safe_load(value) for name, value in options.items()}
        if ways.secret or not file:
            entry[ways.address] = address
        if ways.secret or file:
            *above, last = secret.split(".")
            place = reduce(lambda section, name: section.setdefault(name, {}), above, entry)
            place[last] = str(file or SECRET)
        receiver = {"name": "team", f"{kind}_configs": [entry]}
        config = configuration(yaml.safe_dump({"route": {"receiver": "team"}, "receivers": [receiver]}))
        ((_, built),) = build_receivers(config, http, seconds)["team"]
        return built

    return make


async def refusal(receiver: Receiver, message: Message = MESSAGE) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await receiver.send(message)
    assert "secret-path" not in str(caught.value)
    assert SECRET not in str(caught.value)
    return caught.value


async def test_it_has_the_name_of_its_section(build: Build, kind: str) -> None:
    assert build("https://a.example").kind == kind


async def test_it_delivers(build: Build, sink: Sink) -> None:
    await build(sink.url).send(MESSAGE)
    assert len(sink.requests) == 1
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
    error = await refusal(build(sink.url, seconds=0.05))
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


async def test_what_the_service_says_is_cut_and_holds_no_secret(build: Build, kind: str, sink: Sink) -> None:
    receiver = build(sink.url)
    await receiver.send(MESSAGE)
    ((_, target),) = sink.targets
    whole = str(sink.server.make_url(target))
    sink.otherwise = web.Response(
        status=400,
        text=f"POST {target} {whole} {SECRET if KINDS[kind].secret else 0} is wrong " + "x" * 100_000,
    )
    error = await refusal(receiver)
    assert str(error).startswith("status 400: POST <secret> ")
    assert " is wrong xxx" in str(error)
    assert len(str(error)) < 400


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - WITHOUT_SECRET_FILES), indirect=True)
async def test_a_secret_in_a_file_is_read_at_each_message(
    build: Build, kind: str, sink: Sink, tmp_path: Path
) -> None:
    path = tmp_path / "secret"
    receiver = build(sink.url, path)
    error = await refusal(receiver)
    assert not error.retryable
    assert str(path) in str(error)
    path.write_text((SECRET if KINDS[kind].secret else sink.url) + "\n")
    await receiver.send(MESSAGE)
    told = f"{sink.targets} {sink.requests} {sink.headers}"
    assert (SECRET if KINDS[kind].secret else "/secret-path") in told


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - WITHOUT_SECRET_FILES), indirect=True)
async def test_a_file_that_holds_no_address_is_a_fault_of_ours(
    build: Build, kind: str, tmp_path: Path
) -> None:
    if KINDS[kind].secret:
        assert "_file" not in KINDS[kind].address
        return
    path = tmp_path / "secret"
    path.write_text("not an address, secret-path")
    assert not (await refusal(build("", path))).retryable


def test_no_secret_is_shown(kind: str, build: Build) -> None:
    assert SECRET not in repr(vars(build("https://a.example/secret-path")))
    assert "secret-path" not in repr(vars(build("https://a.example/secret-path"))) or KINDS[kind].secret


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - WITH_HEADERS_OF_THEIR_OWN), indirect=True)
async def test_basic_authentication(build: Build, sink: Sink, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hunter2\n")
    await build(sink.url, http_config="{basic_auth: {username: hub, password: hunter2}}").send(MESSAGE)
    await build(
        sink.url, http_config=f"{{basic_auth: {{username: hub, password_file: {tmp_path / 'password'}}}}}"
    ).send(MESSAGE)
    assert [headers["Authorization"] for headers in sink.headers] == ["Basic aHViOmh1bnRlcjI="] * 2


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - WITH_HEADERS_OF_THEIR_OWN), indirect=True)
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


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - BELOW_AN_ADDRESS), indirect=True)
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
    await build(sink.url).send(huge)
    assert int(sink.headers[0]["Content-Length"]) <= KINDS[kind].largest


async def test_words_for_many_alerts_are_found_beside_the_event_loop(
    build: Build, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []
    common_labels = Message.common_labels.fget  # type: ignore[attr-defined]

    def note(message: Message) -> dict[str, str]:
        threads.append(threading.get_ident())
        labels: dict[str, str] = common_labels(message)
        return labels

    monkeypatch.setattr(Message, "common_labels", property(note))
    receiver = build(sink.url)
    await receiver.send(MESSAGE)
    assert threading.get_ident() in threads
    threads.clear()
    await receiver.send(msgspec.structs.replace(MESSAGE, alerts=tuple(alert(f"p{n}") for n in range(200))))
    # Where to send to is found at once; the text, which is what takes time, is not.
    assert {*threads} - {threading.get_ident()}
