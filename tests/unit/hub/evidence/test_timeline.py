"""What happened around an alert: what changed before with its diff, and what came of it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from farwatch.hub.evidence.evidence import EffectKind, Evidence, RelatedChange, Relation
from farwatch.hub.evidence.timeline import MOST_FIELDS, changes_before
from farwatch.hub.inventory import ChangeQuery, FieldChange, LoggedChange, Operation
from farwatch.kube.objects import KubeObject
from farwatch.link.frames import Item


async def tell(api: Any, found: KubeObject, at: float) -> None:
    """An agent tells of an object that it saw at a time."""
    meta = found.metadata
    document = msgspec.msgpack.encode(found)
    item = Item(meta.namespace, meta.name, meta.uid, meta.resource_version, document, at)
    written = api.hub.change_log.append(api.hub.inventory.apply("prod", type(found).__name__, [item]))
    await api.hub.telemetry.flush()
    await written


async def test_the_change_that_broke_it_is_told_with_its_diff_before_the_alert(api: Any, kube: Any) -> None:
    now = time.time()
    await tell(api, kube.deployment("web:1"), now - 300)
    await tell(api, kube.pod(statuses=[kube.looping()]), now - 200)
    await tell(api, kube.deployment("web:2", metadata={"resourceVersion": "2"}), now - 100)
    alert = msgspec.structs.replace(kube.alert(), starts_at=datetime.fromtimestamp(now - 30, UTC))
    await api.hub.alerting.put([alert])
    await api.ask("POST", f"/api/v1/alerts/{alert.fingerprint}/acknowledgement", {"note": "on it"})
    await api.get(f"/alerts/{alert.fingerprint}/evidence")  # waits for it
    await api.hub.telemetry.flush()

    found = await api.get(f"/alerts/{alert.fingerprint}/timeline")
    assert found["evidence"] is True
    cause = found["items"][found["likeliestCause"]]
    assert (cause["what"], cause["kind"], cause["name"], cause["effect"]) == (
        "change",
        "Deployment",
        "web",
        "rollout",
    )
    (field,) = [field for field in cause["diff"] if field["path"].endswith("image")]
    assert (field["before"], field["after"]) == ("web:1", "web:2")
    rest = [(item["what"], item.get("by", ""), item["words"]) for item in found["items"]]
    assert rest[-2][0] == "fired"
    assert rest[-1] == ("acknowledged", "environment", "on it")
    times = [item["time"] for item in found["items"]]
    assert times == sorted(times)


async def test_an_alert_without_evidence_has_a_timeline_of_what_came_of_it(api: Any, kube: Any) -> None:
    labels = {"alertname": "Posted", "cluster": "prod"}
    alert = msgspec.structs.replace(kube.alert(), labels=labels, fingerprint="")
    await api.hub.alerting.put([alert])
    await api.hub.telemetry.flush()
    found = await api.get(f"/alerts/{alert.fingerprint}/timeline")
    assert [item["what"] for item in found["items"]] == ["fired"]
    assert (found["likeliestCause"], found["evidence"]) == (None, False)


@pytest.mark.parametrize("path", ["timeline", "related"])
async def test_nothing_is_told_of_an_alert_that_is_not_there(api: Any, path: str) -> None:
    status, detail = await api.fault("GET", f"/alerts/0123456789abcdef/{path}")
    assert (status, detail) == (404, "no alert has the fingerprint '0123456789abcdef': it may have aged out")


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Log:
    """A log with one object's changes."""

    def __init__(self, *found: LoggedChange) -> None:
        self.found = found

    async def changes(self, query: ChangeQuery) -> list[LoggedChange]:
        return [change for change in self.found if query.since <= change.time < (query.until or 0)]


def logged(at: float, *paths: str) -> LoggedChange:
    return LoggedChange(
        sequence=int(at * 1000),
        time=NOON.timestamp() + at,
        cluster="prod",
        kind="Deployment",
        namespace="shop",
        name="web",
        uid="u",
        operation=Operation.UPDATED,
        after_gap=False,
        fields=[FieldChange(path=path, before=1, after=2) for path in paths],
        document=msgspec.Raw(b"{}"),
    )


CHANGE = RelatedChange(
    time=NOON,
    kind="Deployment",
    namespace="shop",
    name="web",
    relation=Relation.SUBJECT,
    effect=EffectKind.ROLLOUT,
    words="image of web: web:1 → web:2",
    score=0.9,
)
EVIDENCE = Evidence(fingerprint="f", starts_at=NOON, gathered_at=NOON, seconds=0, changes=(CHANGE,))


@pytest.mark.parametrize(
    ("found", "paths"),
    [
        ([], []),
        ([logged(5, "late")], []),
        ([logged(0.2, "later"), logged(0.0, "now"), logged(-0.3, "before")], ["now"]),
        ([logged(0.0), logged(0.4, "just after")], ["just after"]),
        ([logged(0.0, *(f"p{n}" for n in range(MOST_FIELDS + 5)))], [f"p{n}" for n in range(MOST_FIELDS)]),
    ],
)
async def test_the_diff_is_that_of_the_nearest_change(found: list[LoggedChange], paths: list[str]) -> None:
    (item,) = await changes_before(EVIDENCE, "prod", Log(*found), lambda *_: True)
    assert [field.path for field in item.diff] == paths
    assert (item.words, item.score, item.relation) == (CHANGE.words, 0.9, Relation.SUBJECT)


async def test_a_diff_is_for_those_who_may_see_the_object() -> None:
    log = Log(logged(0.0, "now"))
    (item,) = await changes_before(
        EVIDENCE, "prod", log, lambda *thing: thing != ("prod", "Deployment", "shop", "web")
    )
    assert item.diff == []
    assert item.words == CHANGE.words
