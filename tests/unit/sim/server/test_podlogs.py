from typing import Any

import pytest

from farwatch.sim.logs import LogBook
from farwatch.sim.server.podlogs import LogRequest
from farwatch.sim.store import Store

PATH = "/api/v1/namespaces/shop/pods/web/log"


@pytest.fixture
def pod(store: Store, logs: LogBook) -> dict[str, Any]:
    made = store.create(
        "pods",
        {
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"containers": [{"name": "c", "image": "i"}]},
        },
    )
    logs.write("shop", "web", "c", "first", "second", "third")
    return made


def read(ask: Any, **query: Any) -> bytes:
    asked = ask.send("GET", PATH, **query)
    assert isinstance(asked, LogRequest)
    return asked.body()


def refuse(ask: Any, **query: Any) -> str:
    code, status = ask("GET", PATH, **query)
    assert code == 400
    return str(status["message"])


def test_lines_are_selected_and_cut(ask: Any, pod: Any, logs: LogBook, clock: Any) -> None:
    assert read(ask) == b"first\nsecond\nthird\n"
    assert read(ask, tailLines=1) == b"third\n"
    assert read(ask, limitBytes=8) == b"first\nse"
    clock.now += 60
    logs.write("shop", "web", "c", "late")
    assert read(ask, sinceSeconds=30) == b"late\n"
    assert read(ask, sinceTime="2027-01-15T08:00:01Z") == b"late\n"


def test_timestamps_stand_before_lines(ask: Any, pod: Any) -> None:
    assert read(ask, timestamps="true", tailLines=1) == b"2027-01-15T08:00:00.000000000Z third\n"


def test_the_previous_run_is_told_apart(ask: Any, pod: Any, logs: LogBook) -> None:
    assert refuse(ask, previous="true") == 'previous terminated container "c" in pod "web" not found'
    logs.restart("shop", "web", "c")
    assert read(ask) == b""
    assert read(ask, previous="true", tailLines=1) == b"third\n"


def test_a_container_must_be_named_when_there_are_several(ask: Any, pod: Any, store: Store) -> None:
    def add(each: dict[str, Any]) -> None:
        each["spec"]["containers"].append({"name": "d", "image": "i"})
        each["spec"]["initContainers"] = [{"name": "init", "image": "i"}]

    store.modify("pods", "shop", "web", add)
    assert refuse(ask) == (
        "a container name must be specified for pod web, choose one of: [c d] or one of the init containers: [init]"
    )
    assert refuse(ask, container="x") == "container x is not valid for pod web"
    assert read(ask, container="init") == b""


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("ContainerCreating", "ContainerCreating"),
        ("ImagePullBackOff", "trying and failing to pull image"),
    ],
)
def test_a_container_that_never_ran_says_what_it_waits_for(
    ask: Any, store: Store, reason: str, words: str
) -> None:
    status = {"containerStatuses": [{"name": "c", "state": {"waiting": {"reason": reason}}}]}
    store.create(
        "pods",
        {
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"containers": [{"name": "c", "image": "i"}]},
            "status": status,
        },
    )
    assert refuse(ask) == f'container "c" in pod "web" is waiting to start: {words}'


@pytest.mark.parametrize("query", [{"tailLines": "x"}, {"limitBytes": "-1"}, {"sinceTime": "yesterday"}])
def test_a_malformed_query_is_a_bad_request(ask: Any, pod: Any, query: dict[str, str]) -> None:
    refuse(ask, **query)


def test_an_absent_pod_is_not_found(ask: Any) -> None:
    assert ask("GET", PATH)[0] == 404
