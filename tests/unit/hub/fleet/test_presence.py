from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from farwatch.hub.fleet import FleetChange, FleetChangeKind
from farwatch.hub.fleet.presence import Presence
from farwatch.link.frames import (
    AgentInfo,
    AgentStatus,
    KindStatus,
    PermissionNote,
    PermissionReport,
    WatchState,
)

AGENT = AgentInfo(version="1", instance="i", role="cluster", cluster_name="n", cluster_uid="u")
EARLIER = datetime(2026, 1, 1, tzinfo=UTC)


def status(*, reachable: bool = True, message: str = "", **kinds: WatchState) -> AgentStatus:
    return AgentStatus(
        api_server_reachable=reachable,
        api_server_since=EARLIER,
        api_server_message=message,
        kinds=tuple(
            KindStatus(kind=kind, state=state, since=EARLIER, message="forbidden")
            for kind, state in kinds.items()
        ),
    )


@pytest.fixture
def presence(clock: Any) -> Presence:
    made = Presence(clock, clock, grace_seconds=30, restart_grace_seconds=120)
    made.connect("prod", "peer", AGENT)
    return made


def told(presence: Presence, said: AgentStatus) -> list[tuple[str, str]]:
    return [(change.kind.value, change.subject) for change in presence.report("prod", said)]


def test_an_api_server_that_stops_answering_and_comes_back_is_told_once_each(presence: Presence) -> None:
    assert told(presence, status()) == [("api_up", "")]
    assert told(presence, status()) == []
    down = presence.report("prod", status(reachable=False, message="connection refused"))
    assert [(change.kind, change.detail, change.time) for change in down] == [
        (FleetChangeKind.API_DOWN, "connection refused", EARLIER.timestamp())
    ]
    assert told(presence, status(reachable=False, message="timeout")) == []
    assert told(presence, status()) == [("api_up", "")]


def test_a_denied_watch_is_told_with_its_kind_and_when_it_is_restored(presence: Presence) -> None:
    assert told(presence, status(Pod=WatchState.SYNCED, Node=WatchState.DENIED)) == [
        ("api_up", ""),
        ("watch_denied", "Node"),
    ]
    assert told(presence, status(Pod=WatchState.DENIED, Node=WatchState.DENIED)) == [("watch_denied", "Pod")]
    restored = told(presence, status(Pod=WatchState.SYNCED))
    assert restored == [("watch_restored", "Node"), ("watch_restored", "Pod")]
    assert told(presence, status(Pod=WatchState.ABSENT)) == []


def test_what_an_agent_says_is_compared_across_its_reconnects(presence: Presence) -> None:
    presence.report("prod", status(Pod=WatchState.DENIED))
    presence.disconnect("prod", None, "the connection broke")
    presence.connect("prod", "peer", AGENT)
    assert told(presence, status(Pod=WatchState.SYNCED)) == [("watch_restored", "Pod")]


def test_endless_words_and_unknown_kinds_are_cut(presence: Presence) -> None:
    presence.report("prod", status(reachable=False, message="x" * 10_000, Gadget=WatchState.DENIED))
    view = presence.view("prod")
    assert view
    assert view.status
    assert len(view.status.api_server_message) == 500
    assert view.status.kinds == ()


def test_a_time_in_the_future_is_the_hubs_own(presence: Presence, clock: Any) -> None:
    late = AgentStatus(api_server_reachable=False, api_server_since=datetime(2099, 1, 1, tzinfo=UTC))
    assert presence.report("prod", late)[0].time == clock.now


def test_an_agent_expected_after_a_restart_is_found_when_it_comes(clock: Any) -> None:
    presence = Presence(clock, clock, grace_seconds=30, restart_grace_seconds=120)
    presence.expect("prod", EARLIER)
    assert presence.connect("prod", "peer", AGENT)[0].kind is FleetChangeKind.AGENT_FOUND
    clock.now += 1000
    assert presence.advance() == []


def test_an_agent_that_is_lost_is_told_once(presence: Presence, clock: Any) -> None:
    presence.disconnect("prod", None, "the connection broke")
    clock.now += 31
    assert [change.kind for change in presence.advance()] == [FleetChangeKind.AGENT_LOST]
    clock.now += 1000
    assert presence.advance() == []


# --- where nobody leads ---------------------------------------------------------------------------------------


def standby(instance: str = "b") -> AgentInfo:
    return AgentInfo(version="1", instance=instance, role="standby", cluster_name="n", cluster_uid="u")


def kinds(changes: list[FleetChange]) -> list[str]:
    return [change.kind.value for change in changes]


def test_while_the_api_server_is_away_nobody_can_lead_and_no_agent_is_lost(
    presence: Presence, clock: Any
) -> None:
    presence.report("prod", status())
    presence.disconnect("prod", None, "it no longer leads")
    presence.follow("prod", "peer", standby())
    down = presence.report_of_follower("prod", "b", status(reachable=False, message="connection refused"))
    assert [(change.kind, change.detail) for change in down] == [
        (FleetChangeKind.API_DOWN, "connection refused")
    ]
    clock.now += 3600
    assert presence.advance() == []
    assert kinds(presence.report_of_follower("prod", "b", status())) == ["api_up"]
    clock.now += 29
    assert presence.advance() == []
    presence.unfollow("prod", "b")
    presence.connect("prod", "peer", AGENT)
    assert kinds(presence.report("prod", status())) == []


def test_agents_of_whom_none_leads_are_a_lost_agent_and_say_so(presence: Presence, clock: Any) -> None:
    presence.report("prod", status())
    presence.follow("prod", "peer", standby("a"))
    presence.follow("prod", "peer", standby("b"))
    presence.disconnect("prod", None, "the connection broke")
    assert presence.report_of_follower("prod", "a", status()) == []
    clock.now += 30
    (lost,) = presence.advance()
    assert lost.kind is FleetChangeKind.AGENT_LOST
    assert lost.detail.startswith("none of its 2 agents that are there leads")
    assert lost.detail.endswith("the connection broke")


def test_while_one_leads_the_others_are_not_asked_about_the_api_server(presence: Presence) -> None:
    presence.report("prod", status())
    presence.follow("prod", "peer", standby())
    assert presence.report_of_follower("prod", "b", status(reachable=False)) == []
    (view,) = presence.followers("prod")
    assert view.api_server_reachable is False


def test_what_an_agent_says_of_its_rights_is_kept_in_bounds(presence: Presence) -> None:
    note = PermissionNote(verbs=("v" * 1000,), resources=("r",) * 1000, namespace="n" * 1000)
    permissions = PermissionReport(checked_at=EARLIER, missing=(note,) * 80, excess=(note,) * 60, omitted=-5)
    said = AgentStatus(api_server_reachable=True, api_server_since=EARLIER, permissions=permissions)

    presence.report("prod", said)

    view = presence.view("prod")
    assert view is not None
    assert view.status is not None
    kept = view.status.permissions
    assert kept is not None
    assert (len(kept.missing), len(kept.excess), kept.omitted) == (50, 50, 40)
    assert (len(kept.missing[0].verbs[0]), len(kept.missing[0].resources)) == (300, 50)
    assert len(kept.missing[0].namespace) == 300
