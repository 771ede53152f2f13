"""What a trouble is, and what it can befall."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from farwatch.sim.engine.engine import Engine
from farwatch.sim.errors import SimError


class TroubleError(SimError):
    """A trouble that cannot be raised or mended: unknown, or without anything to befall."""


class Subject(StrEnum):
    """What a trouble befalls."""

    WORKLOAD = "workload"
    DEPLOYMENT = "deployment"
    CRON_JOB = "cron job"
    AUTOSCALER = "autoscaler"
    NODE = "node"
    NAMESPACE = "namespace"


@dataclass(frozen=True)
class Target:
    """One thing that a trouble befalls; a node and a namespace have only a name.

    Attributes:
        resource: The plural of its kind, ``deployments``.
        namespace: Its namespace, empty for nodes and namespaces.
        name: Its name.
    """

    resource: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return "/".join(part for part in (self.resource, self.namespace, self.name) if part)


Mend = Callable[[], None]
Raise = Callable[[Engine, Target], Mend]


@dataclass(frozen=True)
class Trouble:
    """A kind of trouble.

    Attributes:
        name: What it is called, ``crash-loop``.
        description: One line that says what will be seen.
        subject: What it befalls.
        bring_about: Raises it, and gives what mends it.
    """

    name: str
    description: str
    subject: Subject
    bring_about: Raise


@dataclass
class ActiveTrouble:
    """A trouble in force.

    Attributes:
        number: Which, among all that were raised.
        trouble: Its kind.
        target: What it befell.
        since: When, seconds since the epoch.
        mend: Ends it.
    """

    number: int
    trouble: Trouble
    target: Target
    since: float
    mend: Mend
