"""The way of a label set through the tree of routes, with the reason for each turn.

The rules are those of ``Route.match``; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

import msgspec

from farwatch.hub.alerting.routing import Route


class Verdict(StrEnum):
    """What came of a route."""

    TAKEN = "taken"
    """It matches, and none below it does: its receiver is told."""

    PASSED = "passed"
    """It matches, and so does one below it."""

    REFUSED = "refused"
    """It does not match."""

    SKIPPED = "skipped"
    """A sibling before it matched, and does not say ``continue``."""


class FailedMatcher(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A matcher that a label set does not fulfil.

    Attributes:
        matcher: As it is written: ``severity="critical"``.
        label: The name of the label that it is about.
        value: The label's value; None: there is no such label.
    """

    matcher: str
    label: str
    value: str | None


class RouteVisit(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One route on a label set's way.

    Attributes:
        route: The route's id.
        depth: 0 for the topmost route.
        matchers: As they are written.
        receiver: Whom it tells.
        verdict: What came of it.
        failed: The matchers that are not fulfilled.
        goes_on: It says ``continue``: siblings after it are tried although it matched.
        because_of: The matchers of the sibling because of which it was skipped.
        words: The same in a sentence.
    """

    route: str
    depth: int
    matchers: str
    receiver: str
    verdict: Verdict
    failed: tuple[FailedMatcher, ...] = ()
    goes_on: bool = msgspec.field(name="continue", default=False)
    because_of: str = ""
    words: str = ""


def visits(route: Route, labels: Mapping[str, str]) -> list[RouteVisit]:
    """Every route that is looked at for these labels, or skipped, in the order of the file.

    What is below a route that does not match is not looked at, and left out.
    """
    return [msgspec.structs.replace(visit, words=_words(visit)) for visit in _visit(route, labels, 0)]


def _visit(route: Route, labels: Mapping[str, str], depth: int) -> Iterator[RouteVisit]:
    failed = tuple(
        FailedMatcher(matcher=str(matcher), label=matcher.name, value=labels.get(matcher.name))
        for matcher in route.matchers
        if not matcher.matches(labels.get(matcher.name, ""))
    )
    if failed:
        yield _make(route, depth, Verdict.REFUSED, failed=failed)
        return
    below: list[RouteVisit] = []
    ended_by: Route | None = None
    matched_below = False
    for child in route.routes:
        if ended_by is not None:
            below.append(_make(child, depth + 1, Verdict.SKIPPED, because_of=str(ended_by.matchers)))
            continue
        found = list(_visit(child, labels, depth + 1))
        below += found
        matched = found[0].verdict is not Verdict.REFUSED
        matched_below |= matched
        if matched and not child.goes_on:
            ended_by = child
    yield _make(route, depth, Verdict.PASSED if matched_below else Verdict.TAKEN)
    yield from below


def _make(
    route: Route,
    depth: int,
    verdict: Verdict,
    *,
    failed: tuple[FailedMatcher, ...] = (),
    because_of: str = "",
) -> RouteVisit:
    return RouteVisit(
        route=route.id,
        depth=depth,
        matchers=str(route.matchers),
        receiver=route.receiver,
        verdict=verdict,
        failed=failed,
        goes_on=route.goes_on,
        because_of=because_of,
    )


def _words(visit: RouteVisit) -> str:
    name = f"The route {visit.matchers}" if visit.depth else "The topmost route"
    more = ", and says `continue`: its siblings are tried, too" if visit.goes_on else ""
    match visit.verdict:
        case Verdict.TAKEN if visit.depth:
            return f'{name} matches, and none below it does: receiver "{visit.receiver}" is told{more}.'
        case Verdict.TAKEN:
            return f'{name} takes what no route below it does: receiver "{visit.receiver}" is told.'
        case Verdict.PASSED:
            return f"{name} {'matches' if visit.depth else 'takes every alert'}, and hands on to what is below it{more}."
        case Verdict.SKIPPED:
            return (
                f"{name} is not looked at: {visit.because_of} before it matched, and does not say `continue`."
            )
        case _:
            faults = " and ".join(_fault(failed) for failed in visit.failed)
            return f"{name} does not match: {faults}."


def _fault(failed: FailedMatcher) -> str:
    if failed.value is None:
        return f"{failed.matcher} is not fulfilled, as there is no label {failed.label}"
    return f'{failed.matcher} is not fulfilled by {failed.label}="{failed.value}"'
