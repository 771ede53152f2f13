"""``agent.status``: how the agent stands, asked by hand."""

from __future__ import annotations

import sys

import aiohttp
import msgspec

from farwatch import __version__
from farwatch.agent.calls.dispatch import Caller, Handler
from farwatch.agent.metrics import resident_bytes
from farwatch.agent.state import AgentState
from farwatch.link.frames import AgentStatus


class StatusParams(msgspec.Struct, forbid_unknown_fields=True):
    """``agent.status`` takes no parameters."""


class StatusAnswer(msgspec.Struct, kw_only=True):
    """What ``agent.status`` answers.

    Attributes:
        status: As the link reports it by itself.
        objects: How many the agent keeps, by kind.
        versions: Of ``farwatch``, ``kubernetes``, ``python`` and the libraries that talk to the network.
        resident_bytes: The process's resident set size.
        link_connections: Links established since the agent started.
    """

    status: AgentStatus
    objects: dict[str, int]
    versions: dict[str, str]
    resident_bytes: int
    link_connections: int


def status_handler(state: AgentState) -> Handler:
    """Serves ``agent.status`` from the agent's state."""

    async def serve(_params: StatusParams, _caller: Caller) -> StatusAnswer:
        return StatusAnswer(
            status=state.report(),
            objects=state.objects,
            versions={
                "farwatch": __version__,
                "kubernetes": state.kubernetes_version,
                "python": sys.version.split()[0],
                "aiohttp": aiohttp.__version__,
                "msgspec": msgspec.__version__,
            },
            resident_bytes=resident_bytes(),
            link_connections=state.traffic.connections,
        )

    return Handler(StatusParams, serve)
