"""What an agent says of itself in its Hello, before anybody believes it."""

from __future__ import annotations

from farwatch.hub.fleet.clusters import Refusal
from farwatch.link.frames import AgentInfo, CloseCode, LinkRole

LONGEST_WORD = 256
"""Characters of any word in a Hello: it is kept and shown."""

_MOST_NAMESPACES = 1000


def check_introduction(agent: AgentInfo) -> Refusal | None:
    """Why an agent may not come in, whoever it is: a word is too long, or its role is none that this hub knows."""
    words = (
        agent.version,
        agent.instance,
        agent.cluster_name,
        agent.cluster_uid,
        agent.kubernetes_version,
        agent.pod,
        agent.node,
    )
    if any(len(word) > LONGEST_WORD for word in (*words, *agent.namespaces)):
        return Refusal(
            code=CloseCode.BAD_FRAME, reason=f"a Hello with a word of more than {LONGEST_WORD} characters"
        )
    if len(agent.namespaces) > _MOST_NAMESPACES:
        return Refusal(
            code=CloseCode.BAD_FRAME, reason=f"a Hello with more than {_MOST_NAMESPACES} namespaces"
        )
    if agent.role not in set(LinkRole):
        return Refusal(
            code=CloseCode.WRONG_STATE,
            reason=f"this hub takes agents of the roles {', '.join(LinkRole)}, not {agent.role[:LONGEST_WORD]!r}: "
            "upgrade the hub",
        )
    return None
