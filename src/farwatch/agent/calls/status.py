"""``agent.status``: how the agent stands, asked by hand."""

from __future__ import annotations

import sys

import aiohttp
import msgspec

from farwatch import __version__
from farwatch.agent.calls.handler import Caller, Handler
from farwatch.agent.metrics import resident_bytes
from farwatch.agent.state import AgentState
from farwatch.calls.status import StatusAnswer, StatusParams


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
