from __future__ import annotations

import pytest

from farwatch.hub.fleet import Clusters
from farwatch.hub.install import Installs, Renderer
from farwatch.hub.store.records import Records

from ...clocks import Clock

EXTERNAL_URL = "https://hub.example"


@pytest.fixture
def clock() -> Clock:
    return Clock(1_795_000_000.0)


@pytest.fixture
def clusters(records: Records, clock: Clock) -> Clusters:
    return Clusters(records, clock)


@pytest.fixture
def installs(records: Records, clusters: Clusters, clock: Clock) -> Installs:
    """With Helm itself, in its own process."""
    return Installs(records, clusters, external_url=EXTERNAL_URL, renderer=Renderer(), clock=clock)
