from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.proxy import ProxySettings

PROXY = "http://proxy.example.com:3128"


def settings(no_proxy: str = "") -> ProxySettings:
    return ProxySettings(https_proxy=PROXY, http_proxy="http://plain.example.com:3128", no_proxy=no_proxy)


def test_the_scheme_of_the_destination_chooses_the_variable() -> None:
    assert settings().resolve("https://hub.example.com") == PROXY
    assert settings().resolve("wss://hub.example.com/link") == PROXY
    assert settings().resolve("http://hub.example.com") == "http://plain.example.com:3128"
    assert ProxySettings(http_proxy=PROXY).resolve("https://hub.example.com") is None


def test_upper_case_wins_over_lower_and_lower_alone_counts() -> None:
    upper = {
        "HTTPS_PROXY": "http://upper:1",
        "https_proxy": "http://lower:1",
        "no_proxy": "a",
        "NO_PROXY": "b",
    }
    found = ProxySettings.from_environment(upper)
    assert (found.https_proxy, found.no_proxy) == ("http://upper:1", "b")
    assert ProxySettings.from_environment({"https_proxy": "http://lower:1"}).https_proxy == "http://lower:1"
    assert (
        ProxySettings.from_environment({"HTTPS_PROXY": "", "https_proxy": "http://low:1"}).https_proxy
        == "http://low:1"
    )


def test_a_proxy_without_a_scheme_speaks_http() -> None:
    assert (
        ProxySettings.from_environment({"HTTPS_PROXY": "u:p@proxy:3128"}).https_proxy
        == "http://u:p@proxy:3128"
    )


@pytest.mark.parametrize(
    "value", ["socks5://proxy:1080", "http://", "http://proxy:x", "http://proxy:0", "http://[::1"]
)
def test_what_is_no_proxy_is_refused_by_variable(value: str) -> None:
    with pytest.raises(ValueError, match="HTTPS_PROXY"):
        ProxySettings.from_environment({"HTTPS_PROXY": value})


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"])
def test_this_machine_is_reached_directly(host: str) -> None:
    assert settings().resolve(f"https://{host}:8443") is None


@pytest.mark.parametrize(
    ("entry", "host", "direct"),
    [
        ("*", "hub.example.com", True),
        ("example.com", "example.com", True),
        ("example.com", "hub.example.com", True),
        ("example.com", "hubexample.com", False),
        ("EXAMPLE.com", "hub.Example.COM", True),
        (".example.com", "hub.example.com", True),
        (".example.com", "example.com", False),
        ("*.example.com", "a.hub.example.com", True),
        ("*.example.com", "example.com", False),
        ("example.com", "hub.example.com.", True),
        ("example.com:443", "example.com", True),
        ("example.com:8443", "example.com", False),
        ("example.com:8443", "example.com:8443", True),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.1.0.0/8", "10.9.9.9", True),
        ("10.0.0.0/8", "hub.example.com", False),
        ("10.0.0.0/99", "10.1.2.3", False),
        ("fd00::/8", "[fd00::1]", True),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3", "10.1.2.30", False),
        ("10.1.2.3:443", "10.1.2.3", True),
        ("10.1.2.3:80", "10.1.2.3", False),
        ("fd00::1", "[fd00:0::1]", True),
        ("[fd00::1]:443", "[fd00::1]", True),
        ("[fd00::1]:80", "[fd00::1]", False),
        ("other.org, example.com", "example.com", True),
        ("other.org example.com", "example.com", True),
        (",,", "example.com", False),
        (".", "example.com", False),
    ],
)
def test_no_proxy_entries(entry: str, host: str, direct: bool) -> None:
    assert (settings(entry).resolve(f"https://{host}") is None) is direct


@given(st.text(max_size=30))
def test_any_no_proxy_is_read(no_proxy: str) -> None:
    assert settings(no_proxy).resolve("https://hub.example.com:8443/link") in {None, PROXY}


def test_credentials_never_show() -> None:
    found = ProxySettings.from_environment({"HTTPS_PROXY": "http://me:secret@proxy:3128"})
    assert "secret" not in repr(found)
    assert found.describe(found.https_proxy) == "http://proxy:3128"
