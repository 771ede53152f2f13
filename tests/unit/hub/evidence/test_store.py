from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from farwatch.hub.alerting.evidence import Digest
from farwatch.hub.evidence import store as store_module
from farwatch.hub.evidence.evidence import ContainerLog, Evidence, Run
from farwatch.hub.evidence.store import KEPT_SECONDS, EvidenceStore
from farwatch.hub.store.records import Records

BEGAN = datetime(2026, 11, 20, 21, 15, 0, 123456, tzinfo=UTC)


@pytest.fixture
def store(records: Records) -> EvidenceStore:
    return EvidenceStore(records)


def evidence(fingerprint: str, days: float = 0, text: str = "panic\n") -> Evidence:
    log = ContainerLog(pod="web-1", container="app", run=Run.CURRENT, text=text, failed=True)
    began = BEGAN + timedelta(days=days)
    return Evidence(fingerprint=fingerprint, starts_at=began, gathered_at=began, seconds=0.25, logs=(log,))


async def test_what_is_kept_is_found_and_the_latest_of_an_alert_counts(store: EvidenceStore) -> None:
    for found in (evidence("a"), evidence("a", days=1, text="later\n"), evidence("b")):
        await store.keep(found, Digest(logs=("panic",)))
    assert await store.find("a") == evidence("a", days=1, text="later\n")
    assert await store.find("b") == evidence("b")
    assert await store.find("c") is None


async def test_what_is_gathered_again_takes_the_place_of_what_was(store: EvidenceStore) -> None:
    await store.keep(evidence("a"), Digest())
    await store.keep(evidence("a", text="more\n"), Digest())
    assert await store.find("a") == evidence("a", text="more\n")


async def test_short_forms_are_found_for_the_alerts_that_still_are_the_same(
    store: EvidenceStore, kube: Any
) -> None:
    alert, again = kube.alert(), kube.alert(workload="cart")
    for one in (alert, again):
        found = msgspec.structs.replace(evidence(one.fingerprint), starts_at=one.starts_at)
        await store.keep(found, Digest(logs=(one.labels["workload"],)))
    fired_anew = msgspec.structs.replace(again, starts_at=again.starts_at + timedelta(hours=1))

    assert await store.digests([alert, fired_anew, kube.alert(workload="none")]) == {
        alert.fingerprint: Digest(logs=("web",))
    }


async def test_what_is_too_old_or_too_much_is_forgotten(
    store: EvidenceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "MOST_KEPT", 3)
    for day in range(6):
        await store.keep(evidence(f"day-{day}", days=day), Digest())
    await store.prune(BEGAN.timestamp() + KEPT_SECONDS + 86_400)
    assert [day for day in range(6) if await store.find(f"day-{day}")] == [3, 4, 5]

    await store.prune(BEGAN.timestamp() + KEPT_SECONDS + 4 * 86_400)
    assert [day for day in range(6) if await store.find(f"day-{day}")] == [5]
