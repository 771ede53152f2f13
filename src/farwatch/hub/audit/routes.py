"""The audit log over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from litestar import Router, get
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, OpenAPIType, Operation, Schema
from litestar.params import QueryParameter
from litestar.response import Stream

from farwatch.hub import problems
from farwatch.hub.audit.actions import Result
from farwatch.hub.audit.chain import Verdict
from farwatch.hub.audit.export import Form, to_csv, to_lines
from farwatch.hub.audit.log import Audit
from farwatch.hub.audit.query import MAX_LIMIT, AuditQuery, Page, find_page
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.parameters import Since, Until
from farwatch.hub.times import to_seconds_or_none

_READ = needs(Permission.AUDIT_READ)


@dataclass
class ExportOperation(Operation):
    """What is exported has one of two media types; a ``ResponseSpec`` knows of one."""

    def __post_init__(self) -> None:
        text = Schema(type=OpenAPIType.STRING)
        answer = (self.responses or {})["200"]
        if isinstance(answer, OpenAPIResponse):
            answer.content = {form.media_type: OpenAPIMediaType(schema=text) for form in Form}


ActorName = Annotated[str, QueryParameter(description="Only what who has this name or id did.")]
ActionName = Annotated[
    str,
    QueryParameter(description="Only this action, `silence.create`, or those that begin alike: `silence.*`."),
]
TargetName = Annotated[str, QueryParameter(description="Only what was done to what has this name or id.")]
Cluster = Annotated[str, QueryParameter(description="Only what was done to this cluster and what is in it.")]
Outcome = Annotated[Result | None, QueryParameter(name="result", description="Only what ended like this.")]
Text = Annotated[
    str,
    QueryParameter(max_length=200, description="Only entries in whose JSON this stands, in whichever case."),
]


def _audit(state: State) -> Audit:
    audit: Audit = state.audit
    return audit


@get(
    "/",
    opt=_READ,
    summary="List the audit log",
    responses=problems.described(HTTPStatus.FORBIDDEN),
)
async def list_audit_entries(
    *,
    state: State,
    actor: ActorName = "",
    action: ActionName = "",
    target: TargetName = "",
    cluster: Cluster = "",
    result: Outcome = None,
    since: Since = None,
    until: Until = None,
    text: Text = "",
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT, description="How many at most.")] = 100,
    cursor: Annotated[str, QueryParameter(description="The `cursor` of the page before.")] = "",
) -> Page:
    """What people did, the latest first; several filters must all be fulfilled."""
    query = AuditQuery(
        actor=actor,
        action=action,
        target=target,
        cluster=cluster,
        result=result or "",
        since=to_seconds_or_none(since),
        until=to_seconds_or_none(until),
        text=text,
    )
    return await find_page(_audit(state), query, limit, cursor)


@get(
    "/export",
    opt=_READ,
    summary="Export the audit log",
    responses=problems.described(HTTPStatus.FORBIDDEN)
    | {200: ResponseSpec(str, generate_examples=False, description="Lines of JSON, or CSV.")},
    operation_class=ExportOperation,
    sync_to_thread=False,
)
def export_audit_log(
    state: State,
    form: Annotated[
        Form, QueryParameter(name="format", description="`ndjson`, which can be verified, or `csv`.")
    ] = Form.NDJSON,
    since: Since = None,
    until: Until = None,
) -> Stream:
    """All entries of a time, the first one first. Lines of JSON can be verified anywhere: `farwatch audit verify FILE`."""
    conditions = AuditQuery(since=to_seconds_or_none(since), until=to_seconds_or_none(until)).conditions()

    async def write() -> AsyncIterator[bytes]:
        head = True
        async for found in _audit(state).batches(conditions):
            yield to_lines(found) if form is Form.NDJSON else to_csv(found, head=head)
            head = False
        if head and form is Form.CSV:
            yield to_csv((), head=True)

    return Stream(
        write(),
        media_type=form.media_type,
        headers={"Content-Disposition": f'attachment; filename="farwatch-audit.{form}"'},
    )


@get(
    "/verify",
    opt=_READ,
    summary="Verify the audit log",
    responses=problems.described(HTTPStatus.FORBIDDEN),
)
async def verify_audit_log(
    state: State,
    head: Annotated[
        str,
        QueryParameter(max_length=64, description="The hash of an entry, noted once: is it there still?"),
    ] = "",
) -> Verdict:
    """Whether every entry is as it was written, none is missing, and none was put in; and the hash of the last one."""
    return await _audit(state).verify(head)


router = Router(
    "/audit", route_handlers=[list_audit_entries, export_audit_log, verify_audit_log], tags=["audit"]
)
