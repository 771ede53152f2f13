"""The link: one outbound WebSocket between an agent and the hub, as a state machine without I/O."""
