"""The lines that people paste into a shell, taken apart as a shell does."""

from __future__ import annotations

import json
import shlex
from typing import Any

from farwatch.hub.install import commands

URL = "https://hub.example/install/fwi_x"


def test_the_one_line_downloads_and_applies() -> None:
    assert commands.apply_command(URL) == f"curl -fsSL {URL} | kubectl apply -f -"


def test_an_address_cannot_say_more_to_the_shell_than_what_to_download() -> None:
    url = "https://hub.example/a;id$(id)/install/fwi_x"
    assert shlex.split(commands.apply_command(url))[:3] == ["curl", "-fsSL", url]


def test_the_checked_line_applies_only_what_has_the_checksum() -> None:
    words = shlex.split(commands.checked_command(URL, "abc"))
    assert words[words.index("echo") + 1] == "abc  farwatch-agent.yaml"
    assert words.index("sha256sum") < words.index("kubectl")
    assert "&&" in words[words.index("sha256sum") : words.index("kubectl")]


def test_helms_line_carries_every_value_and_takes_the_token_from_the_environment() -> None:
    values: dict[str, Any] = {"mode": "daemonset", "watchNamespaces": ["a", "b"], "caBundle": "it's\nPEM"}
    words = shlex.split(commands.helm_command("https://hub.example/charts/c.tgz", "farwatch", values))
    given = [words[place + 1] for place, word in enumerate(words) if word == "--set-json"]
    assert {name: json.loads(text) for name, _, text in (one.partition("=") for one in given)} == values
    assert words[-1] == "agentToken=$FARWATCH_AGENT_TOKEN"
