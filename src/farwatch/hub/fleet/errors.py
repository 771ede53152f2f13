"""What can go wrong in the fleet."""

from __future__ import annotations


class FleetError(Exception):
    """The base of the fleet's errors; the message is one line and names the way out."""


class ClusterNameError(FleetError):
    """A name that no cluster can have."""


class ClusterLabelError(FleetError):
    """Labels that no cluster can have."""


class ClusterExistsError(FleetError):
    """A cluster of this name is there already."""


class ClusterNotFoundError(FleetError):
    """No cluster has this name."""


class TokenNotFoundError(FleetError):
    """The cluster has no token with this id."""


class KeyNotFoundError(FleetError):
    """No organisation key has this id."""


class KeyPatternError(FleetError):
    """A pattern that fits no cluster's name."""


class AgentAwayError(FleetError):
    """The cluster's agent is not connected, or left before it answered."""


class CallFailedError(FleetError):
    """The agent did not do what it was asked.

    Attributes:
        code: Why, for machines: a ``CallErrorCode`` or the method's own.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class BootstrapTokenError(FleetError):
    """The token of the cluster to begin with cannot be used."""
