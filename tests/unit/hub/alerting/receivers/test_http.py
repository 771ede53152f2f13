"""``http_config``: proxies, certificates, tokens and headers, each at a server that looks at them."""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import TestServer

from farwatch.hub.alerting import Config
from farwatch.hub.alerting.dispatch import NotifyReason
from farwatch.hub.alerting.document import parse_document
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.receivers import DeliveryError, Receiver, build_receivers
from farwatch.hub.alerting.receivers.oauth2 import TokenSource
from farwatch.hub.alerting.receivers.sections import OAuth2, Url
from farwatch.hub.alerting.secrets import Secret

from ..conftest import Sink, alert, configuration

MESSAGE = Message(
    receiver="team",
    reason=NotifyReason.FIRST,
    group_key="{}:{}",
    group_labels={},
    alerts=(alert("a"),),
)


def text(url: str, http_config: str) -> str:
    return (
        "route: {receiver: team}\n"
        f"receivers: [{{name: team, webhook_configs: [{{url: '{url}', http_config: {{{http_config}}}}}]}}]\n"
    )


@pytest.fixture
def build(http: aiohttp.ClientSession) -> Any:
    def build(url: str, http_config: str) -> Receiver:
        ((_, receiver),) = build_receivers(configuration(text(url, http_config)), http)["team"]
        return receiver

    return build


class TestProxies:
    async def test_a_proxy_that_is_named_takes_everything(self, build: Any, sink: Sink) -> None:
        proxy = sink.server.make_url("/")
        await build("http://nowhere.example/hook", f"proxy_url: '{proxy}'").send(MESSAGE)
        assert len(sink.requests) == 1
        assert sink.headers[0]["Host"] == "nowhere.example"

    async def test_what_no_proxy_names_is_reached_directly(
        self, build: Any, sink: Sink, unused_tcp_port: int
    ) -> None:
        proxy = f"proxy_url: 'http://127.0.0.1:{unused_tcp_port}'"
        with pytest.raises(DeliveryError, match="cannot connect"):
            await build(sink.url, proxy).send(MESSAGE)
        await build(sink.url, f"{proxy}, no_proxy: '127.0.0.0/8,.example'").send(MESSAGE)
        assert len(sink.requests) == 1

    async def test_the_environments_proxy_is_taken_where_that_is_wanted(
        self, build: Any, sink: Sink, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", str(sink.server.make_url("/")))
        monkeypatch.setenv("NO_PROXY", "other.example")
        await build("http://nowhere.example/hook", "proxy_from_environment: true").send(MESSAGE)
        assert sink.headers[0]["Host"] == "nowhere.example"

    async def test_an_environment_without_a_usable_proxy_is_told(
        self, build: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", "ftp://user:s3cret@proxy")
        with pytest.raises(DeliveryError, match="the proxy cannot be used: HTTP_PROXY") as error:
            await build("http://nowhere.example/hook", "proxy_from_environment: true").send(MESSAGE)
        assert not error.value.retryable
        assert "s3cret" not in str(error.value)

    async def test_the_proxy_gets_headers_of_its_own(self, build: Any, sink: Sink) -> None:
        proxy = sink.server.make_url("/")
        headers = "proxy_connect_header: {X-Site: [one, two]}"
        await build("http://nowhere.example/hook", f"proxy_url: '{proxy}', {headers}").send(MESSAGE)
        assert len(sink.requests) == 1


class TestHeaders:
    async def test_values_secrets_and_files_are_sent(self, build: Any, sink: Sink, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("from-file\n")
        headers = (
            "http_headers: {X-Plain: {values: [a]}, X-Secret: {secrets: [s3cret]}, "
            f"X-File: {{files: ['{tmp_path / 'file'}']}}}}"
        )
        receiver = build(sink.url, headers)
        await receiver.send(MESSAGE)
        sent = sink.headers[0]
        assert (sent["X-Plain"], sent["X-Secret"], sent["X-File"]) == ("a", "s3cret", "from-file")
        sink.otherwise = web.Response(status=400, text="no: s3cret from-file")
        with pytest.raises(DeliveryError, match="no: <secret> <secret>"):
            await receiver.send(MESSAGE)
        assert "s3cret" not in repr(vars(receiver))

    async def test_a_file_that_is_not_there_is_told(self, build: Any, sink: Sink, tmp_path: Path) -> None:
        receiver = build(sink.url, f"http_headers: {{X-File: {{files: ['{tmp_path / 'file'}']}}}}")
        with pytest.raises(DeliveryError, match="cannot be read") as error:
            await receiver.send(MESSAGE)
        assert not error.value.retryable


class Authority:
    """A certificate authority, and a server over TLS that asks for certificates."""

    def __init__(self, tmp_path: Path) -> None:
        self.ca = trustme.CA()
        self.client = self.ca.issue_cert("hub@example.com")
        self.requests: list[web.Request] = []
        self.ca_file = tmp_path / "ca.pem"
        self.ca.cert_pem.write_to_path(str(self.ca_file))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert("127.0.0.1", "hooks.example").configure_cert(self.context)
        app = web.Application()
        app.router.add_post("/hook", self._take)
        self.server = TestServer(app, scheme="https")

    async def _take(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        return web.Response()

    @property
    def url(self) -> str:
        return str(self.server.make_url("/hook"))

    @property
    def certificate(self) -> str:
        return "".join(blob.bytes().decode() for blob in self.client.cert_chain_pems)

    @property
    def key(self) -> str:
        return self.client.private_key_pem.bytes().decode()


@pytest.fixture
async def authority(tmp_path: Path) -> AsyncIterator[Authority]:
    authority = Authority(tmp_path)
    await authority.server.start_server(ssl=authority.context)
    yield authority
    await authority.server.close()


def literal(text: str) -> str:
    """A text in YAML's flow style."""
    escaped = text.replace("\n", "\\n")
    return f'"{escaped}"'


class TestTls:
    async def test_who_is_not_trusted_gets_nothing(self, build: Any, authority: Authority) -> None:
        with pytest.raises(DeliveryError, match=r"127\.0\.0\.1:\d+ is not trusted: .*issuer"):
            await build(authority.url, "").send(MESSAGE)
        assert not authority.requests

    async def test_an_own_authority_is_trusted_from_a_file_or_inline(
        self, build: Any, authority: Authority
    ) -> None:
        await build(authority.url, f"tls_config: {{ca_file: '{authority.ca_file}'}}").send(MESSAGE)
        inline = literal(authority.ca_file.read_text())
        await build(authority.url, f"tls_config: {{ca: {inline}}}").send(MESSAGE)
        await build(authority.url, "tls_config: {insecure_skip_verify: true}").send(MESSAGE)
        assert len(authority.requests) == 3

    async def test_we_show_who_we_are_by_files_or_inline(
        self, build: Any, authority: Authority, tmp_path: Path
    ) -> None:
        authority.context.verify_mode = ssl.CERT_REQUIRED
        authority.ca.configure_trust(authority.context)
        trust = f"ca_file: '{authority.ca_file}'"
        with pytest.raises(DeliveryError):
            await build(authority.url, f"tls_config: {{{trust}}}").send(MESSAGE)
        (tmp_path / "cert").write_text(authority.certificate)
        (tmp_path / "key").write_text(authority.key)
        files = f"cert_file: '{tmp_path / 'cert'}', key_file: '{tmp_path / 'key'}'"
        await build(authority.url, f"tls_config: {{{trust}, {files}}}").send(MESSAGE)
        inline = f"cert: {literal(authority.certificate)}, key: {literal(authority.key)}"
        receiver = build(authority.url, f"tls_config: {{{trust}, {inline}}}")
        await receiver.send(MESSAGE)
        mixed = f"cert: {literal(authority.certificate)}, key_file: '{tmp_path / 'key'}'"
        await build(authority.url, f"tls_config: {{{trust}, {mixed}}}").send(MESSAGE)
        assert len(authority.requests) == 3
        assert authority.key.splitlines()[3] not in repr(vars(receiver))

    async def test_versions_that_do_not_meet_do_not_talk(self, build: Any, authority: Authority) -> None:
        authority.context.minimum_version = ssl.TLSVersion.TLSv1_3
        trust = f"ca_file: '{authority.ca_file}'"
        with pytest.raises(DeliveryError):
            await build(authority.url, f"tls_config: {{{trust}, max_version: TLS12}}").send(MESSAGE)
        await build(authority.url, f"tls_config: {{{trust}, min_version: TLS13}}").send(MESSAGE)
        assert len(authority.requests) == 1

    async def test_a_rotated_authority_is_read_again(
        self, build: Any, authority: Authority, tmp_path: Path
    ) -> None:
        path = tmp_path / "rotated.pem"
        path.write_text("not a certificate")
        receiver = build(authority.url, f"tls_config: {{ca_file: '{path}'}}")
        with pytest.raises(DeliveryError, match="`tls_config` cannot be used") as error:
            await receiver.send(MESSAGE)
        assert not error.value.retryable
        path.unlink()
        with pytest.raises(DeliveryError, match="cannot be read"):
            await receiver.send(MESSAGE)
        path.write_bytes(authority.ca_file.read_bytes())
        await receiver.send(MESSAGE)


class Tokens:
    """A token endpoint."""

    def __init__(self) -> None:
        self.forms: list[dict[str, str]] = []
        self.authorizations: list[str] = []
        self.answer: Any = {"access_token": "token-1", "expires_in": 3600, "token_type": "bearer"}
        self.status = 200
        app = web.Application()
        app.router.add_post("/token", self._give)
        self.server = TestServer(app)

    async def _give(self, request: web.Request) -> web.Response:
        self.forms.append({key: str(value) for key, value in (await request.post()).items()})
        self.authorizations.append(request.headers["Authorization"])
        return web.json_response(self.answer, status=self.status)

    @property
    def url(self) -> str:
        return str(self.server.make_url("/token"))


@pytest.fixture
async def tokens() -> AsyncIterator[Tokens]:
    tokens = Tokens()
    async with tokens.server:
        yield tokens


def oauth2(url: str, more: str = "") -> str:
    return f"oauth2: {{client_id: hub, client_secret: 's3cret+', token_url: '{url}'{more}}}"


async def test_a_password_that_the_service_repeats_is_not_repeated(build: Any, sink: Sink) -> None:
    sink.otherwise = web.Response(status=401, text="hub may not log in with s3cret")
    with pytest.raises(DeliveryError, match="status 401: hub may not log in with <secret>"):
        await build(sink.url, "basic_auth: {username: hub, password: s3cret}").send(MESSAGE)


async def test_a_part_of_an_address_that_the_service_repeats_is_not_repeated(build: Any, sink: Sink) -> None:
    sink.otherwise = web.Response(status=404, text="no path /secret-path, no query key=s3cret, no s3cret")
    with pytest.raises(DeliveryError) as error:
        await build(f"{sink.url}?key=s3cret", "").send(MESSAGE)
    assert "secret-path" not in str(error.value)
    assert "s3cret" not in str(error.value)


class TestOAuth2:
    async def test_a_token_is_fetched_once_and_sent_with_each_message(
        self, build: Any, sink: Sink, tokens: Tokens
    ) -> None:
        receiver = build(sink.url, oauth2(tokens.url, ", scopes: [a, b], endpoint_params: {audience: x}"))
        await receiver.send(MESSAGE)
        await receiver.send(MESSAGE)
        assert [headers["Authorization"] for headers in sink.headers] == ["Bearer token-1"] * 2
        assert tokens.forms == [{"grant_type": "client_credentials", "scope": "a b", "audience": "x"}]
        assert tokens.authorizations == ["Basic " + b64encode(b"hub:s3cret%2B").decode()]

    async def test_no_limit_of_time_is_none_for_the_token_too(
        self, http: aiohttp.ClientSession, sink: Sink, tokens: Tokens
    ) -> None:
        document = text(sink.url, oauth2(tokens.url)).replace("{url", "{timeout: 0s, url")
        ((_, receiver),) = build_receivers(configuration(document), http)["team"]
        await receiver.send(MESSAGE)
        assert len(sink.requests) == 1

    async def test_one_that_is_refused_is_fetched_anew(self, build: Any, sink: Sink, tokens: Tokens) -> None:
        receiver = build(sink.url, oauth2(tokens.url))
        sink.answers.append(web.Response(status=401, text="bad token-1"))
        with pytest.raises(DeliveryError, match="status 401: bad <secret>"):
            await receiver.send(MESSAGE)
        tokens.answer = {"access_token": "token-2"}
        await receiver.send(MESSAGE)
        assert sink.headers[1]["Authorization"] == "Bearer token-2"

    async def test_one_that_is_about_to_end_is_fetched_anew(
        self, http: aiohttp.ClientSession, tokens: Tokens
    ) -> None:
        now = 100.0
        config = OAuth2(client_id="hub", client_secret=Secret("x"), token_url=Url(tokens.url))
        source = TokenSource(config, http, lambda: now)
        for now, fetched in ((100.0, 1), (3689.0, 1), (3690.0, 2)):  # noqa: B007 - the clock reads it
            await source.token()
            assert len(tokens.forms) == fetched

    @pytest.mark.parametrize(
        ("answer", "fault", "retryable"),
        [
            ((500, {}), "no token from `oauth2`: status 500", True),
            ((429, {}), "no token from `oauth2`: status 429", True),
            ((401, {"error": "s3cret"}), "no token from `oauth2`: status 401", False),
            ((200, {"token": "x"}), "its answer holds none", True),
            ((200, []), "its answer holds none", True),
        ],
    )
    async def test_without_a_token_nothing_is_sent(  # noqa: PLR0917 - fixtures and cases
        self, build: Any, sink: Sink, tokens: Tokens, answer: tuple[int, Any], fault: str, retryable: bool
    ) -> None:
        tokens.status, tokens.answer = answer
        with pytest.raises(DeliveryError, match=fault) as error:
            await build(sink.url, oauth2(tokens.url)).send(MESSAGE)
        assert error.value.retryable is retryable
        assert "s3cret" not in str(error.value)
        assert not sink.requests

    async def test_an_endpoint_that_is_not_there_is_tried_again(
        self, build: Any, sink: Sink, unused_tcp_port: int
    ) -> None:
        receiver = build(sink.url, oauth2(f"http://127.0.0.1:{unused_tcp_port}/token"))
        with pytest.raises(DeliveryError, match="no token from `oauth2`: ClientConnector") as error:
            await receiver.send(MESSAGE)
        assert error.value.retryable


@pytest.mark.parametrize(
    ("http_config", "fault"),
    [
        ("proxy_from_environment: true, proxy_url: 'http://a'", "set no `proxy_url` or `no_proxy` beside it"),
        ("no_proxy: a", "`no_proxy` says nothing without `proxy_url`"),
        ("proxy_connect_header: {A: [b]}", "says nothing without a proxy"),
        ("http_headers: {Content-Type: {values: [a]}}", "`Content-Type` cannot be set in `http_headers`"),
        ("http_headers: {A: {value: b}}", "unknown key `value`"),
        ("tls_config: {cert: a}", "its key (`key_file`, `key`) together"),
        ("tls_config: {key: a, key_file: b, cert: c}", "not both"),
        ("tls_config: {min_version: TLS13, max_version: TLS12}", "`max_version` is older than `min_version`"),
        ("tls_config: {min_version: SSL3}", '"SSL3" is none of TLS10, TLS11, TLS12, TLS13'),
        ("oauth2: {client_id: a, token_url: 'http://a'}", "set one of `client_secret`"),
        ("oauth2: {client_secret: a, token_url: 'http://a'}", "`client_id` is missing"),
        ("oauth2: {client_id: a, client_secret: b, token_url: a}", "is not an address"),
        (
            "oauth2: {client_id: a, client_secret: b, token_url: 'http://a'}, bearer_token: c",
            "set one of `authorization`",
        ),
    ],
)
def test_what_is_wrong_is_refused(http_config: str, fault: str) -> None:
    _, problems = parse_document(text("http://a.example", http_config), "f", Config)
    assert fault in "\n".join(map(str, problems))
