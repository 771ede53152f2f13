from __future__ import annotations

from http import HTTPStatus
from typing import Any

from farwatch.agent.health import find_dead, find_unready, health_pages
from farwatch.agent.state import AgentState, LinkPhase, Standing
from farwatch.link.frames import WatchState


def make_well(state: AgentState) -> None:
    state.cluster_uid = "u"
    state.set_link(LinkPhase.LINKED)
    state.set_api_server(reachable=True)
    for kind in ("Node", "Pod"):
        state.set_kind(kind, WatchState.SYNCED)


def test_ready_when_linked_and_synced(state: AgentState) -> None:
    make_well(state)
    assert list(find_unready(state)) == []


def test_a_new_agent_is_alive_but_says_all_that_is_missing(state: AgentState) -> None:
    assert list(find_dead(state, 300)) == []
    assert list(find_unready(state)) == [
        "link: waiting for the cluster's identity",
        "API server: not asked yet",
        "Node: syncing",
        "Pod: syncing",
    ]


def test_a_refusal_is_told_with_code_and_reason(state: AgentState) -> None:
    make_well(state)
    state.set_link(LinkPhase.REFUSED, "revoked_token", "this token was revoked; ask for a new one")
    assert list(find_unready(state)) == [
        "link: refused (revoked_token): this token was revoked; ask for a new one"
    ]


def test_denied_and_absent_kinds_do_not_hold_readiness_up(state: AgentState) -> None:
    make_well(state)
    state.set_kind("Node", WatchState.DENIED, "nodes is forbidden")
    state.set_kind("Pod", WatchState.ABSENT)
    assert list(find_unready(state)) == []


def test_a_failing_kind_and_a_silent_api_server_do(state: AgentState) -> None:
    make_well(state)
    state.set_kind("Pod", WatchState.FAILING, "500: boom")
    state.set_api_server(reachable=False, message="connection refused")
    assert list(find_unready(state)) == ["API server: connection refused", "Pod: failing: 500: boom"]


def test_live_fails_once_the_link_was_down_for_longer_than_the_set_time(
    state: AgentState, clock: Any
) -> None:
    make_well(state)
    clock.seconds = 1000
    assert list(find_dead(state, 300)) == []
    state.set_link(LinkPhase.UNREACHABLE, reason="connection refused")
    clock.seconds = 1300
    state.set_link(LinkPhase.CONNECTING)  # an attempt is not a link: the time runs on
    assert list(find_dead(state, 300)) == []
    clock.seconds = 1301
    state.set_link(LinkPhase.UNREACHABLE, reason="connection refused")
    assert list(find_dead(state, 300)) == [
        "the link has been down for 301 s: unreachable: connection refused"
    ]
    state.set_link(LinkPhase.LINKED)
    assert list(find_dead(state, 300)) == []


def test_without_an_identity_there_may_be_no_link_and_a_restart_is_no_help(
    state: AgentState, clock: Any
) -> None:
    state.set_link(LinkPhase.WAITING, reason="the API server does not answer")
    state.set_link(LinkPhase.REFUSED, reason="this cluster has not told who it is")
    clock.seconds = 1000
    assert list(find_dead(state, 300)) == []
    state.cluster_uid = "u"
    state.set_link(LinkPhase.CONNECTING)
    assert list(find_dead(state, 300)) == ["the link has been down for 1000 s: connecting"]


def test_one_that_stands_by_is_ready_without_objects(state: AgentState) -> None:
    make_well(state)
    state.begin_watching()
    assert list(find_unready(state)) == ["Node: syncing", "Pod: syncing"]
    state.standing = Standing.STANDBY
    assert list(find_unready(state)) == []
    state.election_problem = "403 Forbidden: leases is forbidden"
    assert list(find_unready(state)) == ["election: 403 Forbidden: leases is forbidden"]


def test_pages_answer_200_or_503_with_a_reason_a_line(state: AgentState) -> None:
    pages = health_pages(state, 300)
    assert pages["/healthz"]().status is HTTPStatus.OK
    unready = pages["/readyz"]()
    assert unready.status is HTTPStatus.SERVICE_UNAVAILABLE
    assert "Node: syncing\nPod: syncing\n" in unready.body
    make_well(state)
    assert pages["/readyz"]() == (HTTPStatus.OK, "ready\n", "text/plain; charset=utf-8")
