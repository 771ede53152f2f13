"""The names of the calls there are; an agent's allow-list is made of them."""

from __future__ import annotations

from enum import StrEnum


class Method(StrEnum):
    """A call's name, ``<subject>.<verb or noun>``."""

    AGENT_STATUS = "agent.status"
    POD_LOGS = "pod.logs"
