"""Silences."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

import msgspec
from litestar import Response, delete, get, post
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.response import Stream

from farwatch.hub.alerting.matchers import Matcher, Matchers, Operator
from farwatch.hub.alerting.postings import YEARS
from farwatch.hub.alerting.routes.sight import find_silence, require_silence, sees_silence
from farwatch.hub.alerting.routes.state import alerting, author
from farwatch.hub.alerting.routes.v2.answers import BATCH, stream
from farwatch.hub.alerting.routes.v2.parameters import BadParameterError, flag, matchers
from farwatch.hub.alerting.routes.v2.views import spell_seconds
from farwatch.hub.alerting.silences import (
    MAX_MATCHERS,
    MAX_TEXT_LENGTH,
    Silence,
    SilenceNotFoundError,
    SilenceState,
)
from farwatch.hub.audit import Action, Target, audit_details, audits
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.parameters import AnyRequest
from farwatch.hub.times import to_seconds


class ApiMatcher(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A matcher, by its parts."""

    is_equal: bool | None = True
    is_regex: bool
    name: str
    value: str


class PostableSilence(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A silence as it is wanted; with an ``id``, a change of that one."""

    id: str | None = None
    matchers: list[ApiMatcher]
    starts_at: datetime
    ends_at: datetime
    created_by: str
    comment: str
    annotations: dict[str, str] | None = None


class SilenceStatus(msgspec.Struct, frozen=True):
    """Whether a silence hushes."""

    state: SilenceState


class GettableSilence(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A silence."""

    id: str
    status: SilenceStatus
    updated_at: str
    annotations: dict[str, str]
    comment: str
    created_by: str
    ends_at: str
    matchers: list[ApiMatcher]
    starts_at: str


class SilenceId(msgspec.Struct, frozen=True):
    """Names a silence."""

    silence_id: str = msgspec.field(name="silenceID")


_decode = msgspec.json.Decoder(PostableSilence).decode


@get("/silences", opt=needs(Permission.SILENCES_READ))
async def list_silences(request: AnyRequest, state: State) -> Stream:
    """Silences: those that hush, by their end, those that will, by their start, and those that did, the latest first."""
    wanted = matchers(request)
    states = {choice for choice in SilenceState if flag(request, choice)}
    now = time.time()
    found = [
        silence
        for silence in alerting(state).silences
        if silence.state(now) in states
        and all(matcher in silence.matchers for matcher in wanted)
        and sees_silence(request, silence.matchers)
    ]
    found.sort(key=lambda silence: _order(silence, now))
    return stream(
        [_show(silence, now) for silence in found[start : start + BATCH]]
        for start in range(0, len(found), BATCH)
    )


@post("/silences", opt=needs(Permission.SILENCES_WRITE) | audits(Action.SILENCE_CREATE), status_code=200)
async def post_silence(request: AnyRequest, state: State) -> SilenceId:
    """Make a silence, or change one."""
    wanted = _read(await request.body())
    matchers_wanted = _to_matchers(wanted.matchers)
    audit_details(
        request,
        action=Action.SILENCE_CHANGE if wanted.id else None,
        target=Target(id=wanted.id or ""),
        matchers=str(matchers_wanted),
        startsAt=wanted.starts_at,
        endsAt=wanted.ends_at,
        createdBy=wanted.created_by,
        comment=wanted.comment,
    )
    if wanted.id:
        require_silence(request, _find(request, wanted.id).matchers)
    require_silence(request, matchers_wanted)
    silence = await alerting(state).set_silence(
        id=wanted.id or None,
        matchers=matchers_wanted,
        starts_at=_seconds(wanted.starts_at),
        ends_at=_seconds(wanted.ends_at),
        created_by=wanted.created_by,
        comment=wanted.comment,
        annotations=wanted.annotations,
        author=author(request),
    )
    audit_details(request, target=Target(id=silence.id))
    return SilenceId(silence.id)


@get("/silence/{silence_id:str}", opt=needs(Permission.SILENCES_READ), sync_to_thread=False)
def get_silence(request: AnyRequest, silence_id: FromPath[str]) -> GettableSilence:
    """One silence."""
    silence = find_silence(request, silence_id)
    if silence is None:
        raise HTTPException(status_code=404, detail=f"silence {silence_id[:100]} not found")
    return _show(silence, time.time())


@delete(
    "/silence/{silence_id:str}",
    opt=needs(Permission.SILENCES_WRITE) | audits(Action.SILENCE_END, id="silence_id"),
    status_code=200,
)
async def delete_silence(request: AnyRequest, state: State, silence_id: FromPath[str]) -> Response[bytes]:
    """End a silence."""
    silence = _find(request, silence_id)
    audit_details(request, matchers=str(silence.matchers))
    require_silence(request, silence.matchers)
    await alerting(state).expire_silence(silence_id, author=author(request))
    return Response(b"")


def _find(request: AnyRequest, silence_id: str) -> Silence:
    silence = find_silence(request, silence_id)
    if silence is None:
        raise SilenceNotFoundError.of(silence_id)
    return silence


def _read(body: bytes) -> PostableSilence:
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadParameterError(f"the body is no silence: {error}") from None


def _to_matchers(parts: Sequence[ApiMatcher]) -> Matchers:
    # Before anything is made of them: an expression that is very long costs much only to be refused.
    if len(parts) > MAX_MATCHERS:
        raise BadParameterError(f"invalid silence: {len(parts)} matchers: {MAX_MATCHERS} are the most")
    for place, part in enumerate(parts):
        if max(len(part.name), len(part.value)) > MAX_TEXT_LENGTH:
            raise BadParameterError(
                f"invalid silence: matcher {place} is too long: {MAX_TEXT_LENGTH} characters are the most"
            )
    try:
        return Matchers(Matcher(part.name, _operator(part), part.value) for part in parts)
    except ValueError as error:
        raise BadParameterError(f"invalid silence: invalid label matcher: {error}") from None


def _operator(part: ApiMatcher) -> Operator:
    equal = part.is_equal is not False
    if part.is_regex:
        return Operator.REGEX if equal else Operator.NOT_REGEX
    return Operator.EQUAL if equal else Operator.NOT_EQUAL


def _seconds(moment: datetime) -> float:
    if moment.year not in YEARS:
        raise BadParameterError(f"a time is not in the years {YEARS.start} to {YEARS.stop - 1}")
    return to_seconds(moment)


def _show(silence: Silence, now: float) -> GettableSilence:
    return GettableSilence(
        id=silence.id,
        status=SilenceStatus(silence.state(now)),
        updated_at=spell_seconds(silence.updated_at),
        annotations=silence.annotations,
        comment=silence.comment,
        created_by=silence.created_by,
        ends_at=spell_seconds(silence.ends_at),
        matchers=[
            ApiMatcher(
                is_equal=not matcher.negative,
                is_regex=matcher.operator in {Operator.REGEX, Operator.NOT_REGEX},
                name=matcher.name,
                value=matcher.value,
            )
            for matcher in silence.matchers
        ],
        starts_at=spell_seconds(silence.starts_at),
    )


def _order(silence: Silence, now: float) -> tuple[int, float]:
    match silence.state(now):
        case SilenceState.ACTIVE:
            return 1, silence.ends_at
        case SilenceState.PENDING:
            return 2, silence.starts_at
        case SilenceState.EXPIRED:
            return 3, -silence.ends_at


handlers = [list_silences, post_silence, get_silence, delete_silence]
