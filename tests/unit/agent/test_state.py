from __future__ import annotations

from datetime import timedelta
from typing import Any

from farwatch.agent.state import AgentState
from farwatch.link.frames import WatchState


def test_the_time_of_a_state_is_kept_while_only_its_words_change(state: AgentState, clock: Any) -> None:
    begin = clock.now()
    clock.seconds = 10
    assert state.set_kind("Pod", WatchState.FAILING, "500")
    clock.seconds = 20
    assert state.set_kind("Pod", WatchState.FAILING, "503")
    assert not state.set_kind("Pod", WatchState.FAILING, "503")
    assert state.set_api_server(reachable=True)
    assert not state.set_api_server(reachable=True)

    report = state.report()

    assert {kind.kind: (kind.state, kind.since - begin, kind.message) for kind in report.kinds} == {
        "Node": (WatchState.SYNCING, timedelta(0), ""),
        "Pod": (WatchState.FAILING, timedelta(seconds=10), "503"),
    }
    assert state.objects == {"Node": 0, "Pod": 2}
    assert report.api_server_reachable
    assert report.api_server_since - begin == timedelta(seconds=20)
