"""What hub and agents say to each other in calls: one module for each subject, with its parameters and answers.

The link carries calls without knowing them, and hub and agents never import each other: both read these.
"""

from farwatch.calls.methods import Method
from farwatch.calls.params import CallName, InNamespace

__all__ = ["CallName", "InNamespace", "Method"]
