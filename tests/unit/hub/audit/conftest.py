from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from farwatch.hub.audit import Audit
from farwatch.hub.store import Records

from ...clocks import Clock


@pytest.fixture
async def audit(records: Records, clock: Clock) -> AsyncIterator[Audit]:
    started = Audit(records, clock)
    await started.start()
    yield started
    await started.stop()
