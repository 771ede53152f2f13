"""The cluster role: one cluster's identity, whether its API server answers, and its objects."""
