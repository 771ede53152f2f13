"""The alerting configuration in an editor, over HTTP."""

from __future__ import annotations

import difflib
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from litestar import get, post, put
from litestar.datastructures import State
from litestar.exceptions import ClientException
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, HeaderParameter, JSONBody, QueryParameter

from farwatch.hub import problems
from farwatch.hub.alerting.config import ConfigError
from farwatch.hub.alerting.configuration import Configuration
from farwatch.hub.alerting.editing.masking import show
from farwatch.hub.alerting.editing.schema import schema
from farwatch.hub.alerting.editing.versions import LATEST_VERSION, Cause, Version, VersionNotFoundError
from farwatch.hub.alerting.routes.configuration import ConfigurationView, configuration, view_configuration
from farwatch.hub.alerting.routes.state import author
from farwatch.hub.alerting.summary import ConfigSummary, summarize
from farwatch.hub.audit import Action, audit_details, audits, not_audited
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.parameters import AnyRequest
from farwatch.hub.times import to_time

CONTEXT_LINES = 3
MAX_VERSIONS = 500
SHOWN_PROBLEMS = 200

IfMatch = Annotated[
    str,
    HeaderParameter(
        name="If-Match",
        description="The `digest` of the configuration that the text was made of, in quotes or not.",
    ),
]
MaybeVersion = Annotated[int | None, QueryParameter(description="A version; what is in force when left out.")]


class ConfigText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A configuration in YAML; `<secret>` stands for the secret that is at its place in what is in force."""

    text: str


class ConfigSave(ConfigText, frozen=True, forbid_unknown_fields=True):
    """Likewise, and why it is saved."""

    note: str = ""


class ConfigRollBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """To which version, and why."""

    version: int
    note: str = ""


class ProblemView(msgspec.Struct, frozen=True, kw_only=True):
    """A fault, and where it is: `line` and `column` count from 1, and are 0 where the whole is meant."""

    line: int
    column: int
    message: str


class Validation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whether a configuration can be used.

    `problems` keep it from that; `warnings` do not. `summary` is what it holds, if it can be used; `diff` is how it differs
    from what is in force, as a unified diff.
    """

    valid: bool
    problems: list[ProblemView] = []
    warnings: list[str] = []
    summary: ConfigSummary | None = None
    diff: str = ""


class VersionView(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A version of the configuration. Times are UTC.

    Attributes:
        id: Counts from 1.
        time: Since when it was in force.
        by: Who made it; empty for nobody known.
        note: Why.
        cause: How it came to be in force.
        restored: The version that was rolled back to.
        digest: Versions with the same differ in secrets at the most.
        current: Whether it is in force.
        text: It in YAML with ``<secret>`` in the place of each secret, where one version is asked for.
    """

    id: int
    time: datetime
    by: str
    note: str
    cause: Cause
    digest: str
    restored: int | None = None
    current: bool = False
    text: str = ""


class VersionList(msgspec.Struct, frozen=True):
    """Versions, the newest first, without their texts. `more`: there are older ones."""

    items: list[VersionView]
    more: bool


class ConfigDiff(msgspec.Struct, frozen=True, kw_only=True):
    """How two versions differ: as a unified diff, and both texts for who shows it otherwise. Secrets are in none."""

    diff: str
    before: str
    after: str


def _changing(*statuses: HTTPStatus) -> dict[int, ResponseSpec]:
    changed = ResponseSpec(
        problems.Problem,
        generate_examples=False,
        description="Another configuration is in force by now; `detail` says whose.",
        media_type=problems.MEDIA_TYPE,
    )
    described = problems.described(HTTPStatus.CONFLICT, HTTPStatus.SERVICE_UNAVAILABLE, *statuses)
    return described | {int(HTTPStatus.PRECONDITION_FAILED): changed}


@post(
    "/alerting/config/validate",
    opt=needs(Permission.ALERTING_CONFIGURE) | not_audited("it changes nothing"),
    summary="Validate an alerting configuration",
    responses=problems.described(),
    status_code=HTTPStatus.OK,
)
async def validate_alerting_config(state: State, data: JSONBody[ConfigText]) -> Validation:
    """Whether a text could be saved, with the place of everything that is wrong with it. Nothing is changed."""
    current = configuration(state)
    try:
        found = await current.validate(data.text)
    except ConfigError as error:
        told = [
            ProblemView(line=problem.line, column=problem.column, message=problem.message)
            for problem in error.problems[:SHOWN_PROBLEMS]
        ]
        return Validation(valid=False, problems=told)
    summary = summarize(found.config)
    return Validation(
        valid=True,
        warnings=list(_warnings(summary)),
        summary=summary,
        diff=_diff(current.shown, show(found.source.reveal())),
    )


@put(
    "/alerting/config",
    opt=needs(Permission.ALERTING_CONFIGURE) | audits(Action.ALERTING_CHANGE),
    summary="Save the alerting configuration",
    responses=_changing(),
)
async def save_alerting_config(
    state: State, request: AnyRequest, data: JSONBody[ConfigSave], if_match: IfMatch = ""
) -> ConfigurationView:
    """Go on by another configuration, at once, and keep it as a version. If anything is wrong, what was in force stays.

    `If-Match` must name the one that the text was made of: nobody's change is lost unseen.
    """
    current = configuration(state)
    digest = _read_match(if_match)
    version = await current.save(data.text, digest=digest, author=author(request), note=data.note)
    _note(request, version)
    return view_configuration(current)


@post(
    "/alerting/config/rollback",
    opt=needs(Permission.ALERTING_CONFIGURE) | audits(Action.ALERTING_CHANGE),
    summary="Roll the alerting configuration back",
    responses=_changing(HTTPStatus.NOT_FOUND),
    status_code=HTTPStatus.OK,
)
async def roll_back_alerting_config(
    state: State, request: AnyRequest, data: JSONBody[ConfigRollBack], if_match: IfMatch = ""
) -> ConfigurationView:
    """Go on by an earlier version, with the secrets that it had, and keep it as the newest one."""
    current = configuration(state)
    digest = _read_match(if_match)
    version = await current.roll_back(data.version, digest=digest, author=author(request), note=data.note)
    _note(request, version)
    return view_configuration(current)


@get(
    "/alerting/config/versions",
    opt=needs(Permission.ALERTING_READ),
    summary="List versions of the alerting configuration",
    responses=problems.described(),
)
async def list_alerting_versions(
    state: State,
    *,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_VERSIONS, description="How many at most.")] = 50,
    before: Annotated[
        int | None, QueryParameter(ge=1, le=LATEST_VERSION, description="Only versions before this one.")
    ] = None,
) -> VersionList:
    """What was in force, when, by whom and why."""
    current = configuration(state)
    found = await current.versions.list(limit + 1, before) if current.versions else []
    newest = before is None
    return VersionList(
        [
            _view(version, is_current=newest and place == 0 and version.digest == current.digest)
            for place, version in enumerate(found[:limit])
        ],
        more=len(found) > limit,
    )


@get(
    "/alerting/config/versions/{version:str}",
    opt=needs(Permission.ALERTING_READ),
    summary="Get a version of the alerting configuration",
    responses=problems.described(HTTPStatus.NOT_FOUND),
)
async def get_alerting_version(state: State, version: FromPath[int]) -> VersionView:
    """One version with its text, without its secrets."""
    current = configuration(state)
    found = await _find(current, version)
    newest = await current.versions.newest() if current.versions else None
    is_current = newest is not None and newest.id == found.id and found.digest == current.digest
    return _view(found, is_current=is_current, text=_shown(found))


@get(
    "/alerting/config/diff",
    opt=needs(Permission.ALERTING_READ),
    summary="Compare versions of the alerting configuration",
    responses=problems.described(HTTPStatus.NOT_FOUND),
)
async def compare_alerting_versions(
    state: State,
    *,
    before: MaybeVersion = None,
    after: MaybeVersion = None,
) -> ConfigDiff:
    """How one version differs from another, or from what is in force."""
    current = configuration(state)
    texts = [
        current.shown if version is None else _shown(await _find(current, version))
        for version in (before, after)
    ]
    return ConfigDiff(diff=_diff(*texts), before=texts[0], after=texts[1])


@get(
    "/alerting/config/schema",
    opt=needs(Permission.ALERTING_READ),
    summary="Get the schema of the alerting configuration",
    responses=problems.described(),
    sync_to_thread=False,
)
def get_alerting_schema() -> dict[str, Any]:
    """A JSON schema of the configuration's format, for editors to complete and check by."""
    return schema()


def _read_match(text: str) -> str:
    digest = text.strip().removeprefix("W/").strip('"')
    if not digest:
        raise ClientException(
            "the header If-Match is missing: send the `digest` that GET /api/v1/alerting/config gave, so that nobody's "
            "change is lost"
        )
    return digest


def _note(request: AnyRequest, version: Version) -> None:
    audit_details(
        request,
        version=version.id,
        restored=version.restored,
        digest=version.digest,
        note=version.note,
    )


async def _find(current: Configuration, version: int) -> Version:
    if current.versions is None:
        raise VersionNotFoundError(f"the alerting configuration has no version {version}")
    return await current.versions.get(version)


def _shown(version: Version) -> str:
    return show(version.text.reveal()) if version.text else ""


def _view(version: Version, *, is_current: bool, text: str = "") -> VersionView:
    return VersionView(
        id=version.id,
        time=to_time(version.time),
        by=version.author,
        note=version.note,
        cause=version.cause,
        restored=version.restored,
        digest=version.digest,
        current=is_current,
        text=text,
    )


def _diff(before: str, after: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), "before", "after", n=CONTEXT_LINES, lineterm=""
    )
    return "".join(f"{line}\n" for line in lines)


def _warnings(summary: ConfigSummary) -> list[str]:
    unused = [
        f'receiver "{name}" is named by no route: nobody is told by it' for name in summary.unused_receivers
    ]
    silent = [
        f'receiver "{receiver.name}" has no way to reach people: what goes to it is told to nobody'
        for receiver in summary.receivers
        if not receiver.integrations
    ]
    return [*unused, *silent]


handlers = [
    validate_alerting_config,
    save_alerting_config,
    roll_back_alerting_config,
    list_alerting_versions,
    get_alerting_version,
    compare_alerting_versions,
    get_alerting_schema,
]
