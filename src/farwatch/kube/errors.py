"""What can go wrong when talking to a cluster."""

from __future__ import annotations

from http import HTTPStatus


class KubeError(Exception):
    """The base of everything this package raises on purpose."""


class KubeConfigError(KubeError):
    """Access to the cluster is not set up right. The message is one line, for people, and says what to do."""


class ApiUnreachable(KubeError):  # noqa: N818 - a state of the world, named as the field names it
    """No answer: refused, reset, timed out, or a stream that stood still. The message names server and fault."""


class StreamIdle(ApiUnreachable):
    """An open stream stood still for longer than it may."""


class ApiError(KubeError):
    """The API server answered, but not with what was asked for.

    Attributes:
        status: The HTTP status; in a watch the code of the ERROR event.
        reason: The server's reason for machines (``Forbidden``, ``Expired``), or ours: ``BadBody``.
        message: The server's words.
        retry_after: Seconds after which the server will have us again; None when it did not say.
    """

    def __init__(self, status: int, reason: str, message: str, retry_after: float | None = None) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message
        self.retry_after = retry_after

    @property
    def is_not_found(self) -> bool:
        """Whether the object or the kind is not there."""
        return self.status == HTTPStatus.NOT_FOUND

    @property
    def is_forbidden(self) -> bool:
        """Whether we are known, and not allowed."""
        return self.status == HTTPStatus.FORBIDDEN

    @property
    def is_conflict(self) -> bool:
        """Whether the name is taken, or the object was written by somebody else since it was read."""
        return self.status == HTTPStatus.CONFLICT

    @property
    def is_gone(self) -> bool:
        """Whether the resource version or continue token is too old, so that only a new list helps."""
        return self.status == HTTPStatus.GONE or self.reason in {"Expired", "Gone"}


BAD_BODY = "BadBody"
"""The reason of an :class:`ApiError` whose body is not what Kubernetes sends: a proxy's page, half an answer."""
