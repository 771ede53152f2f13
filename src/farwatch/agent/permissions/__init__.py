"""What the agent may do in a cluster: one table, and all that is made from it."""
