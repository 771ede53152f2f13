"""What holds for the engine whatever happens to a few pods, in whatever order, at whatever times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from farwatch.kube.kinds import KINDS

PODS = ("web-6d4f-a", "web-6d4f-b", "once")
HOLDS = {
    "crashing": ("KubePodCrashLooping", 0),
    "backing off": ("KubePodImagePullFailed", 0),
    "pulling": ("KubePodImagePullFailed", 20),
    "misconfigured": ("KubePodConfigError", 10),
    "unready": ("KubePodNotReady", 300),
    "unscheduled": ("KubePodUnschedulable", 60),
}
"""What a pod may be in trouble with: the alert, and how long it is held."""

LONGEST_CALM_SECONDS = 1000.0

Steps = Sequence[tuple[str, str, float]]

steps = st.lists(
    st.tuples(
        st.sampled_from(PODS),
        st.sampled_from(["healthy", "gone", *HOLDS]),
        st.sampled_from([0.0, 0.0, 1.0, 15.0, 40.0, 100.0, 400.0]),
    ),
    max_size=25,
)
"""Which pod becomes what, and how long nothing happens then."""


def make_pod(kube: Any, name: str, condition: str, at: float) -> Any:
    owner = "" if name == "once" else "ReplicaSet/web-6d4f"
    waits = {
        "crashing": {"reason": "CrashLoopBackOff"},
        "backing off": {"reason": "ImagePullBackOff"},
        "pulling": {"reason": "ErrImagePull"},
        "misconfigured": {"reason": "CreateContainerConfigError"},
    }
    if condition == "unscheduled":
        scheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
        return kube.pod(
            name, owner=owner, node="", phase="Pending", containers=[], since=at, conditions=[scheduled]
        )
    if condition in waits:
        state = {"waiting": waits[condition], "restarts": 3}
        return kube.pod(name, owner=owner, ready=False, containers=[state], since=at)
    return kube.pod(name, owner=owner, ready=condition == "healthy", since=at)


class World:
    """Pods that become this and that, told to one bench or more at once."""

    def __init__(self, kube: Any, start: float, *benches: Any) -> None:
        self.kube, self.start, self.benches = kube, start, list(benches)
        self.conditions: dict[str, tuple[str, float]] = {}

    def become(self, name: str, condition: str) -> Any:
        """The pod as it is now, or None when it is gone. Its timestamps are those of its last transition."""
        now = self.benches[0].now
        if self.conditions.get(name, ("", 0.0))[0] != condition:
            self.conditions[name] = (condition, now)
        if condition == "gone":
            return None
        return make_pod(self.kube, name, condition, self.conditions[name][1] - self.start)

    def take(self, name: str, condition: str, pause: float) -> None:
        pod = self.become(name, condition)
        for bench in self.benches:
            if pod is not None:
                bench.apply(pod)
            elif (known := bench.objects.get(("Pod", "shop", name))) is not None:
                bench.delete(known)
            bench.wait(pause)


def assert_alerts_come_and_go(said: Sequence[tuple[float, Any]]) -> dict[tuple[str, str], Any]:
    """Each is raised, told anew with the same labels and start, then resolved; gives what is active in the end."""
    active: dict[tuple[str, str], Any] = {}
    for at, alert in said:
        subject = (alert.labels["alertname"], alert.labels["workload"])
        assert alert.starts_at.timestamp() <= at
        before = active.pop(subject, None)
        if before is not None:
            assert (before.labels, before.starts_at) == (alert.labels, alert.starts_at)
        if alert.ends_at is None:
            active[subject] = alert
        else:
            assert before is not None, "resolved before it was raised"
    return active


@given(steps=steps)
@settings(max_examples=60, deadline=None)
def test_an_alert_is_raised_then_resolved_and_never_twice_at_once(
    make_bench: Any, kube: Any, start: float, steps: Steps
) -> None:
    bench = make_bench()
    world = World(kube, start, bench)
    for step in steps:
        world.take(*step)
    bench.delete(*bench.objects.values())
    bench.wait(LONGEST_CALM_SECONDS)
    assert assert_alerts_come_and_go(bench.said) == {}
    assert bench.engine.next_due() is None


@given(steps=steps)
@settings(max_examples=100, deadline=None)
def test_trouble_that_lasts_longer_than_its_hold_is_an_alert(
    make_bench: Any, kube: Any, start: float, steps: Steps
) -> None:
    bench = make_bench()
    world = World(kube, start, bench)
    for step in steps:
        world.take(*step)
        firing = bench.firing()
        for pod, (condition, since) in world.conditions.items():
            alert, hold = HOLDS.get(condition, ("", 0))
            if alert and bench.now >= since + hold:
                subject = "Pod/once" if pod == "once" else "Deployment/web"
                assert f"{alert} {subject}" in firing


@given(steps=steps, data=st.data())
@settings(max_examples=60, deadline=None)
def test_the_order_of_changes_at_one_time_does_not_matter(
    make_bench: Any, kube: Any, start: float, steps: Steps, data: st.DataObject
) -> None:
    benches = (make_bench(), make_bench())
    world = World(kube, start, *benches)
    for index in range(0, len(steps), 3):
        # One change of each pod at most: changes of the same object have an order.
        batch = list({name: condition for name, condition, _ in steps[index : index + 3]}.items())
        pods = {name: world.become(name, condition) for name, condition in batch}
        for bench, order in zip(benches, (list(pods), data.draw(st.permutations(list(pods)))), strict=True):
            changes = []
            for name in order:
                known = bench.objects.get(("Pod", "shop", name))
                if pods[name] is not None:
                    changes.append(bench.change(pods[name]))
                elif known is not None:
                    changes.append(bench.removal(known))
            bench.engine.observe(changes)
            bench.advance()
            bench.wait(steps[index][2])
    assert benches[0].said == benches[1].said


def restore(bench: Any, old: Any) -> None:
    bench.engine.restore([alert for alert in old.newest().values() if alert.ends_at is None])


def load(bench: Any, old: Any) -> None:
    for kind in KINDS:
        bench.engine.load("prod", kind, [one for key, one in old.objects.items() if key[0] == kind])


@given(before=steps, after=steps, loads_first=st.booleans())
@settings(max_examples=80, deadline=None)
def test_a_hub_that_restarted_says_what_one_that_never_did_says(
    make_bench: Any, kube: Any, start: float, before: Steps, after: Steps, *, loads_first: bool
) -> None:
    never = make_bench()
    world = World(kube, start, never)
    for step in before:
        world.take(*step)
    restarted = make_bench(now=never.now, objects=dict(never.objects), said=list(never.said))
    take_over = [lambda: restore(restarted, never), lambda: load(restarted, never)]
    for step_of_start in reversed(take_over) if loads_first else take_over:
        step_of_start()
    assert restarted.advance() == []
    restarted.engine.cluster_synced("prod")
    restarted.advance()
    assert restarted.firing() >= never.firing()
    world.benches.append(restarted)
    for step in after:
        world.take(*step)
    for bench in world.benches:
        bench.wait(LONGEST_CALM_SECONDS)
    assert restarted.firing() == never.firing()
    active = [assert_alerts_come_and_go(bench.said) for bench in world.benches]
    assert active[0].keys() == active[1].keys()
