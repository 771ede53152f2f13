"""Tokens of service accounts, issued on request as ``kubectl create token`` and the kubelet ask for them."""

from __future__ import annotations

from typing import Any

from farwatch.sim.errors import invalid
from farwatch.sim.resources import RESOURCES
from farwatch.sim.server.identity import Tokens, service_account
from farwatch.sim.store import Store
from farwatch.sim.times import format_time

Document = dict[str, Any]

_AUDIENCE = "https://kubernetes.default.svc.cluster.local"
_USUAL_SECONDS = 3600
_LEAST_SECONDS = 600
_MOST_SECONDS = 1 << 32


def answer_token_request(
    store: Store, tokens: Tokens, namespace: str, name: str, request: Document
) -> Document:
    """The TokenRequest with its token, good until it expires or the account is gone or another of its name.

    StatusError: 404 without such an account, 422 for a lifetime the server does not grant.
    """
    account = store.get("serviceaccounts", namespace, name)
    spec = request.get("spec") or {}
    seconds = spec.get("expirationSeconds") or _USUAL_SECONDS
    if not isinstance(seconds, int) or not _LEAST_SECONDS <= seconds <= _MOST_SECONDS:
        what = f"Invalid value: {seconds}: may not specify a duration less than 10 minutes"
        raise invalid(RESOURCES["serviceaccounts"], name, "spec.expirationSeconds", what)
    ends = store.clock() + seconds

    def lasts() -> bool:
        found = store.find("serviceaccounts", namespace, name)
        if found is None or store.clock() >= ends:
            return False
        return bool(found["metadata"]["uid"] == account["metadata"]["uid"])

    token = tokens.issue(service_account(namespace, name), lasts)
    return {
        "kind": "TokenRequest",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "creationTimestamp": format_time(store.clock()),
        },
        "spec": {
            "audiences": spec.get("audiences") or [_AUDIENCE],
            "expirationSeconds": seconds,
            "boundObjectRef": spec.get("boundObjectRef"),
        },
        "status": {"token": token, "expirationTimestamp": format_time(ends)},
    }
