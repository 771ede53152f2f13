"""The lines that people paste into a shell."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

RELEASE = "farwatch-agent"


def apply_command(url: str) -> str:
    """Downloads and applies in one go."""
    return f"curl -fsSL {shlex.quote(url)} | kubectl apply -f -"


def checked_command(url: str, sha256: str) -> str:
    """Applies only what has this checksum."""
    file = "farwatch-agent.yaml"
    return (
        f"curl -fsSL {shlex.quote(url)} -o {file} && echo '{sha256}  {file}' | sha256sum -c - "
        f"&& kubectl apply -f {file}; rm -f {file}"
    )


def helm_command(chart_url: str, namespace: str, values: Mapping[str, Any]) -> str:
    """Installs the same with Helm; the token is read from the environment, so that it is in no shell's history."""
    settings = " ".join(
        f"--set-json {shlex.quote(f'{name}={json.dumps(value)}')}" for name, value in values.items()
    )
    return (
        f"helm upgrade --install {RELEASE} {shlex.quote(chart_url)} --namespace {namespace} --create-namespace "
        f'{settings} --set-string agentToken="$FARWATCH_AGENT_TOKEN"'
    )
