from typing import Any

import pytest

from farwatch.sim.metrics import Metrics, Usage, read_quantity
from farwatch.sim.store import Store


@pytest.fixture
def store() -> Store:
    made = Store(lambda: 1_800_000_000.0)
    made.create("namespaces", {"metadata": {"name": "shop"}})
    return made


def make_pod(store: Store, **requests: str) -> dict[str, Any]:
    container = {"name": "c", "image": "i", "resources": {"requests": requests}}
    return store.create(
        "pods",
        {
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"nodeName": "n1", "containers": [container]},
            "status": {"phase": "Running"},
        },
    )


def test_a_pod_uses_a_steady_share_of_its_requests(store: Store) -> None:
    pod = make_pod(store, cpu="1", memory="1Gi")
    metrics = Metrics(store)
    told = metrics.pod_metrics(pod)
    assert told == metrics.pod_metrics(pod)
    assert told is not None
    usage = told["containers"][0]["usage"]
    assert 0.3e9 <= int(usage["cpu"].removesuffix("n")) <= 0.9e9
    assert 0.3 * 2**20 <= int(usage["memory"].removesuffix("Ki")) <= 0.9 * 2**20
    assert (told["timestamp"], told["window"]) == ("2027-01-15T08:00:00Z", "15s")


def test_use_can_be_set_and_counts_for_the_node_until_the_pod_goes(store: Store) -> None:
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    node = store.create("nodes", {"metadata": {"name": "n1"}, "status": ready})
    metrics = Metrics(store)
    (idle,) = metrics.node_metrics([node])
    pod = make_pod(store, cpu="1")
    metrics.set_usage("shop", "web", "c", Usage(2.5, 2**30))
    told = metrics.pod_metrics(pod)
    assert told is not None
    assert told["containers"][0]["usage"] == {"cpu": "2500000000n", "memory": "1048576Ki"}
    (busy,) = metrics.node_metrics([node])

    def cores(measured: dict[str, Any]) -> float:
        return int(measured["usage"]["cpu"].removesuffix("n")) / 1e9

    assert cores(busy) - cores(idle) == pytest.approx(2.5)
    store.delete("pods", "shop", "web", grace_period=0)
    told = metrics.pod_metrics(make_pod(store, cpu="1"))
    assert told is not None
    assert told["containers"][0]["usage"]["cpu"] != "2500000000n"


@pytest.mark.parametrize(
    ("text", "value"),
    [("2", 2), ("500m", 0.5), ("1Ki", 1024), ("1.5Gi", 1.5 * 2**30), ("2k", 2000), ("3M", 3e6)],
)
def test_quantities_are_read(text: str, value: float) -> None:
    assert read_quantity(text) == pytest.approx(value)
