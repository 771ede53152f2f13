"""The fleet at a glance: what the console's first pages ask."""

from farwatch.hub.overview.overview import Overview

__all__ = ["Overview"]
