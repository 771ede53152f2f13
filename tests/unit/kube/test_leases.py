from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from farwatch.kube.errors import ApiError
from farwatch.kube.leases import create_lease, get_lease, replace_lease
from farwatch.kube.objects import Lease, LeaseMeta, LeaseSpec

COLLECTION = "/apis/coordination.k8s.io/v1/namespaces/farwatch/leases"

HELD = {
    "metadata": {"name": "agent", "namespace": "farwatch", "uid": "u", "resourceVersion": "7"},
    "spec": {
        "holderIdentity": "pod-1",
        "leaseDurationSeconds": 15,
        "acquireTime": "2026-11-20T21:14:53.000000Z",
        "renewTime": "2026-11-20T21:15:03.123456Z",
        "leaseTransitions": 2,
    },
}


async def test_a_lease_is_read(script: Any, say: Any, client: Any) -> None:
    script.others[f"GET {COLLECTION}/agent"] = [say.reply(HELD)]
    lease = await get_lease(client, "farwatch", "agent")
    assert lease is not None
    assert lease.spec == LeaseSpec(
        holder_identity="pod-1",
        lease_duration_seconds=15,
        acquire_time=datetime(2026, 11, 20, 21, 14, 53, tzinfo=UTC),
        renew_time=datetime(2026, 11, 20, 21, 15, 3, 123456, tzinfo=UTC),
        lease_transitions=2,
    )


async def test_where_there_is_none_there_is_none(script: Any, say: Any, client: Any) -> None:
    assert await get_lease(client, "farwatch", "agent") is None
    script.lists = [say.forbidden()]
    with pytest.raises(ApiError, match="Forbidden"):
        await get_lease(client, "farwatch", "agent")


async def test_times_are_written_as_the_api_wants_them(script: Any, say: Any, client: Any) -> None:
    script.others[f"POST {COLLECTION}"] = [say.reply(HELD)]
    midnight = datetime(2027, 1, 1, 1, 0, 0, 0, timezone(timedelta(hours=1)))
    await create_lease(client, "farwatch", "agent", LeaseSpec(holder_identity="me", renew_time=midnight))
    (request,) = script.requests
    assert json.loads(await request.text()) == {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "agent", "namespace": "farwatch"},
        "spec": {"holderIdentity": "me", "renewTime": "2027-01-01T00:00:00.000000Z"},
    }


async def test_a_lease_is_replaced_only_as_it_was_read(script: Any, say: Any, client: Any) -> None:
    conflict = say.refusal(
        409, "Conflict", "the object has been modified; please apply your changes to the latest"
    )
    script.others[f"PUT {COLLECTION}/agent"] = [say.reply(HELD), conflict]
    read = Lease(metadata=LeaseMeta(name="agent", namespace="farwatch", resource_version="6"))
    await replace_lease(client, read, LeaseSpec(holder_identity="me"))
    with pytest.raises(ApiError) as refused:
        await replace_lease(client, read, LeaseSpec(holder_identity="me"))
    assert refused.value.is_conflict
    assert json.loads(await script.requests[0].text())["metadata"]["resourceVersion"] == "6"


async def test_what_others_set_on_a_lease_stays_when_it_is_replaced(
    script: Any, say: Any, client: Any
) -> None:
    theirs = {
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
        "annotations": {"meta.helm.sh/release-name": "farwatch-agent"},
        "ownerReferences": [{"apiVersion": "v1", "kind": "Namespace", "name": "farwatch", "uid": "u"}],
        "finalizers": ["example.com/kept"],
    }
    held = HELD | {"metadata": HELD["metadata"] | theirs}
    script.others[f"GET {COLLECTION}/agent"] = [say.reply(held)]
    script.others[f"PUT {COLLECTION}/agent"] = [say.reply(held)]

    read = await get_lease(client, "farwatch", "agent")
    await replace_lease(client, read, LeaseSpec(holder_identity="me"))

    written = json.loads(await script.requests[-1].text())
    assert written["metadata"].items() >= theirs.items()
    assert written["spec"] == {"holderIdentity": "me"}
