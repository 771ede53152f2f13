"""The central server: fleet, inventory, detectors, alerting, API."""
