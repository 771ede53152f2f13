"""What each verb does to a collection or an object."""

from __future__ import annotations

from typing import Any

from farwatch.sim.deletion import Propagation
from farwatch.sim.errors import PatchError, StatusError, bad_request, conflict, describe, invalid, not_found
from farwatch.sim.patches import PatchType, apply_patch
from farwatch.sim.resources import Resource
from farwatch.sim.server.apply import apply_document, managed_entry
from farwatch.sim.server.defaults import apply_defaults, fresh_status
from farwatch.sim.server.exchange import Reply, Request, reply_json
from farwatch.sim.server.grants import check_grant
from farwatch.sim.server.listing import read_page
from farwatch.sim.server.options import read_options
from farwatch.sim.server.rbac import Authorizer
from farwatch.sim.server.subresources import bind, evict, read_scale, write_scale
from farwatch.sim.server.tables import encode_entry, encode_page
from farwatch.sim.server.targets import Target
from farwatch.sim.store import Store
from farwatch.sim.times import format_time

Document = dict[str, Any]

_CREATED = 201
_CORE_RETURNED = (
    "persistentvolumeclaims",
    "persistentvolumes",
    "pods",
    "resourcequotas",
    "serviceaccounts",
    "services",
)
_RETURNED_WHEN_DELETED = frozenset((*_CORE_RETURNED, "namespaces", "storageclasses"))
"""Whose deletion is answered with the object, as the API's own document says; the others' with a Status."""


class Endpoints:
    """The verbs of stored resources.

    Args:
        store: The objects.
        authorizer: Who may do what; asked when roles and bindings are written.
    """

    def __init__(self, store: Store, authorizer: Authorizer) -> None:
        self._store = store
        self._authorizer = authorizer

    # --- reading ----------------------------------------------------------------------------------------------

    def list(self, target: Target, request: Request) -> Reply:
        """A page of a collection."""
        options = read_options(request.query, target.resource)
        page = read_page(self._store, target.resource, _home(target), options)
        return Reply(body=encode_page(target.resource, page, request.shape, self._store.clock()))

    def get(self, target: Target, request: Request) -> Reply:
        """An object, its status' view or its scale."""
        resource = target.resource
        if target.subresource == "scale":
            return reply_json(read_scale(self._current(target)))
        entry = self._store.collection(resource.name).get((_home(target), target.name))
        if entry is None:
            raise not_found(resource, target.name)
        return Reply(body=encode_entry(resource, entry, request.shape, self._store.clock()) + b"\n")

    # --- writing ----------------------------------------------------------------------------------------------

    def create(self, target: Target, request: Request) -> Reply:
        """A new object, or an act: an eviction or a binding."""
        document = request.object()
        if target.subresource:
            return self._act(target, request, document)
        created = self._prepare(target, document, request)
        check_grant(self._authorizer, request.user, target.resource, None, created)
        stored = self._store.create(target.resource.name, created, dry_run=request.dry_run)
        return reply_json(stored, _CREATED)

    def update(self, target: Target, request: Request) -> Reply:
        """An object replaced, or its status or scale."""
        document = request.object()
        if target.subresource == "scale":
            return self._rescale(target, document, request)
        _check_kind(target.resource, document)
        metadata = document.setdefault("metadata", {})
        name = metadata.setdefault("name", target.name)
        if name != target.name:
            raise bad_request(
                f"the name of the object ({name}) does not match the name on the URL ({target.name})"
            )
        _place(target, metadata)
        if not target.subresource:
            _complete(target.resource, document)
        check_grant(self._authorizer, request.user, target.resource, self._found(target), document)
        stored = self._store.update(
            target.resource.name, document, target.subresource, dry_run=request.dry_run
        )
        return reply_json(stored)

    def patch(self, target: Target, request: Request) -> Reply:
        """An object patched, or its status or scale; server-side apply also creates."""
        patch_type = _patch_type(request.media_type)
        patch = request.document()
        if patch_type is PatchType.APPLY:
            return self._apply(target, patch, request)
        if target.subresource == "scale":
            scale = _patched(read_scale(self._current(target)), patch, patch_type)
            return self._rescale(target, scale, request)
        patched = _patched(self._current(target), patch, patch_type)
        if (patched.get("metadata") or {}).get("name") != target.name:
            what = f'Invalid value: "{target.name}": field is immutable'
            raise invalid(target.resource, target.name, "metadata.name", what)
        if not target.subresource:
            _complete(target.resource, patched)
        check_grant(self._authorizer, request.user, target.resource, self._found(target), patched)
        stored = self._store.update(
            target.resource.name, patched, target.subresource, dry_run=request.dry_run
        )
        return reply_json(stored)

    def delete(self, target: Target, request: Request) -> Reply:
        """An object deleted, or marked as such."""
        entry = self._store.collection(target.resource.name).get((_home(target), target.name))
        if entry is None:
            raise not_found(target.resource, target.name)
        last = self._store.delete(
            target.resource.name, _home(target), target.name, **_delete_options(request)
        )
        if target.resource.name in _RETURNED_WHEN_DELETED or "deletionTimestamp" in last["metadata"]:
            return reply_json(last)
        details = describe(target.resource, target.name) | {"uid": entry.uid}
        status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
        return reply_json(status | {"details": details})

    def delete_collection(self, target: Target, request: Request) -> Reply:
        """Every selected object deleted."""
        options = read_options(request.query, target.resource)
        page = read_page(self._store, target.resource, _home(target), options)
        how = _delete_options(request)
        for entry in page.entries:
            if self._store.find(target.resource.name, entry.namespace, entry.name):
                self._store.delete(target.resource.name, entry.namespace, entry.name, **how)
        return Reply(body=encode_page(target.resource, page, request.shape, self._store.clock()))

    # --- parts ------------------------------------------------------------------------------------------------

    def _found(self, target: Target) -> Document | None:
        return self._store.find(target.resource.name, _home(target), target.name)

    def _current(self, target: Target) -> Document:
        return self._store.get(target.resource.name, _home(target), target.name)

    def _prepare(self, target: Target, document: Document, request: Request) -> Document:
        """A new object as the server completes it before it is stored."""
        resource = target.resource
        _check_kind(resource, document)
        metadata = document.setdefault("metadata", {})
        _place(target, metadata)
        if metadata.pop("resourceVersion", ""):
            raise bad_request("resourceVersion should not be set on objects to be created")
        for field in ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"):
            metadata.pop(field, None)
        _complete(resource, document)
        if resource.has_status:
            document["status"] = fresh_status(resource.name, document)
        document |= {"kind": resource.kind, "apiVersion": resource.api_version}
        if not metadata.get("managedFields"):
            now = format_time(self._store.clock())
            metadata["managedFields"] = [managed_entry(document, request.manager, "Update", now)]
        return document

    def _act(self, target: Target, request: Request, document: Document) -> Reply:
        if target.subresource == "eviction":
            options = document.get("deleteOptions") or {}
            evict(self._store, target.namespace, target.name, options, dry_run=request.dry_run)
        elif target.subresource == "binding":
            bind(self._store, target.namespace, target.name, document)
        else:
            raise method_not_allowed(target.resource, "create")
        success = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Success",
            "code": _CREATED,
        }
        return reply_json(success, _CREATED)

    def _rescale(self, target: Target, scale: Document, request: Request) -> Reply:
        workload = write_scale(self._current(target), scale)
        stored = self._store.update(target.resource.name, workload, dry_run=request.dry_run)
        return reply_json(read_scale(stored))

    def _apply(self, target: Target, wanted: Any, request: Request) -> Reply:
        if not request.query.get("fieldManager"):
            what = "Required value: is required for apply patch"
            raise StatusError(422, "Invalid", f'PatchOptions.meta.k8s.io "" is invalid: fieldManager: {what}')
        if not isinstance(wanted, dict):
            raise bad_request("the object provided is unrecognized (must be of type object)")
        _check_kind(target.resource, wanted)
        wanted.setdefault("metadata", {}).setdefault("name", target.name)
        current = self._found(target)
        now, force = format_time(self._store.clock()), request.query.get("force") in ("true", "1")
        base = current or {
            "kind": target.resource.kind,
            "apiVersion": target.resource.api_version,
            "metadata": {},
        }
        applied = apply_document(base, wanted, request.manager, now, force=force)
        if current is None:
            if wanted["metadata"].get("resourceVersion"):
                raise conflict(target.resource, target.name)
            created = self._prepare(target, applied, request)
            check_grant(self._authorizer, request.user, target.resource, None, created)
            stored = self._store.create(target.resource.name, created, dry_run=request.dry_run)
            return reply_json(stored, _CREATED)
        if not target.subresource:
            _complete(target.resource, applied)
        check_grant(self._authorizer, request.user, target.resource, current, applied)
        stored = self._store.update(
            target.resource.name, applied, target.subresource, dry_run=request.dry_run
        )
        return reply_json(stored)


def method_not_allowed(resource: Resource, verb: str) -> StatusError:
    """The resource has no such verb."""
    message = f"the server does not allow this method on the requested resource: {verb} {resource.qualified}"
    return StatusError(405, "MethodNotAllowed", message, describe(resource))


def _home(target: Target) -> str:
    return target.namespace if target.resource.namespaced else ""


def _check_kind(resource: Resource, document: Document) -> None:
    """A body may leave out what it is, but not say that it is something else."""
    version, kind = document.get("apiVersion", resource.api_version), document.get("kind", resource.kind)
    if version != resource.api_version:
        raise bad_request(
            f"the API version in the data ({version}) does not match the expected API version ({resource.api_version})"
        )
    if kind != resource.kind:
        raise bad_request(f"{kind} in version {version!r} cannot be handled as a {resource.kind}")


def _place(target: Target, metadata: Document) -> None:
    if not target.resource.namespaced:
        metadata.pop("namespace", None)
        return
    if not target.namespace:
        raise bad_request("an empty namespace may not be set during creation")
    if metadata.setdefault("namespace", target.namespace) != target.namespace:
        raise bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )


def _complete(resource: Resource, document: Document) -> None:
    """Defaults; StatusError 422 when what they rest on is missing."""
    try:
        apply_defaults(resource.name, document)
    except (KeyError, TypeError, AttributeError) as error:
        name = (document.get("metadata") or {}).get("name", "")
        what = f"Required value: {error}"
        raise invalid(resource, name, "spec", what, "FieldValueRequired") from None


def _patch_type(media_type: str) -> PatchType:
    try:
        return PatchType(media_type)
    except ValueError:
        accepted = ", ".join(PatchType)
        message = (
            f"the body of the request was in an unknown format - accepted media types include: {accepted}"
        )
        raise StatusError(415, "UnsupportedMediaType", message, {}) from None


def _patched(document: Document, patch: Any, patch_type: PatchType) -> Document:
    try:
        return apply_patch(document, patch, patch_type)
    except PatchError as error:
        if patch_type is PatchType.JSON and isinstance(patch, list):
            message = f"the server rejected our request due to an error in our request: {error}"
            raise StatusError(422, "Invalid", message, {}) from None
        raise bad_request(str(error)) from None


def _delete_options(request: Request) -> dict[str, Any]:
    """The arguments of ``Store.delete`` that the body and the query ask for."""
    body = request.object() if request.body else {}
    grace = request.query.get("gracePeriodSeconds", body.get("gracePeriodSeconds"))
    policy = request.query.get("propagationPolicy") or body.get("propagationPolicy")
    orphan = body.get("orphanDependents") or request.query.get("orphanDependents") == "true"
    preconditions = body.get("preconditions") or {}
    try:
        return {
            "grace_period": None if grace is None else int(grace),
            "propagation": Propagation(policy or ("Orphan" if orphan else "Background")),
            "uid": preconditions.get("uid", ""),
            "resource_version": preconditions.get("resourceVersion", ""),
            "dry_run": request.dry_run or bool(body.get("dryRun")),
        }
    except ValueError as error:
        raise bad_request(f"invalid delete options: {error}") from None
