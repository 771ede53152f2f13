"""Mails, over real SMTP servers."""

from __future__ import annotations

import asyncio
import email
import email.policy
import subprocess
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any

import aiohttp
import msgspec
import pytest
import yaml
from aiosmtpd.smtp import SMTP, AuthResult, Envelope

from farwatch.hub.alerting.dispatch import NotifyReason
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.receivers import DeliveryError, Receiver, build_receivers

from ..conftest import alert, configuration

MESSAGE = Message(
    receiver="team",
    reason=NotifyReason.FIRST,
    group_key='{}:{alertname="KubePodCrashLooping"}',
    group_labels={"alertname": "KubePodCrashLooping"},
    alerts=(alert("a"), alert("b <script>")),
    external_url="https://farwatch.example",
)
PASSWORD = "s3cret-key"


class Post:
    """What an SMTP server does with mails: takes them, or answers as told."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []
        self.answers: dict[str, str] = {}
        self.logins: list[tuple[str, bytes, bytes]] = []
        self.hang = False

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if self.hang:
            await asyncio.sleep(3_600)
        answer = self.answers.get(address, self.answers.get("RCPT", "250 OK"))
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        answer = self.answers.get("DATA", "250 OK")
        if answer.startswith("250"):
            self.taken.append(envelope)
        return answer

    async def handle_QUIT(self, server: Any, _session: Any, _envelope: Envelope) -> str:  # noqa: N802
        if "QUIT" in self.answers:
            server.transport.abort()
        return "221 Bye"

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, way: str, data: Any) -> AuthResult:
        self.logins.append((way, data.login, data.password))
        return AuthResult(success=data.password == PASSWORD.encode(), handled=False)

    def mail(self) -> Any:
        (envelope,) = self.taken
        content = envelope.content
        assert isinstance(content, bytes)
        return email.message_from_bytes(content, policy=email.policy.default)


@pytest.fixture
def post() -> Post:
    return Post()


Serve = Callable[..., Awaitable[str]]


@pytest.fixture
async def serve(post: Post) -> AsyncIterator[Serve]:
    """Start a server; gives its address."""
    async with AsyncExitStack() as stack:

        async def start(**options: Any) -> str:
            loop = asyncio.get_running_loop()
            server = await loop.create_server(lambda: SMTP(post, loop=loop, **options), "127.0.0.1", 0)
            stack.callback(server.close)
            return f"127.0.0.1:{server.sockets[0].getsockname()[1]}"

        yield start


@pytest.fixture
async def serve_tls(post: Post) -> AsyncIterator[Callable[[SSLContext], Awaitable[str]]]:
    """Start a server that speaks TLS from the start; gives its address."""
    async with AsyncExitStack() as stack:

        async def start(context: SSLContext) -> str:
            loop = asyncio.get_running_loop()
            server = await loop.create_server(lambda: SMTP(post, loop=loop), "127.0.0.1", 0, ssl=context)
            stack.callback(server.close)
            return f"127.0.0.1:{server.sockets[0].getsockname()[1]}"

        yield start


@pytest.fixture
def build(http: aiohttp.ClientSession) -> Callable[..., Receiver]:
    def make(smarthost: str, seconds: float = 30, **options: Any) -> Receiver:
        entry = {"to": "Team <team@a.example>, ops@a.example", "require_tls": False, **options}
        document = {
            "global": {"smtp_smarthost": smarthost, "smtp_from": "Farwatch <hub@a.example>"},
            "route": {"receiver": "team"},
            "receivers": [{"name": "team", "email_configs": [entry]}],
        }
        ((_, receiver),) = build_receivers(configuration(yaml.safe_dump(document)), http, seconds)["team"]
        return receiver

    return make


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[SSLContext, Path]:
    """A server's context, and the authority that it is trusted by."""
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=mail"
    )
    names = "-addext subjectAltName=IP:127.0.0.1,DNS:mail.example"
    subprocess.run(
        [*command.split(), *names.split(), "-keyout", str(key), "-out", str(cert)],
        check=True,
        capture_output=True,
    )
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context, cert


async def refusal(receiver: Receiver, message: Message = MESSAGE) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await receiver.send(message)
    assert PASSWORD not in str(caught.value)
    return caught.value


async def test_a_mail_has_html_and_text_and_goes_to_all(
    serve: Serve, post: Post, build: Callable[..., Receiver]
) -> None:
    receiver = build(
        await serve(),
        text="{{ .Status }} at {{ .ExternalURL }}",
        headers={"Reply-To": "{{ .CommonLabels.alertname }}@a.example"},
    )
    assert receiver.kind == "email"
    assert not receiver.send_resolved
    await receiver.send(MESSAGE)
    mail = post.mail()
    assert post.taken[0].mail_from == "hub@a.example"
    assert post.taken[0].rcpt_tos == ["team@a.example", "ops@a.example"]
    assert mail["Subject"].rstrip() == "[FIRING:2] KubePodCrashLooping"
    assert mail["From"] == "Farwatch <hub@a.example>"
    assert mail["Reply-To"] == "KubePodCrashLooping@a.example"
    assert mail["Date"]
    assert mail["Message-Id"]
    assert mail.get_content_type() == "multipart/alternative"
    assert mail.get_body(("plain",)).get_content().strip() == "firing at https://farwatch.example"
    html = mail.get_body(("html",)).get_content()
    assert "[2] Firing" in html
    assert "b &lt;script&gt;" in html


async def test_a_group_is_one_conversation(serve: Serve, post: Post, build: Callable[..., Receiver]) -> None:
    receiver = build(await serve(), threading={"enabled": True, "thread_by_date": "none"})
    await receiver.send(MESSAGE)
    await receiver.send(msgspec.structs.replace(MESSAGE, alerts=(alert("a", ends=9),)))
    first, second = (email.message_from_bytes(taken.content) for taken in post.taken)  # type: ignore[arg-type]
    assert first["References"] == second["References"] == second["In-Reply-To"]
    assert first["Message-Id"] != second["Message-Id"]


async def test_a_template_that_fails_is_told_and_no_label_makes_a_header(
    serve: Serve, post: Post, build: Callable[..., Receiver]
) -> None:
    receiver = build(
        await serve(),
        html="{{ .Nope }}",
        headers={"Subject": "{{ (index .Alerts 0).Labels.pod }}", "X-Odd": "{{ .Nope }}"},
    )
    await receiver.send(msgspec.structs.replace(MESSAGE, alerts=(alert("a\r\nBcc: all@a.example"),)))
    mail = post.mail()
    assert mail["Subject"] == "a Bcc: all@a.example"
    assert mail["Bcc"] is None
    assert "a template failed" in mail.get_body(("html",)).get_content()


@pytest.mark.parametrize("answer", ["451 later", "550 never"])
@pytest.mark.parametrize("command", ["RCPT", "DATA"])
async def test_what_the_server_refuses_for_now_is_tried_again(
    serve: Serve, post: Post, build: Callable[..., Receiver], command: str, answer: str
) -> None:
    post.answers[command] = answer
    error = await refusal(build(await serve()))
    assert (error.retryable, str(error)) == (answer < "5", f"status {answer.replace(' ', ': ')}")


async def test_one_recipient_that_is_refused_for_good_leaves_the_others_theirs(
    serve: Serve, post: Post, build: Callable[..., Receiver]
) -> None:
    post.answers["ops@a.example"] = "550 unknown"
    receipt = await build(await serve()).send(MESSAGE)
    assert receipt.endswith("; refused for ops@a.example: status 550: unknown")
    assert post.taken[0].rcpt_tos == ["team@a.example"]


async def test_only_those_who_were_refused_for_now_are_told_when_it_is_tried_again(
    serve: Serve, post: Post, build: Callable[..., Receiver]
) -> None:
    receiver = build(await serve(), to="a@a.example, b@a.example, c@a.example")
    post.answers |= {"b@a.example": "450 greylisted", "c@a.example": "550 unknown"}
    error = await refusal(receiver)
    assert (error.retryable, str(error)) == (True, "status 450: greylisted (1 of 3 recipients)")
    error = await refusal(receiver)
    assert (error.retryable, str(error)) == (True, "status 450: greylisted (1 of 3 recipients)")
    del post.answers["b@a.example"]
    assert (await receiver.send(MESSAGE)).endswith("; refused for c@a.example: status 550: unknown")
    assert [mail.rcpt_tos for mail in post.taken] == [["a@a.example"], ["b@a.example"]]
    del post.answers["c@a.example"]
    await receiver.send(MESSAGE)  # it is told anew: a repetition
    assert post.taken[2].rcpt_tos == ["a@a.example", "b@a.example", "c@a.example"]


async def test_other_news_go_to_everybody(serve: Serve, post: Post, build: Callable[..., Receiver]) -> None:
    receiver = build(await serve())
    post.answers["ops@a.example"] = "450 greylisted"
    await refusal(receiver)
    post.answers.clear()
    await receiver.send(msgspec.structs.replace(MESSAGE, alerts=(alert("a", ends=60),)))
    assert post.taken[1].rcpt_tos == ["team@a.example", "ops@a.example"]


async def test_a_server_that_breaks_off_after_it_took_the_mail_has_taken_it(
    serve: Serve, post: Post, build: Callable[..., Receiver]
) -> None:
    post.answers["QUIT"] = "break off"
    await build(await serve()).send(MESSAGE)
    assert len(post.taken) == 1


async def test_one_logs_in_as_somebody_else_where_that_is_wanted(
    serve: Serve, post: Post, build: Callable[..., Receiver]
) -> None:
    said: list[bytes] = []

    async def log_in(_server: Any, words: list[str]) -> AuthResult:
        said.append(b64decode(words[1]))
        return AuthResult(success=True, auth_data=b"hub")

    vars(post)["auth_PLAIN"] = log_in  # the library's own does not look at the identity
    server = await serve(auth_require_tls=False)
    for identity in ("boss", None):
        await build(server, auth_username="hub", auth_password=PASSWORD, auth_identity=identity).send(MESSAGE)
    assert said == [f"boss\0hub\0{PASSWORD}".encode(), f"\0hub\0{PASSWORD}".encode()]


async def test_a_server_that_repeats_a_secret_is_not_repeated(
    serve: Serve, post: Post, build: Callable[..., Receiver]
) -> None:
    post.answers["RCPT"] = (
        f"550 no {PASSWORD} {b64encode(f'{chr(0)}hub{chr(0)}{PASSWORD}'.encode()).decode()}"
    )
    server = await serve(authenticator=post.authenticate, auth_require_tls=False)
    error = await refusal(build(server, auth_username="hub", auth_password=PASSWORD))
    assert str(error) == "status 550: no <secret> <secret>"


async def test_a_certificates_name_may_be_another_than_the_servers(
    serve_tls: Callable[[SSLContext], Awaitable[str]],
    post: Post,
    build: Callable[..., Receiver],
    certificate: tuple[SSLContext, Path],
) -> None:
    server = await serve_tls(certificate[0])
    trust = {"ca_file": str(certificate[1])}
    await build(server, force_implicit_tls=True, tls_config=trust | {"server_name": "mail.example"}).send(
        MESSAGE
    )
    assert len(post.taken) == 1
    await refusal(build(server, force_implicit_tls=True, tls_config=trust | {"server_name": "other.example"}))


async def test_a_server_that_is_not_there_or_hangs_is_tried_again(
    serve: Serve, post: Post, build: Callable[..., Receiver], unused_tcp_port: int
) -> None:
    assert (await refusal(build(f"127.0.0.1:{unused_tcp_port}"))).retryable
    post.hang = True
    error = await refusal(build(await serve(), seconds=0.2))
    assert (error.retryable, str(error)) == (True, "no answer within 0.2 s")


async def test_it_logs_in_over_tls_with_a_password_from_a_file_read_at_each_mail(
    serve: Serve,
    post: Post,
    build: Callable[..., Receiver],
    certificate: tuple[SSLContext, Path],
    tmp_path: Path,
) -> None:
    context, authority = certificate
    server = await serve(tls_context=context, require_starttls=True, authenticator=post.authenticate)
    secret = tmp_path / "password"
    receiver = build(
        server,
        require_tls=True,
        tls_config={"ca_file": str(authority)},
        auth_username="hub",
        auth_password_file=str(secret),
    )
    error = await refusal(receiver)
    assert (error.retryable, str(secret) in str(error)) == (False, True)
    secret.write_text("wrong")
    assert str(await refusal(receiver)).startswith("status 535")
    secret.write_text(f"{PASSWORD}\n")
    await receiver.send(MESSAGE)
    assert len(post.taken) == 1
    assert PASSWORD not in repr(vars(receiver))


async def test_without_tls_nothing_is_sent_unless_the_configuration_allows_it(
    serve: Serve, post: Post, build: Callable[..., Receiver]
) -> None:
    error = await refusal(build(await serve(), require_tls=True))
    assert "offers no STARTTLS" in str(error)
    assert not post.taken


async def test_a_server_that_is_not_trusted_gets_nothing(
    serve: Serve, post: Post, build: Callable[..., Receiver], certificate: tuple[SSLContext, Path]
) -> None:
    server = await serve(tls_context=certificate[0])
    assert (await refusal(build(server, require_tls=True))).retryable
    await build(server, require_tls=True, tls_config={"insecure_skip_verify": True}).send(MESSAGE)
    assert len(post.taken) == 1


async def test_a_mail_beyond_all_measure_is_cut(
    serve: Serve, post: Post, build: Callable[..., Receiver]
) -> None:
    receiver = build(await serve(), text="{{ range .Alerts }}{{ .Annotations.summary }}{{ end }}", html="")
    alerts = tuple(alert(f"pod-{number}", summary="x" * 9_000) for number in range(800))
    await receiver.send(msgspec.structs.replace(MESSAGE, alerts=alerts))
    assert len(post.taken[0].content or b"") < 10_000_000


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("{}", "`to` is missing"),
        ("{to: a@a.example}", "`smarthost` is missing"),
        ("{to: a@a.example, smarthost: here}", "is not of the form host:port"),
        ("{to: a@a.example, smarthost: 'a:25', from: b, http_config: {}}", "means nothing here"),
        ("{to: a@a.example, smarthost: 'a:25', from: b, headers: {a: b, A: c}}", "stands twice"),
        (
            "{to: a@a.example, smarthost: 'a:25', from: b, threading: {enabled: true}, headers: {references: c}}",
            "is set by `threading`",
        ),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(entry: str, expected: str) -> None:
    with pytest.raises(AssertionError, match=expected):
        configuration(f"route: {{receiver: team}}\nreceivers: [{{name: team, email_configs: [{entry}]}}]")
