from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# No test judges by the wall clock: a loaded machine is not a fault of the code.
settings.register_profile("desk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Runs at a desk explore anew each time; CI repeats what it did, so that it is red for what was changed and for nothing else.
settings.register_profile("ci", settings.get_profile("desk"), derandomize=True)
# For an afternoon: --hypothesis-profile=deep
settings.register_profile("deep", settings.get_profile("desk"), max_examples=1000)
settings.load_profile("ci" if os.environ.get("CI") else "desk")

OF_PROCESSES = tuple(Path(__file__).with_name(name) for name in ("integration", "e2e"))
"""Tests of real processes and browsers: their outcome is the machine's too."""


def pytest_configure(config: pytest.Config) -> None:
    """Files come before those in deeper folders.

    A file that is named makes pytest 9.1 collect its folder anew, with new nodes for the folders in there; those that were
    collected before keep the fixtures of their conftest.py to themselves, and tests that are named later lack them.
    """
    folder = config.invocation_params.dir
    config.args.sort(key=lambda name: len((folder / name.partition("::")[0]).resolve().parts))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test of real processes gets a second try, which the summary tells of; every other test has one.

    Those that wait for processes come first: they leave the cores to the rest, and nobody waits for them at the end.
    """
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in OF_PROCESSES):
            item.add_marker(pytest.mark.flaky(reruns=1))
    items.sort(key=lambda item: item.get_closest_marker("integration") is None)


def pytest_collection_finish() -> None:
    """What was collected stays: no need to look through it for garbage again and again."""
    gc.collect()
    gc.freeze()
