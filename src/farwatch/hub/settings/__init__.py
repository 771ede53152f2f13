"""How the hub is set up, what it keeps and how much that takes, and how the agents are: for who runs it."""

from farwatch.hub.settings.settings import SettingsReader, SettingsView

__all__ = ["SettingsReader", "SettingsView"]
