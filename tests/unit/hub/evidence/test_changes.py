from __future__ import annotations

from typing import Any

import msgspec
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.evidence.changes import (
    HALF_LIFE_SECONDS,
    LOOKBACK_SECONDS,
    MOST_CHANGES,
    MOST_NOTES,
    SLACK_SECONDS,
    Note,
    RecentChanges,
    rank,
)
from farwatch.hub.evidence.effects import Effect
from farwatch.hub.evidence.evidence import EffectKind, Relation
from farwatch.hub.evidence.scope import ObjectRef, Scope
from farwatch.hub.fleet import FleetChange, FleetChangeKind
from farwatch.hub.inventory import ChangeQuery, FieldChange, LoggedChange, Operation
from farwatch.hub.store import TelemetryError

BEGAN = 1_000_000.0
WEB = ObjectRef("Deployment", "shop", "web")
NODE = ObjectRef("Node", "", "node-1")
SCOPE = Scope(
    cluster="prod",
    namespace="shop",
    related={WEB: Relation.SUBJECT, NODE: Relation.NODE},
    concerned=frozenset(),
    has_pods=True,
    failing=None,
)


def note(
    seconds_before: float,
    kind: EffectKind = EffectKind.ROLLOUT,
    ref: ObjectRef = WEB,
    words: str = "image of app web:1 → web:2",
) -> Note:
    return Note(BEGAN - seconds_before, ref, Effect(kind, words), False)


def names(notes: list[Note]) -> list[tuple[str, EffectKind]]:
    return [(change.name, change.effect) for change in rank(notes, SCOPE, BEGAN)]


# --- ranking --------------------------------------------------------------------------------------------------


def test_of_changes_at_the_same_time_ownership_and_force_decide() -> None:
    neighbour = ObjectRef("Deployment", "shop", "cart")
    notes = [
        note(60, ref=neighbour),
        note(60, EffectKind.CONDITION, NODE),
        note(60, EffectKind.SCALE),
        note(60, EffectKind.ROLLOUT),
    ]
    assert names(notes) == [
        ("web", EffectKind.ROLLOUT),
        ("web", EffectKind.SCALE),
        ("node-1", EffectKind.CONDITION),
        ("cart", EffectKind.ROLLOUT),
    ]


def test_a_score_is_halved_by_each_half_life() -> None:
    (now, earlier) = rank([note(0), note(HALF_LIFE_SECONDS)], SCOPE, BEGAN)
    assert (now.score, earlier.score) == (1.0, 0.5)


def test_of_two_like_changes_the_later_is_the_likelier() -> None:
    found = rank([note(600, words="first"), note(60, words="second")], SCOPE, BEGAN)
    assert [change.words for change in found] == ["second", "first"]


@pytest.mark.parametrize(
    ("seconds_before", "counts"),
    [
        (-SLACK_SECONDS, True),
        (-SLACK_SECONDS - 1, False),
        (LOOKBACK_SECONDS - 3600, True),
        (LOOKBACK_SECONDS + 1, False),
    ],
)
def test_what_came_later_or_long_before_is_no_cause(seconds_before: float, counts: bool) -> None:
    created = note(seconds_before, EffectKind.ROLLOUT)
    old_enough_to_fade = rank([created], SCOPE, BEGAN)
    assert bool(old_enough_to_fade) is (counts and seconds_before < 12_000)


def test_that_the_node_is_not_ready_is_no_cause_of_its_own_alert() -> None:
    scope = msgspec.structs.replace(SCOPE, namespace="", related={NODE: Relation.SUBJECT})
    found = rank([note(1, EffectKind.CONDITION, NODE), note(90, EffectKind.CORDON, NODE)], scope, BEGAN)
    assert [change.effect for change in found] == [EffectKind.CORDON]


@given(
    st.lists(
        st.tuples(
            st.floats(-100, 30_000),
            st.sampled_from(EffectKind),
            st.sampled_from(
                [WEB, NODE, ObjectRef("Deployment", "shop", "cart"), ObjectRef("Node", "", "n9")]
            ),
        ),
        max_size=40,
    )
)
def test_what_is_ranked_is_in_bounds_and_in_order(drawn: list[tuple[float, EffectKind, ObjectRef]]) -> None:
    found = rank([note(*one) for one in drawn], SCOPE, BEGAN)
    scores = [change.score for change in found]
    assert len(found) <= MOST_CHANGES
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)
    assert "n9" not in {change.name for change in found}


# --- noting ---------------------------------------------------------------------------------------------------


@pytest.fixture
def recent() -> RecentChanges:
    return RecentChanges()


def words(recent: RecentChanges, cluster: str = "prod") -> list[str]:
    return [note.effect.words for note in recent.find(cluster, 0, 1e12)]


def test_a_rollout_is_noted_once_though_its_revision_follows(kube: Any, recent: RecentChanges) -> None:
    def web(image: str, revision: int) -> Any:
        annotations = {"deployment.kubernetes.io/revision": str(revision)}
        return kube.deployment(image, metadata={"annotations": annotations})

    recent.observe([kube.change(web("web:1", 1), web("web:2", 1), 10)])
    recent.observe([kube.change(web("web:2", 1), web("web:2", 2), 11)])
    assert words(recent) == ["image of app web:1 → web:2"]

    recent.observe([kube.change(web("web:2", 2), web("web:2", 3), 600)])
    assert [text.partition(":")[0] for text in words(recent)[1:]] == ["revision 2 → 3"]


def test_notes_are_found_by_cluster_and_time(kube: Any, recent: RecentChanges) -> None:
    for seconds in (10, 20, 30):
        recent.observe([kube.change(kube.deployment("web:1"), kube.deployment(f"web:{seconds}"), seconds)])
    found = recent.find("prod", kube.start + 15, kube.start + 25)
    assert [(note.time, note.ref) for note in found] == [(kube.start + 20, WEB)]
    assert recent.find("other", 0, 1e12) == []


def test_of_each_cluster_only_the_latest_are_remembered(kube: Any, recent: RecentChanges) -> None:
    change = kube.change(kube.deployment(replicas=1), kube.deployment(replicas=2))
    recent.observe([change] * (MOST_NOTES + 5))
    assert len(recent.find("prod", 0, 1e12)) == MOST_NOTES


def test_a_cluster_that_left_leaves_nothing_behind(kube: Any, recent: RecentChanges) -> None:
    recent.observe([kube.change(kube.deployment("web:1"), kube.deployment("web:2"))])
    for kind in (FleetChangeKind.AGENT_LOST, FleetChangeKind.CLUSTER_REMOVED):
        assert words(recent)
        recent.observe_fleet([FleetChange(cluster="prod", kind=kind, time=0.0)])
    assert words(recent) == []


# --- after a restart ------------------------------------------------------------------------------------------


class History:
    """A log of changes that holds these."""

    def __init__(self, *changes: LoggedChange, fault: Exception | None = None) -> None:
        self._changes = changes
        self._fault = fault

    async def changes(self, query: ChangeQuery) -> list[LoggedChange]:
        if self._fault:
            raise self._fault
        found = [one for one in self._changes if (one.cluster, one.kind) == (query.cluster, query.kind)]
        return sorted(found, key=lambda one: -one.sequence)[: query.limit]


def logged(sequence: int, *fields: FieldChange, operation: Operation = Operation.UPDATED) -> LoggedChange:
    return LoggedChange(
        sequence=sequence,
        time=float(sequence),
        cluster="prod",
        kind="Deployment",
        namespace="shop",
        name="web",
        uid="u",
        operation=operation,
        after_gap=False,
        fields=list(fields),
        document=msgspec.Raw(b"{}"),
    )


async def test_what_changed_before_a_restart_is_read_from_the_log(kube: Any, recent: RecentChanges) -> None:
    image = FieldChange(path="spec.template.spec.containers[app].image", before="web:1", after="web:2")
    status = FieldChange(path="status.readyReplicas", before=3, after=2)
    replicas = FieldChange(path="spec.replicas", before=3, after=1)
    live = kube.change(kube.deployment("web:2"), kube.deployment("web:3"), 5)
    recent.observe([live])
    also_logged = msgspec.structs.replace(logged(40, image), time=live.time)

    await recent.load(
        History(
            logged(10, operation=Operation.CREATED),
            logged(30, replicas, status),
            logged(20, image),
            also_logged,
        ),
        ["prod", "empty"],
        100.0,
    )

    assert words(recent) == [
        "created",
        "image of app web:1 → web:2",
        "scaled from 3 to 1 replicas",
        "image of app web:2 → web:3",
    ]


async def test_a_log_that_cannot_be_read_costs_only_what_was_in_it(kube: Any, recent: RecentChanges) -> None:
    with structlog.testing.capture_logs() as lines:
        recent.start(History(fault=TelemetryError("gone")), ["prod"], 100.0)
        recent.observe([kube.change(kube.deployment("web:2"), kube.deployment("web:3"), 5)])
        assert recent._loading
        await recent._loading
    assert [line["log_level"] for line in lines] == ["warning"]
    assert words(recent) == ["image of app web:2 → web:3"]
    await recent.stop()
