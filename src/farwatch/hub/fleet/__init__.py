"""Clusters, their tokens, and the links to their agents."""
