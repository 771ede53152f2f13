"""How links are kept."""

from __future__ import annotations

import msgspec


class LinkSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How links are kept.

    Attributes:
        heartbeat_seconds: How often each side sends at least one frame; after 3 missed the agent is lost.
        credit_bytes: How many bytes of state an agent may have on its way.
        grace_seconds: How long an agent that left may be away before it is lost.
        restart_grace_seconds: How long agents have to come back after the hub has started.
        refused_retry_seconds: How long a refused agent is asked to wait.
    """

    heartbeat_seconds: float = 10.0
    credit_bytes: int = 4 * 1024 * 1024
    grace_seconds: float = 30.0
    restart_grace_seconds: float = 120.0
    refused_retry_seconds: float = 60.0
