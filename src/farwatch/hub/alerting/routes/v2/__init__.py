"""Alertmanager's API v2, as its clients know it: one module per noun, each gives its ``handlers``.

The shapes are those of upstream's ``api/v2/openapi.yaml``. Errors are JSON strings: amtool and Grafana show them as they are.
"""

from __future__ import annotations

from litestar import Response, Router
from litestar.datastructures import ResponseHeader
from litestar.exceptions import HTTPException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from farwatch.hub.alerting.errors import AlertsNotKeptError
from farwatch.hub.alerting.postings import PostingError
from farwatch.hub.alerting.routes.v2 import alerts, groups, receivers, silences, status
from farwatch.hub.alerting.routes.v2.answers import fail
from farwatch.hub.alerting.routes.v2.parameters import BadParameterError
from farwatch.hub.alerting.silences import SilenceError, SilenceNotFoundError
from farwatch.hub.parameters import AnyRequest

__all__ = ["MAX_BODY_BYTES", "router"]

MAX_BODY_BYTES = 32 * 1024 * 1024
"""The longest body of a request: some 50,000 alerts."""

_STATUSES: dict[type[Exception], int] = {
    BadParameterError: 400,
    PostingError: 400,
    SilenceError: 400,
    SilenceNotFoundError: 404,
    AlertsNotKeptError: 500,
}


def _answer(_request: AnyRequest, error: Exception) -> Response[bytes]:
    if isinstance(error, RequestEntityTooLarge):
        return fail(413, f"the body is larger than {MAX_BODY_BYTES} bytes: post fewer alerts at a time")
    if isinstance(error, HTTPException):
        return fail(error.status_code, error.detail, error.headers)
    status = next(status for kind, status in _STATUSES.items() if isinstance(error, kind))
    return fail(status, str(error))


router = Router(
    "/api/v2",
    route_handlers=[
        handler for module in (alerts, groups, receivers, silences, status) for handler in module.handlers
    ],
    response_headers=[ResponseHeader(name="Cache-Control", value="no-store", documentation_only=False)],
    exception_handlers={HTTPException: _answer, **dict.fromkeys(_STATUSES, _answer)},
    request_max_body_size=MAX_BODY_BYTES,
    include_in_schema=False,
)
