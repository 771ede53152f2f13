"""What installs a cluster's agent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from farwatch.cli.views.printing import Moment, print_json, print_text
from farwatch.cli.views.times import local
from farwatch.client import HubClient, path_segment


class InstallLink(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A new install link, with the lines to paste."""

    id: str
    cluster: str
    namespace: str
    url: str
    command: str
    checked_command: str
    helm_command: str
    sha256: str
    preview_url: str
    expires_at: Moment


async def install_agent(
    hub: str,
    token: str,
    name: str,
    options: Mapping[str, Any],
    *,
    preview: bool,
    command_only: bool,
    as_json: bool,
) -> None:
    """Make an install link and print what to do with it."""
    async with HubClient(hub, token) as client:
        path = f"/clusters/{path_segment(name)}/install"
        link = await client.post(path, options, InstallLink)
        text = await client.get_text(f"{path}/{path_segment(link.id)}") if preview else ""
    if as_json:
        print_json(msgspec.to_builtins(link) | ({"preview": text} if preview else {}))
    elif command_only:
        print_text(link.command)
    else:
        print_text(describe(link))
        if preview:
            print_text(f"\nWhat it will apply, with the token masked:\n\n{text}")


def describe(link: InstallLink) -> str:
    """A link in words, and the lines to paste."""
    return (
        f"To install the agent of {link.cluster} into the namespace {link.namespace}, run this where kubectl reaches "
        f"the cluster; it works once, until {local(link.expires_at)}:\n\n"
        f"  {link.command}\n\n"
        f"What it applies has the SHA-256 {link.sha256}.\n"
        f"To have that checked first:\n\n"
        f"  {link.checked_command}\n\n"
        f"To see it beforehand, with an API token: {link.preview_url}\n\n"
        f"The same with Helm, its token ('farwatch cluster rotate {link.cluster}' makes one) in FARWATCH_AGENT_TOKEN:\n\n"
        f"  {link.helm_command}"
    )
