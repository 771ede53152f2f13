"""Leases: the small objects by which several processes agree on one of them.

Here they are read and written; who may lead when is for those who use them. Every write is checked by the server
against the version that was read (optimistic locking): of several who write at once, one succeeds and the others get
an :class:`~farwatch.kube.errors.ApiError` with ``is_conflict``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from farwatch.kube.client import KubeClient
from farwatch.kube.errors import BAD_BODY, ApiError
from farwatch.kube.kinds import LEASE
from farwatch.kube.objects import KubeObject, Lease, LeaseMeta, LeaseSpec


async def get_lease(client: KubeClient, namespace: str, name: str) -> Lease | None:
    """The Lease, or None where there is none."""
    try:
        return _lease(await client.get(LEASE, name, namespace))
    except ApiError as error:
        if error.is_not_found:
            return None
        raise


async def create_lease(client: KubeClient, namespace: str, name: str, spec: LeaseSpec) -> Lease:
    """A new Lease.

    Raises:
        ApiError: ``is_conflict``: somebody was faster.
    """
    return _lease(
        await client.create(LEASE, _manifest(LeaseMeta(name=name, namespace=namespace), spec), namespace)
    )


async def replace_lease(client: KubeClient, lease: Lease, spec: LeaseSpec) -> Lease:
    """The Lease with another spec, provided that it still is as it was read; labels, annotations and owners stay.

    Raises:
        ApiError: ``is_conflict``: somebody else wrote it since.
    """
    meta = lease.metadata
    return _lease(await client.replace(LEASE, meta.name, _manifest(meta, spec), meta.namespace))


def _manifest(meta: LeaseMeta, spec: LeaseSpec) -> dict[str, Any]:
    metadata = {
        "name": meta.name,
        "namespace": meta.namespace,
        "resourceVersion": meta.resource_version,
        "labels": meta.labels,
        "annotations": meta.annotations,
        "ownerReferences": meta.owner_references,
        "finalizers": meta.finalizers,
    }
    fields = {
        "holderIdentity": spec.holder_identity,
        "leaseDurationSeconds": spec.lease_duration_seconds,
        "acquireTime": _micro_time(spec.acquire_time),
        "renewTime": _micro_time(spec.renew_time),
        "leaseTransitions": spec.lease_transitions,
    }
    return {
        "apiVersion": LEASE.api_version,
        "kind": LEASE.name,
        "metadata": {key: value for key, value in metadata.items() if value},
        "spec": {key: value for key, value in fields.items() if value is not None},
    }


def _micro_time(moment: datetime | None) -> str | None:
    """A time as the API wants it here (MicroTime): always with six digits after the second, zeros too."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _lease(found: KubeObject) -> Lease:
    if not isinstance(found, Lease):
        raise ApiError(200, BAD_BODY, f"not a Lease but a {type(found).__name__}")
    return found
