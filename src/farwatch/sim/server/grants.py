"""Nobody hands on rights that they do not have: what the API server asks of those who write roles and bindings.

Semantics: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping;
``pkg/registry/rbac`` of Kubernetes. Administrators (``system:masters``) are not asked; ``escalate`` on a role and ``bind``
on the role of a binding make an exception, and so does a write that changes owner references and finalizers only, for the
garbage collector's sake.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from farwatch.sim.errors import StatusError, describe
from farwatch.sim.resources import Resource
from farwatch.sim.server.identity import User
from farwatch.sim.server.rbac import RBAC_GROUP, Attributes, Authorizer

Document = dict[str, Any]

_ROLES = {"Role": "roles", "ClusterRole": "clusterroles"}
_COLLECTORS_FIELDS = {"ownerReferences", "finalizers"}
_SYSTEMS_FIELDS = {"managedFields", "resourceVersion", "uid", "creationTimestamp", "generation"}
"""Which no writer decides on: what is asked for here is not taken."""


def check_grant(
    authorizer: Authorizer, user: User, kind: Resource, before: Document | None, after: Document
) -> None:
    """Refuse a role or binding that would give what its writer does not have; StatusError 403.

    Args:
        authorizer: Knows who has what.
        user: Who writes.
        kind: Of what is written; anything but roles and bindings passes.
        before: What is there; None for a new object.
        after: What is to be there.
    """
    if kind.group != RBAC_GROUP or (before is not None and _same_but_for_the_collector(before, after)):
        return
    metadata = after["metadata"]
    namespace, name = metadata.get("namespace") or "", metadata.get("name", "")
    if "roleRef" in after:
        reference = after["roleRef"]
        exception = _on_role(
            "bind", _ROLES.get(reference.get("kind", ""), ""), reference.get("name", ""), namespace
        )
        rules = authorizer.role_rules(reference, namespace)
    else:
        exception = _on_role("escalate", kind.name, name, namespace)
        rules = after.get("rules") or []
    if authorizer.allows(user, exception):
        return
    missing = [asked for asked in _rights(rules, namespace) if not authorizer.allows(user, asked)]
    if missing:
        raise _refusal(user, kind, name, missing)


def _same_but_for_the_collector(before: Document, after: Document) -> bool:
    return _without_collectors_fields(before) == _without_collectors_fields(after)


def _without_collectors_fields(document: Document) -> Document:
    metadata = {
        key: value
        for key, value in document["metadata"].items()
        if key not in _COLLECTORS_FIELDS | _SYSTEMS_FIELDS
    }
    return document | {"metadata": metadata}


def _on_role(verb: str, resource: str, name: str, namespace: str) -> Attributes:
    return Attributes(verb=verb, group=RBAC_GROUP, resource=resource, name=name, namespace=namespace)


def _rights(rules: list[Document], namespace: str) -> Iterator[Attributes]:
    """Rules taken apart: one verb on one resource, or on one object, each."""
    for rule in rules:
        for verb in rule.get("verbs") or ():
            for path in rule.get("nonResourceURLs") or ():
                yield Attributes(verb=verb, path=path)
            for group in rule.get("apiGroups") or ():
                for qualified in rule.get("resources") or ():
                    resource, _, subresource = qualified.partition("/")
                    for name in rule.get("resourceNames") or ("",):
                        yield Attributes(
                            verb=verb,
                            group=group,
                            resource=resource,
                            subresource=subresource,
                            namespace=namespace,
                            name=name,
                        )


def _refusal(user: User, kind: Resource, name: str, missing: list[Attributes]) -> StatusError:
    groups = " ".join(f'"{group}"' for group in user.groups)
    told = "\n".join(_told(asked) for asked in missing)
    why = f'user "{user.name}" (groups=[{groups}]) is attempting to grant RBAC permissions not currently held:\n{told}'
    message = f'{kind.qualified} "{name}" is forbidden: {why}'
    return StatusError(403, "Forbidden", message, describe(kind, name))


def _told(asked: Attributes) -> str:
    if asked.path:
        return f'{{NonResourceURLs:["{asked.path}"], Verbs:["{asked.verb}"]}}'
    names = f', ResourceNames:["{asked.name}"]' if asked.name else ""
    return f'{{APIGroups:["{asked.group}"], Resources:["{asked.qualified}"]{names}, Verbs:["{asked.verb}"]}}'
