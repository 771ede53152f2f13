from __future__ import annotations

from farwatch.hub.fleet.refusals import MOST_CLUSTERS, MOST_KINDS, Refusals
from farwatch.link.frames import AgentInfo, CloseCode

from ...clocks import Clock

AGENT = AgentInfo(version="1.0", instance="i", role="cluster", cluster_name="prod", cluster_uid="uid")


def note(refusals: Refusals, cluster: str = "prod", reason: str = "no", peer: str = "10.0.0.1:1") -> bool:
    return refusals.note(cluster, CloseCode.BAD_TOKEN, reason, peer, AGENT)


def test_the_same_again_counts_up_and_is_as_late_as_the_last() -> None:
    clock = Clock()
    refusals = Refusals(clock)
    assert note(refusals)
    clock.now += 60
    assert not note(refusals, peer="10.0.0.2:1")
    (refused,) = refusals.of("prod")
    assert (refused.count, refused.at.timestamp(), refused.peer) == (2, clock.now, "10.0.0.2:1")


def test_the_latest_is_first() -> None:
    refusals = Refusals(Clock())
    for reason in ("first", "second", "first"):
        note(refusals, reason=reason)
    assert [refused.reason for refused in refusals.of("prod")] == ["first", "second"]


def test_strangers_cannot_fill_the_memory() -> None:
    refusals = Refusals(Clock())
    for number in range(MOST_CLUSTERS + 10):
        note(refusals, cluster=f"name-{number}")
    for number in range(MOST_KINDS + 10):
        note(refusals, reason=f"reason {number}")
    assert len(refusals.of("prod")) == MOST_KINDS
    assert refusals.of("name-0") == []
    assert refusals.of(f"name-{MOST_CLUSTERS + 9}")


def test_a_name_that_no_cluster_can_have_is_not_remembered() -> None:
    refusals = Refusals(Clock())
    assert not note(refusals, cluster="")
    assert not note(refusals, cluster="x" * 64)


def test_what_is_forgotten_is_new_again() -> None:
    refusals = Refusals(Clock())
    note(refusals)
    refusals.forget("prod")
    assert refusals.of("prod") == []
    assert note(refusals)
