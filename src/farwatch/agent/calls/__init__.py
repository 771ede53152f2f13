"""What the hub may ask of this agent: a gate set at install time, and a handler for each call."""
