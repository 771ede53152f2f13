from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.agent.calls.masking import MASK, mask_secrets

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA1\nq83vEjRWeJ==\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer ***"),
        ("authorization=Basic dXNlcjpwYXNz", "authorization=Basic ***"),
        ('{"Authorization":"Bearer s3cr3t","path":"/"}', '{"Authorization":"Bearer ***","path":"/"}'),
        ("using bearer eyabc12345678", "using bearer ***"),
        ("db_password=hunter2 host=db", "db_password=*** host=db"),
        ('{"password": "two words", "user": "a"}', '{"password": "***", "user": "a"}'),
        (r'msg="{\"api_key\":\"k1\",\"n\":1}"', r'msg="{\"api_key\":\"***\",\"n\":1}"'),
        (r'{"secret": "with \"quotes\" in", "n": 1}', '{"secret": "***", "n": 1}'),
        ("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG", "AWS_SECRET_ACCESS_KEY=***"),
        ("{:token => 'abc', :id => 1}", "{:token => '***', :id => 1}"),
        ("running ./app --db-password hunter2 --port 80", "running ./app --db-password *** --port 80"),
        ("Set-Cookie: sid=1; theme=dark", "Set-Cookie: ***"),
        ("dial postgres://shop:hunter2@db:5432/shop failed", "dial postgres://shop:***@db:5432/shop failed"),
        ("pushed with ghp_16C7e42F292c6912E7710c838347Ae178B4a", "pushed with ghp_***"),
        ("key AKIAIOSFODNN7EXAMPLE used", "key AKIA*** used"),
        (
            "POST https://hooks.slack.com/services/T0/B0/XyzAbc123 404",
            "POST https://hooks.slack.com/services/*** 404",
        ),
        (
            "https://discord.com/api/webhooks/123/aBc-dEf_1 failed",
            "https://discord.com/api/webhooks/*** failed",
        ),
        (
            "https://api.telegram.org/bot123456:AAHdqTcvCH1vGWJxfSeof/getMe",
            "https://api.telegram.org/bot***/getMe",
        ),
        ("AccountName=a;AccountKey=Eby8vdM02xNOcqF==;x", "AccountName=a;AccountKey=***;x"),
        ("master_key: 0123456789, signing-key=abc", "master_key: ***, signing-key=***"),
        ("ENCRYPTION_KEY=abc", "ENCRYPTION_KEY=***"),
        ('{"auths":{"r.example":{"auth":"dXNlcjpwYXNz"}}}', '{"auths":{"r.example":{"auth":"***"}}}'),
        ("open root:hunter2@tcp(db:3306)/shop", "open root:***@tcp(db:3306)/shop"),
        ("GET https://b.example/o?sv=2&sig=aBcDeFgHiJ%3D&se=1", "GET https://b.example/o?sv=2&sig=***&se=1"),
        ("GET /o?X-Amz-Signature=0123456789abcdef HTTP/1.1", "GET /o?X-Amz-Signature=*** HTTP/1.1"),
        ("ya29.a0AfH6SMBx7abcdefgh used", "ya29.*** used"),
        ("xapp-1-A0-123456789-abcdef used", "xapp-*** used"),
        ("SG.abcdefghijklmnop.qrstuvwxyz used", "SG.*** used"),
        ("hf_abcdefghijklmnopqrst used", "hf_*** used"),
        ("q83vEjRWeJ\nMIIEowIB==\n-----END RSA PRIVATE KEY-----\nok", "***-----END RSA PRIVATE KEY-----\nok"),
        ("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmN", "got eyJ***"),
        (f"loaded {KEY} ok", "loaded -----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY----- ok"),
    ],
)
def test_what_looks_like_a_secret_is_masked_and_the_rest_stays(line: str, masked: str) -> None:
    found, count = mask_secrets(line)
    assert found == masked
    assert count >= 1


@pytest.mark.parametrize(
    "line",
    [
        'level=error msg="cannot reach database" addr=web-db:5432 attempt=3',
        "panic: dial tcp: lookup web-db on 10.96.0.10:53: no such host",
        'secrets "db-credentials" not found',
        "token expired, asking for another one",
        "SyntaxError: unexpected token } in JSON at position 4",
        "GET https://example.com:8443/a@b 200",
        "the task-runner is desk-bound",
        "authorization failed",
        "keyboard: x, primary key: id, monkey=1",
        "signal=sigterm significant=1",
        "all is well\n-----END CERTIFICATE-----",
    ],
)
def test_lines_without_a_secret_are_left_alone(line: str) -> None:
    assert mask_secrets(line) == (line, 0)


@given(
    secret=st.text("abcdefghijklmnopqrstuvwxyz0123456789+/", min_size=8, max_size=200),
    name=st.sampled_from(["password", "DB_PASSWD", "api-key", "apiKey", "client_secret", "accessToken"]),
    form=st.sampled_from(["{}={}", "{}: {}", '"{}":"{}"', "'{}' => '{}'", '{}="{}"']),
)
def test_no_value_of_a_telling_name_is_left(secret: str, name: str, form: str) -> None:
    found, count = mask_secrets(f"level=info {form.format(name, secret)} end")
    assert secret not in found
    assert MASK in found
    assert count


@pytest.mark.parametrize(
    "hostile",
    [
        "secret" * 40_000,
        "://" * 80_000,
        "-----BEGIN PRIVATE KEY-----" * 9_000,
        'password="' * 25_000,
        "--" * 125_000,
        "eyJaaaaaaaa." * 20_000,
        "bearer " * 35_000,
        "cookie:" * 35_000,
        "a:" * 125_000,
        "?sig=" * 50_000,
        "A" * 250_000 + "-----END PRIVATE KEY----",
    ],
)
def test_a_text_made_to_be_slow_is_masked_in_the_time_of_its_length(hostile: str) -> None:
    # What would be quadratic here takes minutes, which the suite's own time limit ends.
    mask_secrets(hostile)
