"""Signatures and credentials, against Amazon's published examples and a server that checks them as it would."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from farwatch.hub.alerting.receivers import DeliveryError
from farwatch.hub.alerting.receivers.aws import Credentials, Scope, Signer, SigV4Config, encode_form, signed
from farwatch.hub.alerting.receivers.http import Client
from farwatch.hub.alerting.receivers.receiver import Context
from farwatch.hub.alerting.secrets import Secret
from farwatch.hub.alerting.templates import TemplateLibrary

from ..conftest import Sink

NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
EXAMPLE = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
SCOPE = Scope("us-east-1", "service", NOW)

BORROWED = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>borrowed</SecretAccessKey><SessionToken>session</SessionToken>
<Expiration>2015-08-30T13:36:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""


@pytest.mark.parametrize(
    ("url", "signature"),
    [
        (
            "https://example.amazonaws.com/",
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        (
            "https://example.amazonaws.com/?Param1=value1",
            "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
        ),
    ],
)
def test_signatures_are_those_of_amazons_test_suite(url: str, signature: str) -> None:
    assert signed(url, b"", EXAMPLE, SCOPE) == {
        "X-Amz-Date": "20150830T123600Z",
        "Authorization": (
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            f"SignedHeaders=host;x-amz-date, Signature={signature}"
        ),
    }


def test_a_session_is_part_of_what_is_signed() -> None:
    headers = signed("https://a.example/", b"", EXAMPLE._replace(session_token="session"), SCOPE)
    assert headers["X-Amz-Security-Token"] == "session"
    assert "SignedHeaders=host;x-amz-date;x-amz-security-token," in headers["Authorization"]


def test_another_body_has_another_signature() -> None:
    assert signed("https://a.example/", b"a", EXAMPLE, SCOPE) != signed(
        "https://a.example/", b"b", EXAMPLE, SCOPE
    )


def test_a_form_has_no_plus_for_a_blank() -> None:
    assert encode_form({"a b": "c d+é/~"}) == b"a%20b=c%20d%2B%C3%A9%2F~"


class Keys:
    """Makes signers with an environment of their own, and a service that lends roles."""

    def __init__(self, sink: Sink, http: aiohttp.ClientSession, tmp_path: Path) -> None:
        self.sink = sink
        self.sink.otherwise = web.Response(text=BORROWED)
        self._http = http
        self._nowhere = str(tmp_path / "nowhere")

    def signer(self, config: SigV4Config, environment: Mapping[str, str]) -> Signer:
        client = Client(Context(self._http, TemplateLibrary.load([])), None)
        base = {"AWS_ENDPOINT_URL_STS": self.sink.url, "AWS_SHARED_CREDENTIALS_FILE": self._nowhere}
        return Signer(config, client, base | dict(environment))

    async def key(self, config: SigV4Config, environment: Mapping[str, str], now: datetime = NOW) -> str:
        headers = await self.signer(config, environment).headers("sns", "https://a.example/", b"", now)
        return headers["Authorization"].split("Credential=")[1].split("/")[0]


@pytest.fixture
def keys(sink: Sink, http: aiohttp.ClientSession, tmp_path: Path) -> Keys:
    return Keys(sink, http, tmp_path)


OWN = SigV4Config(region="eu-west-1", access_key="AKOWN", secret_key=Secret("own"))
ENVIRONMENT = {"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKENV", "AWS_SECRET_ACCESS_KEY": "env"}


async def test_a_key_in_the_configuration_comes_before_the_environments(keys: Keys) -> None:
    assert await keys.key(OWN, ENVIRONMENT) == "AKOWN"
    assert await keys.key(SigV4Config(), ENVIRONMENT) == "AKENV"


async def test_the_shared_file_has_profiles(keys: Keys, tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text(
        "[default]\naws_access_key_id = AKDEF\naws_secret_access_key = a\n"
        "[work]\naws_access_key_id = AKWORK\naws_secret_access_key = b\n"
    )
    environment = {"AWS_REGION": "r", "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials")}
    assert await keys.key(SigV4Config(), environment) == "AKDEF"
    assert await keys.key(SigV4Config(profile="work"), ENVIRONMENT | environment) == "AKWORK"
    assert await keys.key(SigV4Config(), environment | {"AWS_PROFILE": "work"}) == "AKWORK"
    with pytest.raises(DeliveryError, match=r"no credentials: .* the profile 'home'"):
        await keys.key(SigV4Config(profile="home"), environment)


async def test_without_region_or_credentials_the_way_out_is_told(keys: Keys) -> None:
    with pytest.raises(DeliveryError, match=r"no region: set `sigv4\.region`, or AWS_REGION") as error:
        await keys.key(SigV4Config(), {})
    assert not error.value.retryable
    with pytest.raises(DeliveryError, match="no credentials"):
        await keys.key(SigV4Config(region="r"), {})


async def test_a_role_is_borrowed_in_the_name_of_the_own_key(keys: Keys) -> None:
    config = SigV4Config(
        region="eu-west-1",
        access_key="AKOWN",
        secret_key=Secret("own"),
        role_arn="arn:aws:iam::1:role/page",
        external_id="x",
    )
    assert await keys.key(config, {}) == "ASIA"
    (((_, form),), (headers,)) = keys.sink.requests, keys.sink.headers
    assert form == {
        "Action": "AssumeRole",
        "RoleArn": "arn:aws:iam::1:role/page",
        "RoleSessionName": "farwatch",
        "ExternalId": "x",
        "Version": "2011-06-15",
    }
    assert "Credential=AKOWN/20150830/eu-west-1/sts/aws4_request" in headers["Authorization"]


async def test_a_role_is_borrowed_again_only_when_it_is_about_to_end(keys: Keys) -> None:
    config = SigV4Config(region="r", access_key="AK", secret_key=Secret("s"), role_arn="arn")
    signer = keys.signer(config, {})
    for minute, borrowed in ((36, 1), (45, 1), (59, 1)):
        await signer.headers("sns", "https://a.example/", b"", NOW.replace(minute=minute))
        assert len(keys.sink.requests) == borrowed
    await signer.headers("sns", "https://a.example/", b"", NOW.replace(hour=13, minute=32))
    assert len(keys.sink.requests) == 2


async def test_a_service_account_of_a_cluster_is_exchanged(keys: Keys, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("web-token\n")
    environment = {
        "AWS_REGION": "r",
        "AWS_ROLE_ARN": "arn:aws:iam::1:role/hub",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
    }
    assert await keys.key(SigV4Config(), environment) == "ASIA"
    ((_, form),) = keys.sink.requests
    assert (form["Action"], form["WebIdentityToken"]) == ("AssumeRoleWithWebIdentity", "web-token")
    assert "Authorization" not in keys.sink.headers[0]


@pytest.mark.parametrize(
    "answer", ["", "<a", "<a/>", "<Credentials><AccessKeyId>x</AccessKeyId></Credentials>"]
)
async def test_an_answer_without_credentials_is_worth_another_try(keys: Keys, answer: str) -> None:
    keys.sink.otherwise = web.Response(text=answer)
    config = SigV4Config(region="r", access_key="AK", secret_key=Secret("s"), role_arn="arn")
    with pytest.raises(DeliveryError, match="in no form that is known") as error:
        await keys.key(config, {})
    assert error.value.retryable


async def test_a_refused_role_is_told_without_the_token(keys: Keys, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("web-token")
    keys.sink.otherwise = web.Response(status=403, text="no role for web-token")
    environment = {"AWS_REGION": "r", "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token")}
    with pytest.raises(DeliveryError, match="status 403: no role for <secret>") as error:
        await keys.key(SigV4Config(), environment)
    assert not error.value.retryable
