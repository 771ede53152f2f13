"""A Kubernetes API server in memory, with trouble on demand: for the demo, tests and scale runs."""
