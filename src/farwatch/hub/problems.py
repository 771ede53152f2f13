"""Every error answer of the API, in one shape: RFC 9457 problem details."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    SerializationException,
)
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.openapi.datastructures import ResponseSpec

_log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
MAX_DETAIL_LENGTH = 2000

MAX_BODY_BYTES = 1024 * 1024
"""The longest body that a request may have."""

Handler = Callable[[Request[Any, Any, Any], Exception], Response[bytes]]

_MEANINGS = {
    HTTPStatus.BAD_REQUEST: "A parameter or the body is not as it must be; `detail` names it.",
    HTTPStatus.UNAUTHORIZED: "No API token, or one that is unknown or revoked.",
    HTTPStatus.FORBIDDEN: "Who asks may not; `detail` and `missing` name the grant that is missing.",
    HTTPStatus.NOT_FOUND: "What the path names does not exist.",
    HTTPStatus.CONFLICT: "It cannot be done as things stand; `detail` says why.",
    HTTPStatus.GONE: "It was there, and is no more; `detail` says why.",
    HTTPStatus.TOO_MANY_REQUESTS: "There were too many attempts; `Retry-After` says when to try again.",
    HTTPStatus.PRECONDITION_FAILED: "Somebody else has changed it since it was read: read it again.",
    HTTPStatus.SERVICE_UNAVAILABLE: "A store does not answer now; try again later.",
}


class MissingGrant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The grant that would have allowed a request.

    Attributes:
        permission: What was to be used.
        role: The least role that has it.
        cluster: For which cluster it is needed; everywhere when empty.
        namespace: For which namespace it is needed; the whole cluster when empty.
    """

    permission: str
    role: str
    cluster: str = ""
    namespace: str = ""


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong with a request.

    Attributes:
        status: The HTTP status, again.
        title: The status in words.
        detail: What is wrong with which thing, and the way out.
        missing: The grant that who asks lacks, where that is what is wrong.
    """

    status: int
    title: str
    detail: str
    missing: MissingGrant | None = None


def answer(
    status: int,
    detail: str,
    headers: Mapping[str, str] | None = None,
    *,
    missing: MissingGrant | None = None,
) -> Response[bytes]:
    """A problem as a response; an overlong detail is cut."""
    title = HTTPStatus(status).phrase
    problem = Problem(status=status, title=title, detail=detail[:MAX_DETAIL_LENGTH], missing=missing)
    return Response(
        msgspec.json.encode(problem),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers=dict(headers or {}),
    )


def described(*statuses: HTTPStatus) -> dict[int, ResponseSpec]:
    """The errors that a route may answer with, for the OpenAPI document, beside those that every one may."""
    return {
        int(status): ResponseSpec(
            Problem, generate_examples=False, description=_MEANINGS[status], media_type=MEDIA_TYPE
        )
        for status in (
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.FORBIDDEN,
            *statuses,
        )
    }


def handlers(statuses: Mapping[type[Exception], int]) -> dict[int | type[Exception], Any]:
    """Exception handlers for the features' own errors (by status), Litestar's, and whatever else."""
    own: dict[int | type[Exception], Any] = {kind: _with_status(status) for kind, status in statuses.items()}
    return own | {HTTPException: _http_error, Exception: _unforeseen}


def _with_status(status: int) -> Handler:
    def handle(_request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        return answer(status, str(error))

    return handle


def _http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    missing: MissingGrant | None = getattr(error, "missing", None)
    return answer(error.status_code, _explain(request, error), error.headers, missing=missing)


def _explain(request: Request[Any, Any, Any], error: HTTPException) -> str:
    """The error's own words, or better ones where the framework's say too little."""
    path = request.url.path[:200]
    if isinstance(error.extra, list):
        return "; ".join(_explain_fault(fault) for fault in error.extra)
    if isinstance(error.__cause__, SerializationException):
        return f"the body is not JSON: {error.detail}"
    match error:
        case MethodNotAllowedException():
            allowed = (error.headers or {}).get("allow", "")
            return f"{request.method} is not served at {path}; what is: {allowed}"
        case RequestEntityTooLarge():
            return f"the body is larger than {MAX_BODY_BYTES} bytes"
        case NotFoundException() if error.detail == HTTPStatus.NOT_FOUND.phrase:
            return f"nothing is served at {path}: GET /api/schema lists what is"
    return error.detail


def _explain_fault(fault: Mapping[str, Any]) -> str:
    key, message = fault.get("key", "data"), fault.get("message", "")
    if message == "'data'":  # what is left of the KeyError
        return "the body is missing"
    return f"{'body' if key == 'data' else key}: {message}"


def _unforeseen(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    _log.error("request_failed", method=request.method, path=request.url.path, exc_info=error)
    return answer(HTTPStatus.INTERNAL_SERVER_ERROR, "the hub failed on this request; its log has the details")
