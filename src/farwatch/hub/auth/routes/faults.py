"""What goes wrong with users, sessions and tokens, as answers."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from litestar import Response

from farwatch.hub import problems
from farwatch.hub.auth import errors, grants, scopes, teams
from farwatch.hub.auth.tokens import ApiTokenNotFoundError, LastApiTokenError
from farwatch.hub.parameters import AnyRequest

BUSY_SECONDS = 2
"""When to try again where too many sign in at once."""

_STATUSES: dict[type[Exception], int] = {
    errors.UserNameError: HTTPStatus.BAD_REQUEST,
    errors.UserExistsError: HTTPStatus.CONFLICT,
    errors.UserNotFoundError: HTTPStatus.NOT_FOUND,
    errors.OwnUserError: HTTPStatus.CONFLICT,
    errors.ExternalUserError: HTTPStatus.CONFLICT,
    errors.PasswordError: HTTPStatus.BAD_REQUEST,
    errors.WrongCredentialsError: HTTPStatus.UNAUTHORIZED,
    errors.UserDisabledError: HTTPStatus.FORBIDDEN,
    errors.SessionNotFoundError: HTTPStatus.NOT_FOUND,
    ApiTokenNotFoundError: HTTPStatus.NOT_FOUND,
    scopes.GrantError: HTTPStatus.BAD_REQUEST,
    grants.GrantNotFoundError: HTTPStatus.NOT_FOUND,
    grants.GrantsChangedError: HTTPStatus.PRECONDITION_FAILED,
    grants.LastAdminError: HTTPStatus.CONFLICT,
    teams.MemberNotFoundError: HTTPStatus.NOT_FOUND,
    teams.TeamError: HTTPStatus.BAD_REQUEST,
    teams.TeamExistsError: HTTPStatus.CONFLICT,
    teams.TeamNotFoundError: HTTPStatus.NOT_FOUND,
    LastApiTokenError: HTTPStatus.CONFLICT,
}


def _answer_busy(_request: AnyRequest, error: errors.PasswordsBusyError) -> Response[bytes]:
    return problems.answer(503, str(error), {"Retry-After": str(BUSY_SECONDS)})


def _answer_too_many(_request: AnyRequest, error: errors.TooManyAttemptsError) -> Response[bytes]:
    return problems.answer(429, str(error), {"Retry-After": str(error.retry_seconds)})


HANDLERS: dict[int | type[Exception], Any] = problems.handlers(_STATUSES) | {
    errors.PasswordsBusyError: _answer_busy,
    errors.TooManyAttemptsError: _answer_too_many,
}
"""By the type of the error."""
