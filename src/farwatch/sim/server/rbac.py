"""What a user may do, by the Role, ClusterRole and binding objects in the store.

Semantics: https://kubernetes.io/docs/reference/access-authn-authz/rbac/. Additive rules only; ``system:masters`` may do
everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from farwatch.sim.errors import StatusError
from farwatch.sim.server.identity import ADMIN_GROUP, User
from farwatch.sim.store import Store

RBAC_GROUP = "rbac.authorization.k8s.io"


@dataclass(frozen=True, kw_only=True)
class Attributes:
    """What is asked for: a verb on a resource, or on a path that is none.

    Attributes:
        verb: ``get``, ``list``, ``watch``, ``create`` ...
        group: The resource's API group.
        resource: The plural; empty for a path.
        subresource: ``status``, ``log`` ...
        namespace: Empty for the whole cluster.
        name: Empty for a collection.
        path: The path when it is no resource's.
    """

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def qualified(self) -> str:
        """``pods/log``, as rules write it."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


def forbidden(user: User, asked: Attributes) -> StatusError:
    """The refusal, in the server's words."""
    if asked.path:
        why = f'User "{user.name}" cannot {asked.verb} path "{asked.path}"'
        return StatusError(403, "Forbidden", f"forbidden: {why}", {})
    kind = f"{asked.resource}.{asked.group}" if asked.group else asked.resource
    subject = f'{kind} "{asked.name}"' if asked.name else kind
    scope = f'in the namespace "{asked.namespace}"' if asked.namespace else "at the cluster scope"
    why = f'User "{user.name}" cannot {asked.verb} resource "{asked.qualified}" in API group "{asked.group}" {scope}'
    details: dict[str, Any] = {"name": asked.name} if asked.name else {}
    if asked.group:
        details["group"] = asked.group
    return StatusError(403, "Forbidden", f"{subject} is forbidden: {why}", details | {"kind": asked.resource})


class Authorizer:
    """Decides by the roles and bindings of a store, as they are at the moment.

    Args:
        store: Where roles and bindings live.
        enforced: False lets everybody do everything.
    """

    def __init__(self, store: Store, *, enforced: bool) -> None:
        self._store = store
        self.enforced = enforced

    def allows(self, user: User, asked: Attributes) -> bool:
        """Whether some rule grants it."""
        if not self.enforced or ADMIN_GROUP in user.groups:
            return True
        return any(_grants(rule, asked) for rule in self.rules(user, asked.namespace))

    def check(self, user: User, asked: Attributes) -> None:
        """StatusError 403 when no rule grants it."""
        if not self.allows(user, asked):
            raise forbidden(user, asked)

    def rules(self, user: User, namespace: str) -> Iterator[dict[str, Any]]:
        """The rules that hold for a user in a namespace, or (empty) in the whole cluster."""
        if not self.enforced or ADMIN_GROUP in user.groups:
            yield {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
            yield {"verbs": ["*"], "nonResourceURLs": ["*"]}
            return
        for binding in self._store.list("clusterrolebindings"):
            if _binds(binding, user):
                yield from self.role_rules(binding["roleRef"], "")
        if namespace:
            for binding in self._store.list("rolebindings", namespace):
                if _binds(binding, user):
                    yield from self.role_rules(binding["roleRef"], namespace)

    def role_rules(self, reference: dict[str, Any], namespace: str) -> list[dict[str, Any]]:
        """The rules of the role that a binding in a namespace, or (empty) of the cluster, names; none when it is absent."""
        if reference["kind"] == "ClusterRole":
            role = self._store.find("clusterroles", "", reference["name"])
        else:
            role = self._store.find("roles", namespace, reference["name"])
        return (role or {}).get("rules") or []


def _binds(binding: dict[str, Any], user: User) -> bool:
    namespace = binding["metadata"].get("namespace", "")
    return any(_is_subject(subject, user, namespace) for subject in binding.get("subjects") or ())


def _is_subject(subject: dict[str, Any], user: User, namespace: str) -> bool:
    match subject["kind"]:
        case "User":
            return bool(subject["name"] == user.name)
        case "Group":
            return subject["name"] in user.groups
        case "ServiceAccount":
            home = subject.get("namespace") or namespace
            return user.name == f"system:serviceaccount:{home}:{subject['name']}"
    return False


def _grants(rule: dict[str, Any], asked: Attributes) -> bool:
    if not _names(rule.get("verbs"), asked.verb):
        return False
    if asked.path:
        return any(_covers(pattern, asked.path) for pattern in rule.get("nonResourceURLs") or ())
    names = rule.get("resourceNames")
    return (
        _names(rule.get("apiGroups"), asked.group)
        and _names_resource(rule.get("resources") or (), asked)
        and (not names or asked.name in names)
    )


def _names(listed: list[str] | None, wanted: str) -> bool:
    return listed is not None and ("*" in listed or wanted in listed)


def _names_resource(listed: list[str] | tuple[str, ...], asked: Attributes) -> bool:
    wildcard = f"*/{asked.subresource}" if asked.subresource else "*"
    return "*" in listed or asked.qualified in listed or wildcard in listed


def _covers(pattern: str, path: str) -> bool:
    if pattern.endswith("*"):
        return path.startswith(pattern[:-1])
    return pattern == path
