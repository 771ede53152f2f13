"""Looks at the agent's own rights, by the reviews that Kubernetes lets everybody make of themselves.

A SelfSubjectRulesReview lists what holds in a namespace. What holds in the whole cluster shows in one that does not exist,
where no Role can be. Where an authorizer does not list its rules, what the list does not show is asked for one by one
(SelfSubjectAccessReview).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import msgspec
import structlog

from farwatch.agent.permissions.rights import (
    EVERYWHERE,
    Grant,
    Need,
    Right,
    Usage,
    describe_note,
    find_excess,
    find_missing,
    note_excess,
    note_missing,
)
from farwatch.agent.permissions.table import Rule
from farwatch.agent.state import AgentState
from farwatch.backoff import Backoff, jittered
from farwatch.kube.client import KubeClient
from farwatch.kube.clock import SYSTEM_CLOCK, Clock
from farwatch.kube.decoding import UNREADABLE
from farwatch.kube.errors import BAD_BODY, ApiError, KubeError
from farwatch.link.frames import PermissionReport

CHECK_SECONDS = 3600.0
"""How often to look again, since rights are given and taken without telling anybody."""

DOUBT_SECONDS = 5.0
"""How long after a denial to look: others follow in the same moment."""

MAX_NOTES = 50
"""How many notes of a sort are kept; roles may list any number."""

_REVIEWS = "/apis/authorization.k8s.io/v1"
_NOWHERE = "farwatch-no-such-namespace"

_TELLING = (
    Right("*", "*", "*"),
    Right("get", "secrets"),
    Right("list", "secrets"),
    Right("create", "pods"),
    Right("create", "pods/exec"),
    Right("get", "nodes/proxy"),
    Right("patch", "deployments", "apps"),
)
"""What to ask for where rights are not listed: who has more than the table gives mostly has one of these."""

_log = structlog.get_logger(__name__)


class _Resources(msgspec.Struct, rename="camel"):
    verbs: list[str]
    api_groups: list[str] | None = None
    resources: list[str] | None = None
    resource_names: list[str] | None = None


class _Paths(msgspec.Struct):
    verbs: list[str]
    paths: list[str] | None = msgspec.field(name="nonResourceURLs", default=None)


class _Rules(msgspec.Struct, rename="camel"):
    resource_rules: list[_Resources] | None = None
    non_resource_rules: list[_Paths] | None = None
    incomplete: bool = False


class _RulesReview(msgspec.Struct):
    status: _Rules


class _Access(msgspec.Struct):
    allowed: bool = False


class _AccessReview(msgspec.Struct):
    status: _Access


_rules_decoder = msgspec.json.Decoder(_RulesReview)
_access_decoder = msgspec.json.Decoder(_AccessReview)


async def check_permissions(client: KubeClient, usage: Usage, now: datetime) -> PermissionReport:
    """What is missing and what is too much, as far as the API server tells.

    Raises:
        KubeError: It does not answer, or answers no such question.
    """
    grants = {place: await _review_rules(client, place) for place in usage.places}
    complete = all(grant.complete for grant in grants.values())
    missing = find_missing(usage.needs(), grants)
    excess = find_excess(usage, grants)
    if not complete:
        missing = [need for need in missing if not await _may(client, need.namespace, need.right)]
        excess += [
            (place, right)
            for place in usage.namespaces or (EVERYWHERE,)
            for right in _TELLING
            if (place, right) not in excess and await _may(client, place, right)
        ]
    return _report(now, missing, excess, complete=complete)


async def watch_permissions(
    client: KubeClient,
    usage: Usage,
    state: AgentState,
    *,
    doubt: asyncio.Event,
    on_change: Callable[[], None],
    clock: Clock = SYSTEM_CLOCK,
) -> None:
    """Looks at the rights now, each hour, and when ``doubt`` is set, until cancelled; notes and logs what is news."""
    backoff = Backoff(longest=300.0)
    failures = 0
    told: frozenset[str] | None = None
    while True:
        doubt.clear()
        now = datetime.fromtimestamp(clock.time(), UTC)
        report: PermissionReport | None
        try:
            report = await check_permissions(client, usage, now)
            failures = 0
        except KubeError as error:
            failures += 1
            report = PermissionReport(checked_at=now, problem=str(error)) if _is_final(error) else None
        if report is not None:
            told = _tell(report, told)
            if _is_news(report, state.permissions):
                state.permissions = report
                on_change()
        wait = (
            backoff.delay(failures, clock.random()) if failures else jittered(CHECK_SECONDS, clock.random())
        )
        await _wait(doubt, wait, clock)


async def _wait(doubt: asyncio.Event, seconds: float, clock: Clock) -> None:
    slept = asyncio.ensure_future(clock.sleep(seconds))
    doubted = asyncio.create_task(doubt.wait())
    try:
        await asyncio.wait((slept, doubted), return_when=asyncio.FIRST_COMPLETED)
    finally:
        slept.cancel()
        doubted.cancel()
    if doubt.is_set():
        await clock.sleep(DOUBT_SECONDS)


# --- asking ---------------------------------------------------------------------------------------------------


async def _review_rules(client: KubeClient, namespace: str) -> Grant:
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace or _NOWHERE},
    }
    path = f"{_REVIEWS}/selfsubjectrulesreviews"
    answer = await client.request("POST", path, body=msgspec.json.encode(body))
    try:
        rules = _rules_decoder.decode(answer).status
    except UNREADABLE as error:
        raise ApiError(200, BAD_BODY, f"the answer is not a SelfSubjectRulesReview: {error}") from error
    return Grant(
        tuple(
            Rule(
                tuple(rule.api_groups or ()),
                tuple(rule.resources or ()),
                tuple(rule.verbs),
                tuple(rule.resource_names or ()),
            )
            for rule in rules.resource_rules or ()
        ),
        tuple((tuple(rule.verbs), tuple(rule.paths or ())) for rule in rules.non_resource_rules or ()),
        complete=not rules.incomplete,
    )


async def _may(client: KubeClient, namespace: str, right: Right) -> bool:
    resource, _, subresource = right.resource.partition("/")
    asked = {
        "verb": right.verb,
        "group": right.group,
        "resource": resource,
        "subresource": subresource,
        "namespace": namespace,
        "name": right.name,
    }
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {key: value for key, value in asked.items() if value}},
    }
    path = f"{_REVIEWS}/selfsubjectaccessreviews"
    answer = await client.request("POST", path, body=msgspec.json.encode(body))
    try:
        return _access_decoder.decode(answer).status.allowed
    except UNREADABLE as error:
        raise ApiError(200, BAD_BODY, f"the answer is not a SelfSubjectAccessReview: {error}") from error


# --- telling --------------------------------------------------------------------------------------------------


def _report(
    now: datetime, missing: Iterable[Need], excess: Iterable[tuple[str, Right]], *, complete: bool
) -> PermissionReport:
    lacking, beyond = note_missing(missing), note_excess(excess)
    omitted = max(0, len(lacking) - MAX_NOTES) + max(0, len(beyond) - MAX_NOTES)
    return PermissionReport(
        checked_at=now,
        missing=tuple(lacking[:MAX_NOTES]),
        excess=tuple(beyond[:MAX_NOTES]),
        omitted=omitted,
        complete=complete,
    )


def _tell(report: PermissionReport, told: frozenset[str] | None) -> frozenset[str]:
    """Logs each thing that was not told the last time; gives all that is told now."""
    known = told or frozenset()
    if report.problem:
        if report.problem not in known:
            _log.warning("its rights cannot be looked at", reason=report.problem)
        return frozenset({report.problem})
    lacking = {f"lacks {describe_note(note)}": note for note in report.missing}
    beyond = {f"has {describe_note(note)}": note for note in report.excess}
    for line, note in lacking.items():
        if line not in known:
            _log.warning(
                "lacks rights that it needs; grant them, or switch off what they are for",
                rights=describe_note(note),
                capability=note.capability,
            )
    for line, note in beyond.items():
        if line not in known:
            _log.warning("has rights that it never needs; take them from it", rights=describe_note(note))
    if report.omitted and told is None:
        _log.warning("more such rights than are told", omitted=report.omitted)
    if not (lacking or beyond) and told != frozenset():
        _log.info("has the rights that it needs and no others", complete=report.complete)
    return frozenset({*lacking, *beyond})


def _is_news(report: PermissionReport, known: PermissionReport | None) -> bool:
    return known is None or msgspec.structs.replace(known, checked_at=report.checked_at) != report


def _is_final(error: KubeError) -> bool:
    """Whether it is an answer: while there is none, nothing new is known of the rights."""
    return isinstance(error, ApiError) and error.status < 500  # noqa: PLR2004
