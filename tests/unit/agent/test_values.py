from __future__ import annotations

import pytest

from farwatch.agent.values import Address, Duration, HubUrl


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("60s", 60), ("5m", 300), ("1h30m", 5400), ("2d", 172800), ("0s", 0), ("1.5h", 5400)],
)
def test_durations_are_read_in_seconds(text: str, seconds: float) -> None:
    assert Duration.parse(text) == seconds


@pytest.mark.parametrize("text", ["", "60", "s", "5 m", "-5m", "5m!", "x5m", "1h 30m", "\u0665m"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="such as 500ms, 60s"):
        Duration.parse(text)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        (":13133", None, 13133),
        ("127.0.0.1:0", "127.0.0.1", 0),
        ("[::1]:9090", "::1", 9090),
        ("node:80", "node", 80),
    ],
)
def test_addresses_are_taken_apart(text: str, host: str | None, port: int) -> None:
    address = Address.parse(text)
    assert (address.host, address.port) == (host, port)


@pytest.mark.parametrize("text", ["", "9090", "host", "host:", "host:http", ":65536", "::1:80", "host:-1"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="address"):
        Address.parse(text)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://hub.example.com", "https://hub.example.com"),
        ("wss://hub.example.com/", "https://hub.example.com"),
        ("WS://localhost:8080", "http://localhost:8080"),
        ("https://example.com/farwatch/", "https://example.com/farwatch"),
    ],
)
def test_hub_urls_are_brought_to_one_form(text: str, url: str) -> None:
    assert HubUrl.parse(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hub.example.com",
        "ftp://hub",
        "https://",
        "https://user:pw@hub",
        "https://hub?x=1",
        "https://hub#x",
        "https://hub:99999",
        "https://[::1",
    ],
)
def test_what_is_no_hub_url_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        HubUrl.parse(text)


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1:8080", True),
        ("http://[::1]:8080", True),
        ("http://localhost", True),
        ("http://localhost.example.com", False),
        ("http://10.0.0.1", False),
    ],
)
def test_only_this_machine_is_loopback(url: str, loopback: bool) -> None:
    assert HubUrl.parse(url).loopback is loopback
