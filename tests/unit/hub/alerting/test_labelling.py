"""Labels of clusters on alerts: who gets them, and what happens when they change."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.alerting import Alert, AlertsNotKeptError, Origin, Transition
from farwatch.hub.alerting.alerts import AlertEvent, Alerts
from farwatch.hub.alerting.fingerprints import fingerprint
from farwatch.hub.alerting.labelling import Labelling, own_labels, relabel, unlabelled

from .conftest import START, FakeClock, Hub, Sink, alert, at, simple


def of(cluster: str, pod: str = "a", **labels: str) -> Alert:
    one = alert(pod, 0)
    return msgspec.structs.replace(one, labels={**one.labels, "cluster": cluster, **labels}, fingerprint="")


def labels_of(alerts: list[Alert], *names: str) -> list[tuple[str, ...]]:
    return sorted(tuple(one.labels.get(name, "") for name in names) for one in alerts)


class TestLabelling:
    def test_alerts_are_given_what_their_cluster_has_and_they_have_not(self) -> None:
        labelling = Labelling()
        labelling.set("prod", {"env": "prod", "team": "a"})
        mine, own, other = labelling.label([of("prod"), of("prod", team="b"), of("dev")])
        assert (mine.labels["env"], mine.labels["team"]) == ("prod", "a")
        assert (own.labels["env"], own.labels["team"]) == ("prod", "b")
        assert "env" not in other.labels
        assert (mine.cluster_labels, own.cluster_labels, other.cluster_labels) == (
            ("env", "team"),
            ("env",),
            (),
        )
        for one in (mine, own, other):
            assert one.fingerprint == fingerprint(one.labels)

    def test_an_alert_without_a_cluster_is_left_alone(self) -> None:
        labelling = Labelling()
        labelling.set("prod", {"env": "prod"})
        one = alert("a", 0)
        assert labelling.label([one]) == [one]

    def test_who_was_labelled_can_be_unlabelled_and_labelled_again(self) -> None:
        labelling = Labelling()
        labelling.set("prod", {"env": "prod", "team": "a"})
        bare = of("prod", team="b")
        (labelled,) = labelling.label([bare])
        assert unlabelled(labelled) == bare
        assert own_labels(labelled) == bare.labels
        assert labelling.label([labelled]) == [labelled]

    def test_labels_of_a_cluster_that_left_stay_while_one_of_its_alerts_fires(self) -> None:
        labelling = Labelling()
        labelling.set("prod", {"env": "prod"})
        (firing,) = labelling.label([of("prod")])
        labelling.leave("prod")
        labelling.let_go([firing])
        assert labelling.label([of("prod")]) == [firing]
        labelling.let_go([])
        assert labelling.label([of("prod")]) == [of("prod")]

    def test_what_is_remembered_of_alerts_is_bounded_and_changes_nothing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("farwatch.hub.alerting.labelling.REMEMBERED", 10)
        labelling = Labelling()
        labelling.set("prod", {"env": "prod"})
        alerts = [of("prod", str(number)) for number in range(12)]
        for some in (alerts[:8], alerts[4:12], alerts, alerts[::-1]):
            assert [one.labels for one in labelling.label(some)] == [
                one.labels | {"env": "prod"} for one in some
            ]
        labelling.set("prod", {"env": "staging"})
        assert {one.labels["env"] for one in labelling.label(alerts)} == {"staging"}

    def test_labels_can_be_completed_without_an_alert(self) -> None:
        labelling = Labelling()
        labelling.set("prod", {"env": "prod", "team": "a"})
        assert labelling.complete({"cluster": "prod", "team": "b"}) == {
            "cluster": "prod",
            "env": "prod",
            "team": "b",
        }


OWN = {"a": {}, "b": {"env": "own"}, "c": {"env": "own", "team": "own"}, "d": {"cluster": "dev"}}
"""What some alerts say of themselves, beside what tells them apart."""
LABELS = st.dictionaries(st.sampled_from(["env", "team", "region"]), st.sampled_from("xyz"), max_size=3)
CLUSTERS = st.sampled_from(["prod", "dev"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["fire", "end"]), st.sampled_from(sorted(OWN)), st.just({})),
        st.tuples(st.just("label"), CLUSTERS, LABELS),
        st.tuples(st.just("leave"), CLUSTERS, st.just({})),
    ),
    max_size=20,
)


@given(STEPS)
def test_whatever_happens_to_labels_each_alert_fires_once_while_it_is_put_and_never_afterwards(
    steps: list[tuple[str, str, dict[str, str]]],
) -> None:
    alerts, labelling = Alerts(), Labelling()
    firing: dict[str, Alert] = {}  # by what they are put as

    def put(*some: Alert, now: float) -> None:
        alerts.apply(alerts.changes(labelling.label(some), now), now)

    for place, (act, what, labels) in enumerate(steps):
        now = START + place
        labelling.let_go(known.alert for known in alerts if not known.resolved)
        if act in {"fire", "end"}:
            one = of(**{"cluster": "prod", "pod": what, **OWN[what]})
            put(one, now=now)
            firing[one.fingerprint] = one
        if act == "end":
            put(msgspec.structs.replace(one, ends_at=at(place)), now=now)
            del firing[one.fingerprint]
        if act == "label":
            said = relabel(alerts.active(), what, labels, at(place))
            alerts.apply(alerts.changes(said, now), now)
            labelling.set(what, labels)
        if act == "leave":
            labelling.leave(what)
        active = alerts.active()
        assert sorted(unlabelled(one).fingerprint for one in active) == sorted(firing)
        assert {one.fingerprint for one in active} == {
            one.fingerprint for one in labelling.label(list(firing.values()))
        }


@pytest.fixture
def events() -> list[AlertEvent]:
    return []


async def test_an_alert_ends_by_the_labels_it_began_with(
    hub: Hub, sink: Sink, events: list[AlertEvent]
) -> None:
    alerting = await hub.start(simple(sink.url))
    await alerting.label_cluster("prod", {"env": "prod"})
    alerting.subscribe(events.extend)
    await alerting.put([of("prod")])
    await alerting.put([msgspec.structs.replace(of("prod"), ends_at=at(0))])
    assert [(event.transition, event.alert.labels["env"]) for event in events] == [
        (Transition.FIRED, "prod"),
        (Transition.RESOLVED, "prod"),
    ]
    assert alerting.active() == []


async def test_when_labels_change_each_alert_ends_as_it_was_and_goes_on_as_it_is(
    hub: Hub, sink: Sink, clock: FakeClock, events: list[AlertEvent]
) -> None:
    alerting = await hub.start(simple(sink.url))
    await alerting.label_cluster("prod", {"env": "prod"})
    await alerting.put([of("prod", "a"), of("prod", "b"), of("dev", "c")])
    await clock.advance(60)
    alerting.subscribe(events.extend)
    await alerting.label_cluster("prod", {"env": "staging", "region": "eu"})
    assert sorted(
        (event.transition, event.alert.labels["pod"], event.alert.labels["env"]) for event in events
    ) == [
        (Transition.FIRED, "a", "staging"),
        (Transition.FIRED, "b", "staging"),
        (Transition.RESOLVED, "a", "prod"),
        (Transition.RESOLVED, "b", "prod"),
    ]
    assert labels_of(alerting.active(), "pod", "env", "region") == [
        ("a", "staging", "eu"),
        ("b", "staging", "eu"),
        ("c", "", ""),
    ]
    assert {one.starts_at for one in alerting.active()} == {at(0)}

    await alerting.put([msgspec.structs.replace(of("prod", "a"), ends_at=at(60))])
    assert labels_of(alerting.active(), "pod") == [("b",), ("c",)]


async def test_labels_that_stay_as_they_are_change_nothing(
    hub: Hub, sink: Sink, events: list[AlertEvent]
) -> None:
    alerting = await hub.start(simple(sink.url))
    await alerting.label_cluster("prod", {"env": "prod"})
    await alerting.put([of("prod", "a"), of("prod", "b", env="its-own")])
    alerting.subscribe(events.extend)
    await alerting.label_cluster("prod", {"env": "prod"})
    assert events == []


async def test_an_alert_that_has_the_label_itself_goes_on_when_the_clusters_changes(
    hub: Hub, sink: Sink, events: list[AlertEvent]
) -> None:
    alerting = await hub.start(simple(sink.url))
    await alerting.label_cluster("prod", {"env": "prod"})
    await alerting.put([of("prod", env="its-own")])
    alerting.subscribe(events.extend)
    await alerting.label_cluster("prod", {"env": "staging"})
    assert events == []


async def test_posted_alerts_are_relabelled_with_the_end_that_was_foretold(
    hub: Hub, sink: Sink, clock: FakeClock
) -> None:
    alerting = await hub.start(simple(sink.url))
    posted = msgspec.structs.replace(of("prod"), origin=Origin.API, ends_at=at(240), timeout=True)
    await alerting.put([posted])
    await alerting.label_cluster("prod", {"env": "prod"})
    (one,) = alerting.active()
    assert (one.labels["env"], one.ends_at, one.timeout, one.origin) == ("prod", at(240), True, Origin.API)
    # Its sender knows nothing of it, and posts what it always did.
    await alerting.put([msgspec.structs.replace(posted, ends_at=at(300))])
    (one,) = alerting.active()
    assert (one.labels["env"], one.ends_at) == ("prod", at(300))
    await clock.advance(301)
    assert alerting.active() == []


async def test_after_a_restart_alerts_still_know_which_labels_are_their_own(hub: Hub, sink: Sink) -> None:
    alerting = await hub.start(simple(sink.url))
    await alerting.label_cluster("prod", {"env": "prod"})
    await alerting.put([of("prod", team="b")])
    await hub.kill()
    alerting = await hub.start(simple(sink.url))
    (one,) = alerting.active()
    assert unlabelled(one) == of("prod", team="b")
    await alerting.label_cluster("prod", {"region": "eu", "team": "a"})
    assert labels_of(alerting.active(), "env", "region", "team") == [("", "eu", "b")]


async def test_labels_that_could_not_be_written_down_do_not_hold(
    hub: Hub, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerting = await hub.start(simple(sink.url))
    await alerting.put([of("prod")])

    async def fail(*_: object) -> None:
        raise AlertsNotKeptError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(alerting._intake._journal, "write", fail)
        with pytest.raises(AlertsNotKeptError):
            await alerting.label_cluster("prod", {"env": "prod"})
    assert labels_of(alerting.active(), "env") == [("",)]
    await alerting.put([msgspec.structs.replace(of("prod"), ends_at=at(0))])
    assert alerting.active() == []
