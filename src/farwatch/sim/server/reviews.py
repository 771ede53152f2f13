"""Questions about access, answered and not kept: SelfSubjectAccessReview and its relatives."""

from __future__ import annotations

from typing import Any

from farwatch.sim.server.identity import User
from farwatch.sim.server.rbac import Attributes, Authorizer

Document = dict[str, Any]


def answer_review(kind: str, review: Document, user: User, authorizer: Authorizer) -> Document:
    """The review with its status filled in."""
    spec = review.get("spec") or {}
    match kind:
        case "SelfSubjectReview":
            told = {"userInfo": {"username": user.name, "groups": list(user.groups)}}
        case "SelfSubjectRulesReview":
            told = _rules(spec.get("namespace", ""), user, authorizer)
        case "SelfSubjectAccessReview":
            told = _access(spec, user, authorizer)
        case _:
            told = _access(spec, User(spec.get("user", ""), tuple(spec.get("groups") or ())), authorizer)
    return review | {"kind": kind, "metadata": review.get("metadata") or {}, "status": told}


def _access(spec: Document, user: User, authorizer: Authorizer) -> Document:
    if "nonResourceAttributes" in spec:
        wanted = spec["nonResourceAttributes"]
        asked = Attributes(verb=wanted.get("verb", ""), path=wanted.get("path", ""))
    else:
        wanted = spec.get("resourceAttributes") or {}
        fields = ("verb", "group", "resource", "subresource", "namespace", "name")
        asked = Attributes(**{field: wanted.get(field, "") for field in fields})
    return {"allowed": authorizer.allows(user, asked)}


def _rules(namespace: str, user: User, authorizer: Authorizer) -> Document:
    rules = list(authorizer.rules(user, namespace))
    return {
        "resourceRules": [rule for rule in rules if "resources" in rule],
        "nonResourceRules": [rule for rule in rules if "nonResourceURLs" in rule],
        "incomplete": False,
    }
