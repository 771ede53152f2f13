"""The process in a cluster: it watches, and dials out to the hub."""
