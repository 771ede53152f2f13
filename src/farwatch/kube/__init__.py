"""Kubernetes as both sides see it: typed objects, configuration, client, reflector."""
