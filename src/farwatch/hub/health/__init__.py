"""How the hub itself is: health for probes, metrics for Prometheus."""
