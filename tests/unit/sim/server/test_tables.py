import gzip
from pathlib import Path
from typing import Any

import msgspec
import pytest

from farwatch.sim.resources import RESOURCES
from farwatch.sim.server.cells import human_duration
from farwatch.sim.server.columns import columns_of
from farwatch.sim.server.podstatus import pod_status
from farwatch.sim.server.tables import Form, Shape, read_shape
from farwatch.sim.store import Store

RECORDINGS = Path(__file__).parents[3] / "data" / "recordings"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", Form.WHOLE),
        ("application/json", Form.WHOLE),
        (f"{TABLE},application/json", Form.TABLE),
        (f"application/json,{TABLE}", Form.WHOLE),
        (f"application/json;as=Table;v=v1beta1;g=meta.k8s.io, {TABLE}", Form.TABLE),
        (
            "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
            Form.METADATA,
        ),
        ("application/vnd.kubernetes.protobuf,application/json", Form.WHOLE),
    ],
)
def test_the_first_known_form_is_chosen(accept: str, form: Form) -> None:
    assert read_shape(accept, {}) == Shape(form)


def test_a_table_has_cells_for_every_column_and_the_objects_metadata(ask: Any, pods: list[str]) -> None:
    ask.headers["Accept"] = TABLE
    table = ask.get("/api/v1/pods", limit=2)
    assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    assert table["metadata"]["remainingItemCount"] == 5
    headings = [column["name"] for column in table["columnDefinitions"]]
    assert headings[:5] == ["Name", "Ready", "Status", "Restarts", "Age"]
    assert [column["priority"] for column in table["columnDefinitions"]] == [0] * 5 + [1] * 4
    row = table["rows"][0]
    assert row["cells"] == ["p0", "0/1", "Running", "0", "0s", "<none>", "n1", "<none>", "<none>"]
    assert row["object"]["kind"] == "PartialObjectMetadata"
    assert row["object"]["metadata"]["name"] == "p0"
    assert "spec" in ask.get("/api/v1/pods", includeObject="Object")["rows"][0]["object"]
    assert "object" not in ask.get("/api/v1/pods", includeObject="None")["rows"][0]
    one = ask.get("/api/v1/namespaces/a/pods/p0")
    assert [each["cells"][0] for each in one["rows"]] == ["p0"]


def test_metadata_alone_can_be_asked_for(ask: Any, pods: list[str]) -> None:
    ask.headers["Accept"] = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
    listed = ask.get("/api/v1/pods")
    assert listed["kind"] == "PartialObjectMetadataList"
    assert set(listed["items"][0]) == {"kind", "apiVersion", "metadata"}


def recorded() -> list[dict[str, Any]]:
    lines = gzip.decompress((RECORDINGS / "cluster.jsonl.gz").read_bytes()).splitlines()
    return [event for event in map(msgspec.json.decode, lines) if event["type"] != "BOOKMARK"]


def test_every_recorded_object_fits_its_columns(store: Store) -> None:
    compared = 0
    for event in recorded():
        cells = [column.cell(event["object"], store.clock()) for column in columns_of(event["kind"])]
        assert len(cells) == len(columns_of(event["kind"]))
        assert all(isinstance(cell, str | int) for cell in cells), (event["kind"], cells)
        compared += 1
    assert compared > 1_000


def test_recorded_pods_went_through_the_states_that_kubectl_showed() -> None:
    seen: dict[str, list[str]] = {}
    for event in recorded():
        if event["kind"] == "pods":
            words = seen.setdefault(event["object"]["metadata"]["name"].split("-")[0], [])
            word = pod_status(event["object"])
            if word not in words:
                words.append(word)
    assert seen["checkout"][:3] == ["Pending", "ContainerCreating", "Running"]
    assert {"Error", "CrashLoopBackOff"} <= set(seen["checkout"])
    assert {"OOMKilled", "CrashLoopBackOff"} <= set(seen["search"])
    assert {"ErrImagePull", "ImagePullBackOff", "Terminating"} <= set(seen["mailer"])
    assert "CreateContainerConfigError" in seen["noconfig"]
    assert "Completed" in seen["report"]


@pytest.mark.parametrize(
    ("pod", "word"),
    [
        ({"status": {"phase": "Failed", "reason": "Evicted"}}, "Evicted"),
        (
            {
                "status": {
                    "initContainerStatuses": [
                        {"name": "i", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
                    ]
                }
            },
            "Init:CrashLoopBackOff",
        ),
        ({"status": {"initContainerStatuses": [{"name": "i", "state": {"running": {}}}]}}, "Init:0/2"),
        (
            {"status": {"initContainerStatuses": [{"name": "i", "state": {"terminated": {"exitCode": 3}}}]}},
            "Init:ExitCode:3",
        ),
        (
            {"status": {"containerStatuses": [{"name": "c", "state": {"terminated": {"signal": 9}}}]}},
            "Signal:9",
        ),
        (
            {
                "status": {
                    "phase": "Pending",
                    "conditions": [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}],
                }
            },
            "SchedulingGated",
        ),
        (
            {
                "status": {
                    "phase": "Running",
                    "containerStatuses": [
                        {"name": "a", "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}},
                        {"name": "b", "ready": True, "state": {"running": {}}},
                    ],
                }
            },
            "NotReady",
        ),
        (
            {"metadata": {"deletionTimestamp": "2027-01-15T08:00:00Z"}, "status": {"reason": "NodeLost"}},
            "Unknown",
        ),
    ],
)
def test_a_pods_word_tells_its_trouble(pod: dict[str, Any], word: str) -> None:
    spec = {"initContainers": [{"name": "i"}, {"name": "j"}], "containers": [{"name": "c"}]}
    assert pod_status({"metadata": {}, "spec": spec} | pod) == word


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0s"),
        (119, "119s"),
        (120, "2m"),
        (150, "2m30s"),
        (3600, "60m"),
        (3 * 3600 + 60, "3h1m"),
        (40 * 3600, "40h"),
        (3 * 86400 + 7200, "3d2h"),
        (100 * 86400, "100d"),
        (800 * 86400, "2y70d"),
    ],
)
def test_durations_read_as_kubectl_writes_them(seconds: int, text: str) -> None:
    assert human_duration(seconds) == text


def test_every_resource_has_columns() -> None:
    assert all(columns_of(name)[0].name in ("Name", "Last Seen") for name in RESOURCES)
