from __future__ import annotations

from typing import Any

import msgspec

from farwatch import __version__
from farwatch.calls.status import StatusAnswer


async def test_the_hub_may_ask_for_the_agents_status(
    hub: Any, api_server: Any, run_agent: Any, eventually: Any
) -> None:
    agent = run_agent()
    await agent.eventually_ready()

    call = await hub.call("agent.status")
    await eventually(lambda: hub.answers)

    (reply,) = hub.answers
    assert (reply.id, reply.final) == (call, True)
    answer = msgspec.msgpack.decode(reply.payload, type=StatusAnswer)
    assert answer.versions["farwatch"] == __version__
    assert answer.versions["kubernetes"] == "v1.36.0"
    assert answer.status.api_server_reachable
    assert answer.link_connections == 1


async def test_what_is_not_allowed_or_not_known_is_told(
    hub: Any, api_server: Any, run_agent: Any, eventually: Any
) -> None:
    agent = run_agent(allowed_calls="")
    await agent.eventually_ready()

    await hub.call("agent.status")
    await hub.call("cluster.destroy")
    await eventually(lambda: len(hub.answers) == 2)

    assert [answer.code for answer in hub.answers] == ["not_allowed", "unknown_method"]
