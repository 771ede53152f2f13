"""What can go wrong in the agent."""

from __future__ import annotations


class AgentError(Exception):
    """The base of the agent's errors; the message says what is wrong and what to do."""


class ConfigError(AgentError):
    """A setting is unknown, wrong or missing; the message is one line that names where it was set."""
