"""Which cluster this is: the UID of its namespace ``kube-system``, which lives as long as the cluster."""

from __future__ import annotations

import structlog

from farwatch.agent.state import AgentState, LinkPhase
from farwatch.backoff import Backoff
from farwatch.kube.client import KubeClient
from farwatch.kube.clock import SYSTEM_CLOCK, Clock
from farwatch.kube.errors import ApiError, KubeError

_log = structlog.get_logger(__name__)
_FORBIDDEN = 403


async def learn_identity(client: KubeClient, state: AgentState, clock: Clock = SYSTEM_CLOCK) -> None:
    """Asks until the API server tells, and notes the UID in the state; why it does not yet is the link's reason."""
    backoff = Backoff()
    failures = 0
    told = ""
    while not state.cluster_uid:
        try:
            state.cluster_uid = await client.cluster_uid()
        except KubeError as error:
            failures += 1
            reason = _explain(error)
            if reason != told:
                _log.warning("the cluster's identity is not known yet", reason=reason)
                told = reason
            if state.link.phase is LinkPhase.WAITING:
                state.set_link(LinkPhase.WAITING, reason=reason)
            await clock.sleep(backoff.delay(failures, clock.random()))


def _explain(error: KubeError) -> str:
    if isinstance(error, ApiError) and error.status == _FORBIDDEN:
        return (
            f"the cluster's identity may not be read: {error.message}; "
            f"grant the verb get on the resource namespaces with the name kube-system"
        )
    return str(error)
