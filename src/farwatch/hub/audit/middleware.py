"""The one place where requests become entries of the audit log: before their answers go out."""

from __future__ import annotations

import asyncio
import re
import secrets
from http import HTTPStatus
from typing import Any, Protocol

import msgspec
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.handlers.base import BaseRouteHandler
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from farwatch.hub import problems
from farwatch.hub.audit.actions import Result
from farwatch.hub.audit.entries import ANONYMOUS, Actor, ActorKind, Source
from farwatch.hub.audit.errors import AuditNotKeptError
from farwatch.hub.audit.log import Audit
from farwatch.hub.audit.marks import Draft, find_draft, find_mark, start_draft

MAX_AGENT_LENGTH = 200
MAX_REASON_BYTES = 4096

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_DENIED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.LOCKED, HTTPStatus.TOO_MANY_REQUESTS}


class _Principal(Protocol):
    """Who asks, as the guard leaves them in the request's state."""

    @property
    def kind(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def token_id(self) -> str: ...
    @property
    def session_id(self) -> str: ...


async def note_intent(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """The guard after the one that lets people in: what is about to be done is on the disk before it is.

    Raises:
        AuditNotKeptError: It cannot be written, and nothing is done.
    """
    draft = find_draft(connection.scope)
    # What anybody may ask for costs nothing but an entry of how it ended: those are damped.
    if draft is None or handler.opt.get("access") == "open":
        return
    audit: Audit = connection.app.state.audit
    draft.add(actor=_actor(draft, connection.scope))
    try:
        draft.intent = await audit.intend(draft.event)
    except AuditNotKeptError:
        draft.refused = True
        raise


class AuditMiddleware:
    """Writes an entry for each request to a route that is marked with ``audits``, and gives each an id.

    What cannot be written is answered with 503, whatever the handler answered.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        mark = find_mark(scope)
        if mark is None:
            await self._app(scope, receive, send)
            return
        headers = {
            name: value for name, value in scope["headers"] if name in {b"user-agent", b"x-request-id"}
        }
        draft = start_draft(scope, mark, _source(scope, headers), _request_id(headers))
        answer = _Answer(draft, scope, send)
        try:
            await self._app(scope, receive, answer.send)
        except BaseException:
            await answer.break_off()
            raise


class _Answer:
    """An answer on its way out: held until its entry is written."""

    def __init__(self, draft: Draft, scope: Scope, send: Send) -> None:
        self._draft = draft
        self._scope = scope
        self._send = send
        self._audit: Audit = scope["litestar_app"].state.audit
        self._start: Message | None = None
        self._settled = False
        self._replaced = False

    async def send(self, message: Message) -> None:
        if self._replaced:
            return
        if message["type"] == "http.response.start":
            self._start = message
            return
        if not self._settled and self._start is not None:
            start: Any = self._start
            start["headers"] = [
                *start.get("headers", ()),
                (b"x-request-id", self._draft.event.request.encode()),
            ]
            try:
                await self._settle(start["status"], _find_reason(start, message))
            except AuditNotKeptError as error:
                await self._replace(error)
                return
            await self._send(start)
        await self._send(message)

    async def break_off(self) -> None:
        """There will be no answer."""
        if not self._settled and not self._replaced:
            try:
                await self._settle(0, "the request was broken off")
            except AuditNotKeptError:
                return  # it is in the log, and its entry waits

    async def _settle(self, status: int, reason: str) -> None:
        self._settled = True
        if self._draft.refused:
            return
        self._draft.add(actor=_actor(self._draft, self._scope), status=status, result=_result(status))
        if reason:
            self._draft.add(details=self._draft.event.details | {"reason": reason})
        # Whoever asked may go away: half a transaction must not be all that is left of it.
        await asyncio.shield(self._audit.settle(self._draft.event, self._draft.intent))

    async def _replace(self, error: AuditNotKeptError) -> None:
        self._replaced = True
        done = self._draft.event.result is Result.OK
        lead = "this was done, but its entry is not in the audit log yet: " if done else ""
        answer = problems.answer(HTTPStatus.SERVICE_UNAVAILABLE, lead + str(error))
        body = answer.content
        headers = [
            (b"content-type", problems.MEDIA_TYPE.encode()),
            (b"content-length", str(len(body)).encode()),
        ]
        start: Any = {
            "type": "http.response.start",
            "status": int(answer.status_code or 503),
            "headers": headers,
        }
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})


def _result(status: int) -> Result:
    if status in _DENIED:
        return Result.DENIED
    return Result.OK if 0 < status < HTTPStatus.BAD_REQUEST else Result.FAILED


def _find_reason(start: Any, message: Any) -> str:
    """What an answer says of what is wrong, in its first part."""
    body = message.get("body", b"")
    if start["status"] < HTTPStatus.BAD_REQUEST or len(body) > MAX_REASON_BYTES:
        return ""
    try:
        return str(msgspec.json.decode(body, type=problems.Problem).detail)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""


def _actor(draft: Draft, scope: Any) -> Actor:
    if draft.actor is not None:
        return draft.actor
    state = scope["state"]
    principal: _Principal | None = state.get("principal")
    if principal is not None:
        return Actor(
            kind=ActorKind(str(principal.kind)),
            id=principal.id,
            name=principal.name,
            token=principal.token_id,
            session=principal.session_id,
        )
    name = state.get("author", "")
    return Actor(kind=ActorKind.TOKEN, name=name) if name else ANONYMOUS


def _source(scope: Any, headers: dict[bytes, bytes]) -> Source:
    client = scope.get("client")
    agent = headers.get(b"user-agent", b"").decode(errors="replace")
    return Source(address=client[0] if client else "", user_agent=agent[:MAX_AGENT_LENGTH])


def _request_id(headers: dict[bytes, bytes]) -> str:
    """The id that somebody on the way gave the request, if it is a plain one; else a new one."""
    given = headers.get(b"x-request-id", b"").decode(errors="replace")
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
