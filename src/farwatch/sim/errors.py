"""Failures as the API server tells them: a ``Status`` object with a code, a reason and the server's own words.

The words are kube-apiserver's (v1.36, ``k8s.io/apimachinery/pkg/api/errors``), because clients match on them.
"""

from __future__ import annotations

from typing import Any

from farwatch.sim.resources import Resource


class SimError(Exception):
    """Any fault of the simulated cluster that is not the API server's answer to a request."""


class PatchError(SimError):
    """A patch that is malformed or does not fit the document it is applied to."""


class StatusError(SimError):
    """An answer that is a failure.

    Attributes:
        code: The HTTP status.
        reason: A word for machines, ``NotFound``; empty where the server gives none.
        message: The server's words.
        details: What the failure is about: name, group, kind, causes, retryAfterSeconds.
        continue_token: How to go on after an expired page; stands in the Status' metadata.
    """

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: dict[str, Any] | None = None,
        continue_token: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.continue_token = continue_token

    @property
    def retry_after(self) -> int | None:
        """Seconds for the Retry-After header, when the failure names some."""
        return (self.details or {}).get("retryAfterSeconds")

    def status(self) -> dict[str, Any]:
        """The ``Status`` object that the server answers with."""
        status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {"continue": self.continue_token} if self.continue_token else {},
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            status["reason"] = self.reason
        if self.details is not None:
            status["details"] = self.details
        status["code"] = self.code
        return status


def describe(resource: Resource, name: str = "") -> dict[str, Any]:
    """The details that say which object or collection a failure is about, in the server's key order."""
    details: dict[str, Any] = {"name": name} if name else {}
    if resource.group:
        details["group"] = resource.group
    return details | {"kind": resource.name}


def not_found(resource: Resource, name: str) -> StatusError:
    """There is no such object."""
    return StatusError(404, "NotFound", f'{resource.qualified} "{name}" not found', describe(resource, name))


def unknown_resource() -> StatusError:
    """The path leads nowhere."""
    return StatusError(404, "NotFound", "the server could not find the requested resource", {})


def already_exists(resource: Resource, name: str) -> StatusError:
    """An object of this name is there already."""
    return StatusError(
        409, "AlreadyExists", f'{resource.qualified} "{name}" already exists', describe(resource, name)
    )


def conflict(resource: Resource, name: str, why: str = "") -> StatusError:
    """The object is not in the state that the request was based on."""
    why = why or "the object has been modified; please apply your changes to the latest version and try again"
    message = f'Operation cannot be fulfilled on {resource.qualified} "{name}": {why}'
    return StatusError(409, "Conflict", message, describe(resource, name))


def invalid(
    resource: Resource, name: str, field: str, what: str, cause: str = "FieldValueInvalid"
) -> StatusError:
    """The object breaks a rule of its kind: ``what`` in ``field``."""
    details: dict[str, Any] = {"name": name} if name else {}
    if resource.group:
        details["group"] = resource.group
    details |= {"kind": resource.kind, "causes": [{"reason": cause, "message": what, "field": field}]}
    message = f'{resource.qualified_kind} "{name}" is invalid: {field}: {what}'
    return StatusError(422, "Invalid", message, details)


def bad_request(message: str) -> StatusError:
    """The request cannot be understood."""
    return StatusError(400, "BadRequest", message)


def terminating(resource: Resource, name: str, namespace: str) -> StatusError:
    """Nothing new is let into a namespace that is going away."""
    why = f"unable to create new content in namespace {namespace} because it is being terminated"
    cause = {
        "reason": "NamespaceTerminating",
        "message": f"namespace {namespace} is being terminated",
        "field": "metadata.namespace",
    }
    message = f'{resource.qualified} "{name}" is forbidden: {why}'
    return StatusError(403, "Forbidden", message, describe(resource, name) | {"causes": [cause]})


def too_old(asked: int, oldest: int) -> StatusError:
    """The history before ``oldest`` is forgotten."""
    return StatusError(410, "Expired", f"too old resource version: {asked} ({oldest})")


def too_large(asked: int, current: int) -> StatusError:
    """The resource version lies in the future."""
    causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    message = f"Too large resource version: {asked}, current: {current}"
    return StatusError(504, "Timeout", message, {"causes": causes, "retryAfterSeconds": 1})
