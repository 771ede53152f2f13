"""Every error answer of the API, in one shape: RFC 9457 problem details."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException

_log = structlog.get_logger(__name__)

MAX_DETAIL_LENGTH = 2000

Handler = Callable[[Request[Any, Any, Any], Exception], Response[bytes]]


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong with a request.

    Attributes:
        status: The HTTP status, again.
        title: The status in words.
        detail: What is wrong with which thing, and the way out.
    """

    status: int
    title: str
    detail: str


def answer(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    """A problem as a response; an overlong detail is cut."""
    problem = Problem(status=status, title=HTTPStatus(status).phrase, detail=detail[:MAX_DETAIL_LENGTH])
    return Response(
        msgspec.json.encode(problem),
        status_code=status,
        media_type="application/problem+json",
        headers=dict(headers or {}),
    )


def handlers(statuses: Mapping[type[Exception], int]) -> dict[int | type[Exception], Any]:
    """Exception handlers for the features' own errors (by status), Litestar's, and whatever else."""
    own: dict[int | type[Exception], Any] = {kind: _with_status(status) for kind, status in statuses.items()}
    return own | {HTTPException: _http_error, Exception: _unforeseen}


def _with_status(status: int) -> Handler:
    def handle(_request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        return answer(status, str(error))

    return handle


def _http_error(_request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    detail = error.detail
    if isinstance(error.extra, list):
        faults = (f"{fault.get('key', 'body')}: {fault.get('message', '')}" for fault in error.extra)
        detail = f"{detail}: {'; '.join(faults)}"
    return answer(error.status_code, detail, error.headers)


def _unforeseen(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    _log.error("request_failed", method=request.method, path=request.url.path, exc_info=error)
    return answer(HTTPStatus.INTERNAL_SERVER_ERROR, "the hub failed on this request; its log has the details")
