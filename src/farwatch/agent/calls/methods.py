"""The names of the calls an agent knows; the allow-list is made of them."""

from __future__ import annotations

from enum import StrEnum


class Method(StrEnum):
    """A call's name, ``<subject>.<verb or noun>``."""

    AGENT_STATUS = "agent.status"


READ_ONLY = (Method.AGENT_STATUS,)
"""The default allow-list: nothing that writes, nothing that shows a workload's data."""
