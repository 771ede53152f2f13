from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from farwatch.agent.cluster.identity import learn_identity
from farwatch.agent.cluster.probe import PROBE_SECONDS, RETRY_SECONDS, probe_api_server
from farwatch.agent.state import AgentState, LinkPhase
from farwatch.kube.access import ClusterAccess
from farwatch.kube.client import ServerVersion
from farwatch.kube.clock import Clock
from farwatch.kube.errors import ApiError, ApiUnreachable, KubeConfigError

VERSION = ServerVersion(git_version="v1.36.0")
FROZEN = object()
SILENT = ApiUnreachable("https://10.0.0.1 does not answer: refused")


class ScriptedClient:
    """Answers one question after another; after the last the test is over."""

    access = ClusterAccess(server="https://10.0.0.1")

    def __init__(self, answers: list[Any]) -> None:
        self._answers: Iterator[Any] = iter(answers)

    async def server_version(self) -> Any:
        for answer in self._answers:
            if isinstance(answer, Exception):
                raise answer
            if answer is FROZEN:
                await asyncio.Event().wait()
            return answer
        raise asyncio.CancelledError

    cluster_uid = server_version


async def probe(state: AgentState, *answers: Any) -> tuple[list[bool], list[float]]:
    """What was told of each change, and the waits between questions."""
    told: list[bool] = []
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    clock = Clock(sleep=sleep, random=lambda: 0.5)
    client: Any = ScriptedClient(list(answers))
    with pytest.raises(asyncio.CancelledError):
        await probe_api_server(client, state, lambda: told.append(state.api_server.reachable), clock)
    return told, waits


async def test_one_answer_makes_it_reachable_and_tells_the_version(state: AgentState) -> None:
    told, waits = await probe(state, VERSION, VERSION)
    assert told == [True]
    assert waits == [PROBE_SECONDS, PROBE_SECONDS]
    assert state.kubernetes_version == "v1.36.0"


async def test_a_server_that_takes_questions_and_answers_none_is_an_outage(
    state: AgentState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("farwatch.agent.cluster.probe.ANSWER_SECONDS", 0.01)
    told, _ = await probe(state, VERSION, FROZEN, FROZEN)
    assert told == [True, False]
    assert state.api_server.message == "https://10.0.0.1 does not answer: nothing came for 0.01 s"


async def test_one_failure_is_asked_again_soon_and_is_no_outage(state: AgentState) -> None:
    told, waits = await probe(state, VERSION, SILENT, VERSION)
    assert told == [True]
    assert waits == [PROBE_SECONDS, RETRY_SECONDS, PROBE_SECONDS]


async def test_two_failures_are_an_outage_and_one_answer_ends_it(state: AgentState) -> None:
    told, _ = await probe(state, VERSION, SILENT, SILENT, SILENT, VERSION)
    assert told == [True, False, True]


@pytest.mark.parametrize(
    ("error", "reachable"),
    [
        (ApiError(403, "Forbidden", "no"), True),
        (ApiError(429, "TooManyRequests", "later"), True),
        (ApiError(503, "ServiceUnavailable", "down"), False),
        (KubeConfigError("token file: no such file"), False),
    ],
)
async def test_a_refusal_is_an_answer_and_a_server_error_is_none(
    state: AgentState, error: Exception, reachable: bool
) -> None:
    await probe(state, error, error)
    assert state.api_server.reachable is reachable
    assert state.api_server.message == ("" if reachable else str(error))


async def test_a_server_that_never_answered_is_told_with_its_reason_at_once(state: AgentState) -> None:
    told, _ = await probe(state, SILENT)
    assert told == [False]
    assert state.api_server.message == str(SILENT)


async def test_the_identity_is_asked_for_until_it_is_known(state: AgentState) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    client: Any = ScriptedClient(
        [SILENT, SILENT, ApiError(403, "Forbidden", "may not get namespaces"), "the-uid"]
    )
    await learn_identity(client, state, Clock(sleep=sleep, random=lambda: 1.0))

    assert state.cluster_uid == "the-uid"
    assert waits == [1, 2, 4]
    assert state.link.phase is LinkPhase.WAITING
    assert "may not get namespaces; grant the verb get" in state.link.reason


async def test_whoever_had_no_answer_elsewhere_has_it_asked_at_once(state: AgentState) -> None:
    doubt = asyncio.Event()
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if seconds == PROBE_SECONDS:
            await asyncio.Event().wait()

    clock = Clock(sleep=sleep, random=lambda: 0.5)
    client: Any = ScriptedClient([VERSION, SILENT, SILENT])
    probing = asyncio.create_task(probe_api_server(client, state, lambda: None, clock, doubt))
    while not probing.done():
        await asyncio.wait((probing,), timeout=0.001)
        if len(waits) in {1, 3}:
            doubt.set()
    assert not state.api_server.reachable
    assert RETRY_SECONDS in waits
