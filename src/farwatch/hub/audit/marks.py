"""How a route says what is written down of it, and adds to that while it works."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Litestar, Request
from litestar.connection import ASGIConnection
from litestar.routes import HTTPRoute

from farwatch.hub.audit.actions import Action
from farwatch.hub.audit.entries import Actor, Event, Source, Target

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

MARK = "audit"
EXEMPT = "audit_exempt"

_DRAFT = "audit_draft"


class Mark(msgspec.Struct, frozen=True):
    """What is written down of a route.

    Attributes:
        action: What who asks for it does.
        parameters: The path's parameters that name the target, by the field of ``Target``.
    """

    action: Action
    parameters: dict[str, str] = {}


def audits(action: Action, **parameters: str) -> dict[str, Any]:
    """For a route's ``opt``: each request that it answers becomes an entry of the audit log.

    Args:
        action: What it does.
        parameters: Which parameter of the path is the target's ``cluster``, ``namespace``, ``id`` or ``name``:
            ``audits(Action.CLUSTER_REMOVE, cluster="name")``.
    """
    unknown = parameters.keys() - set(Target.__struct_fields__)
    if unknown:
        raise TypeError(f"a target has no {', '.join(sorted(unknown))}")
    return {MARK: Mark(action, parameters)}


def not_audited(reason: str) -> dict[str, Any]:
    """For the ``opt`` of a route that is not a reading one, but whose requests are not written down, and why not."""
    return {EXEMPT: reason}


def find_mark(scope: Any) -> Mark | None:
    """What is written down of a request; None if nothing is."""
    mark: Mark | None = scope["route_handler"].opt.get(MARK)
    return None if scope["method"] in SAFE_METHODS else mark


def list_unmarked(app: Litestar) -> list[str]:
    """The routes that change something, and of which it is not said whether that is written down."""
    return sorted(
        f"{method} {route.path_format}"
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if not handler.opt.keys() & {MARK, EXEMPT}
        for method in handler.http_methods - SAFE_METHODS
    )


class Draft:
    """What is known of an entry while its request is served.

    Attributes:
        intent: The id of the intent that is on the disk; empty while there is none.
        refused: The intent could not be written: there is to be no entry.
    """

    def __init__(self, event: Event) -> None:
        self.event = event
        self.intent = ""
        self.refused = False
        self.actor: Actor | None = None

    def add(self, **changes: Any) -> None:
        """Have other values in the entry."""
        self.event = msgspec.structs.replace(self.event, **changes)


def audit_details(
    request: Request[Any, Any, Any] | ASGIConnection[Any, Any, Any, Any],
    *,
    action: Action | None = None,
    actor: Actor | None = None,
    target: Target | None = None,
    **details: Any,
) -> None:
    """Say more of what a request does than its route does; where nothing is written down of it, nothing happens.

    Args:
        request: It.
        action: What it really does.
        actor: Who really does it: who has just signed in.
        target: What it does it to; its empty fields stay as they were.
        details: What else there is to know; what is empty is left out. No secret belongs there.
    """
    draft = find_draft(request.scope)
    if draft is None:
        return
    if action is not None:
        draft.add(action=action)
    if actor is not None:
        draft.actor = actor
    if target is not None:
        fields = {name: value for name, value in msgspec.structs.asdict(target).items() if value}
        draft.add(target=msgspec.structs.replace(draft.event.target, **fields))
    told = {name: value for name, value in details.items() if value is not None and value not in ("", {}, [])}
    draft.add(details=draft.event.details | told)


def find_draft(scope: Any) -> Draft | None:
    """The draft of a request's entry; None if there is to be none."""
    found: Draft | None = scope["state"].get(_DRAFT)
    return found


def start_draft(scope: Any, mark: Mark, source: Source, request_id: str) -> Draft:
    """A draft of a request's entry, with what its route and its path say."""
    values = {field: str(scope["path_params"].get(name, "")) for field, name in mark.parameters.items()}
    access = scope["route_handler"].opt.get("access") or ""
    draft = Draft(
        Event(
            action=mark.action,
            source=source,
            target=Target(kind=mark.action.noun, **values),
            permission=str(access),
            request=request_id,
        )
    )
    scope["state"][_DRAFT] = draft
    return draft
