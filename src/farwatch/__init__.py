"""Farwatch watches, alerts on and steers fleets of Kubernetes clusters from one hub."""

# Written here and in pyproject.toml, and compared by a test: to ask the installed package's metadata would cost the
# agent 0.9 MiB in every cluster.
__version__ = "0.1.0"
