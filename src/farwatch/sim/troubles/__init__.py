"""Trouble on demand: each kind raised and mended by name, on a chosen or random workload, node or namespace."""

from farwatch.sim.troubles.registry import ActiveTrouble, Subject, Target, Trouble, TroubleError
from farwatch.sim.troubles.troubles import TROUBLES, Troubles

__all__ = ["TROUBLES", "ActiveTrouble", "Subject", "Target", "Trouble", "TroubleError", "Troubles"]
