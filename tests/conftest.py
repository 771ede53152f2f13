from __future__ import annotations

import os

from hypothesis import settings

# Runs at a desk explore anew each time; CI repeats what it did, so that it is red for what was changed and for nothing else.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
