"""Farwatch watches, alerts on and steers fleets of Kubernetes clusters from one hub."""

from importlib.metadata import version

__version__ = version("farwatch")
