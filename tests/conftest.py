from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# No test judges by the wall clock: a loaded machine is not a fault of the code.
settings.register_profile("desk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Runs at a desk explore anew each time; CI repeats what it did, so that it is red for what was changed and for nothing else.
settings.register_profile("ci", settings.get_profile("desk"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")
