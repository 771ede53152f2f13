from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from farwatch.agent.state import AgentState


class FakeClock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def state(clock: FakeClock) -> AgentState:
    """The state of an agent that watches nodes (none) and pods (two)."""
    state = AgentState(("Node", "Pod"), clock.monotonic, clock.now)
    state.stores = {"Node": (), "Pod": ("a", "b")}
    return state
