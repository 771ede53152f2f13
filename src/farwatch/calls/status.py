"""``agent.status``: how the agent stands, asked by hand."""

from __future__ import annotations

import msgspec

from farwatch.link.frames import AgentStatus


class StatusParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``agent.status`` takes no parameters."""


class StatusAnswer(msgspec.Struct, frozen=True, kw_only=True):
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
