"""``pod.logs``: the last lines that a container wrote."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from farwatch.calls.params import CallName, InNamespace

MAX_LINES = 10_000
MAX_BYTES = 256 * 1024
"""What an answer holds at most, whatever is asked for: far less than a frame."""


class PodLogsParams(InNamespace, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which lines are wanted.

    Attributes:
        pod: The pod's name.
        container: Which of its containers; empty where it has only one.
        previous: Of the run before the last restart.
        tail_lines: How many of the last lines.
        limit_bytes: How many of the last bytes.
        since_seconds: Only what was written in so many seconds up to now; None for all that is kept.
    """

    pod: CallName
    container: CallName | None = None
    previous: bool = False
    tail_lines: Annotated[int, Meta(ge=1, le=MAX_LINES)] = 200
    limit_bytes: Annotated[int, Meta(ge=1, le=MAX_BYTES)] = 64 * 1024
    since_seconds: Annotated[int, Meta(ge=1)] | None = None


class PodLogsAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a container wrote.

    Attributes:
        container: Which container; empty if none was named and the pod has only one.
        text: Whole lines, the latest last. What looked like a secret is masked, and bytes that are no UTF-8 are
            replaced.
        truncated: Whether earlier lines were left out because of ``limit_bytes``.
        masked: How many secrets were masked.
    """

    container: str
    text: str
    truncated: bool = False
    masked: int = 0


class PodLogsFault(StrEnum):
    """Why there are no lines to show, as codes of the failed call."""

    POD_NOT_FOUND = "pod_not_found"
    CONTAINER_NOT_FOUND = "container_not_found"
    NOT_STARTED = "container_not_started"
    NO_PREVIOUS_RUN = "no_previous_run"
    LOG_GONE = "log_gone"
    FORBIDDEN = "forbidden"
    UNREACHABLE = "unreachable"
    FAILED = "failed"
