"""What the hub may ask of this agent: an allow-list set at install time, and a registry of handlers."""
