"""Who has which place in a cluster, whoever comes and goes, and in whichever order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.fleet.connections import Connections
from farwatch.link.frames import CloseCode


class FakeConnection:
    """An agent's connection that only tells how it was closed; without an instance, its agent leads."""

    def __init__(self, cluster: str, instance: str = "") -> None:
        self.cluster = cluster
        self.instance = instance
        self.peer = "192.0.2.7"
        self.closed: list[tuple[CloseCode, str]] = []

    def close(self, code: CloseCode, reason: str) -> None:
        self.closed.append((code, reason))


def come(connections: Any, cluster: str = "prod", instance: str = "") -> FakeConnection:
    made = FakeConnection(cluster, instance)
    connections.add(made)
    assert connections.make_room(cluster, made)
    connections.let_in(made)
    return made


@pytest.fixture
def connections() -> Connections:
    return Connections(max_followers=2)


def test_who_leads_is_replaced_by_who_leads_next_and_leaves_no_gap(connections: Any) -> None:
    first = come(connections)
    second = come(connections)
    assert connections.leader("prod") is second
    assert first.closed == [
        (CloseCode.SUPERSEDED, "another agent of 'prod' connected, from 192.0.2.7"),
    ]
    assert not connections.discard(first)
    assert connections.leader("prod") is second
    assert connections.discard(second)
    assert connections.leader("prod") is None


def test_followers_stand_beside_the_leader_up_to_a_number(connections: Any) -> None:
    leader = come(connections)
    one, other = come(connections, instance="a"), come(connections, instance="b")
    assert connections.count_followers("prod") == 2
    assert not connections.make_room("prod", FakeConnection("prod", "c"))
    again = come(connections, instance="a")  # takes a place that was there
    assert [len(each.closed) for each in (leader, one, other, again)] == [0, 1, 0, 0]
    assert (connections.discard(one), connections.discard(again)) == (False, True)
    assert connections.make_room("prod", FakeConnection("prod", "c"))


def test_places_are_of_one_cluster(connections: Any) -> None:
    here, there = come(connections, "a"), come(connections, "b")
    follower = come(connections, "a", "x")
    assert connections.remove("a") == [here, follower]
    assert connections.remove("a") == []
    assert (connections.leader("a"), connections.leader("b")) == (None, there)
    assert not connections.discard(here)
    assert set(connections) == {there, follower}


def test_others_may_leave_while_one_looks_at_all(connections: Any) -> None:
    made = {come(connections), come(connections, instance="a")}
    seen = set()
    for each in connections:
        seen.add(each)
        connections.discard(each)
    assert seen == made
    assert list(connections) == []


places = st.tuples(st.sampled_from(("a", "b")), st.sampled_from(("", "x", "y")))


@given(st.lists(places | st.integers(0, 20), max_size=30))
def test_each_place_is_the_last_ones_to_come_that_has_not_left(steps: list[tuple[str, str] | int]) -> None:
    connections: Any = Connections()
    came: list[FakeConnection] = []
    held: dict[tuple[str, str], FakeConnection] = {}
    for step in steps:
        if isinstance(step, tuple):
            came.append(come(connections, *step))
            held[step] = came[-1]
        elif came:
            leaving = came.pop(step % len(came))
            place = leaving.cluster, leaving.instance
            assert connections.discard(leaving) == (held.get(place) is leaving)
            if held.get(place) is leaving:
                del held[place]
    assert set(connections) == set(came)
    for cluster in ("a", "b"):
        assert connections.leader(cluster) is held.get((cluster, ""))
        assert connections.count_followers(cluster) == len(
            [1 for name, who in held if name == cluster and who]
        )
