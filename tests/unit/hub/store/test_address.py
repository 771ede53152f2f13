"""The URL of a ClickHouse server."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.store.address import ServerAddress
from farwatch.hub.store.errors import TelemetryError


def test_what_is_left_out_is_what_clickhouse_takes() -> None:
    address = ServerAddress.read("https://ch.example")
    assert (address.host, address.port, address.database) == ("ch.example", 8443, "farwatch")
    assert (address.user, address.password) == ("default", "")
    assert ServerAddress.read("http://ch.example/").port == 8123


def test_each_part_is_taken() -> None:
    address = ServerAddress.read("https://me:p%40ss%2F%3A@[fd00::1]:9/tele-metry_2")
    assert address.root == "https://[fd00::1]:9/"
    assert (address.user, address.password, address.database) == ("me", "p@ss/:", "tele-metry_2")


@given(
    user=st.text(st.characters(min_codepoint=32), min_size=1),
    password=st.text(st.characters(min_codepoint=32)),
)
def test_any_user_and_password_can_be_quoted(user: str, password: str) -> None:
    try:
        url = f"https://{quote(user, safe='')}:{quote(password, safe='')}@host/db"
    except UnicodeEncodeError:
        return  # a lone surrogate is no text
    address = ServerAddress.read(url)
    assert (address.user, address.password) == (user, password)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ch.example",
        "ch.example:8123",
        "clickhouse://secret@ch:9000/db",
        "tcp://u:secret@ch:9000",
        "https://",
        "https://u:secret@",
        "https://u:secret@ch:port/db",
        "https://u:secret@ch:0/db",
        "https://u:secret@ch:70000/db",
        "https://[u:secret@ch/db",
        "https://u:secret@ch/db?password=secret",
        "https://u:secret@ch/db#secret",
        "https://u:secret@ch/two/parts",
        "https://u:secret@ch/a`b",
        "https://u:secret@ch/1db",
        "https://u:secret%0Ax@ch/db",
    ],
)
def test_any_other_is_refused_in_one_line_that_shows_no_password(url: str) -> None:
    with pytest.raises(TelemetryError, match="telemetry server's URL") as refused:
        ServerAddress.read(url)
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_password_is_in_no_name() -> None:
    address = ServerAddress.read("https://me:secret@ch/db")
    assert "secret" not in f"{address!r} {address.root} {address.name}"
    assert address.name == "https://ch:8443/db"


@pytest.mark.parametrize(
    ("url", "exposed"),
    [
        ("https://ch", False),
        ("http://127.0.0.1", False),
        ("http://[::1]", False),
        ("http://localhost", False),
        ("http://ch", True),
        ("http://10.0.0.1", True),
    ],
)
def test_a_way_that_others_can_read_is_known(url: str, *, exposed: bool) -> None:
    assert ServerAddress.read(url).exposed is exposed


def test_a_ca_is_for_tls_and_must_be_one(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    with pytest.raises(TelemetryError, match="needs an https:// URL"):
        ServerAddress.read("http://ch", ca)
    with pytest.raises(TelemetryError, match=r"CA file .*ca\.pem cannot be read: No such file"):
        ServerAddress.read("https://ch", ca).trust()
    ca.write_text("nothing")
    with pytest.raises(TelemetryError, match=r"CA file .*ca\.pem holds no certificate in PEM"):
        ServerAddress.read("https://ch", ca).trust()
