"""Whether the agent lives and whether it is ready: pure decisions over its state, and the two pages that tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus

from farwatch.agent.state import AgentState, LinkPhase
from farwatch.agent.webserver import Page
from farwatch.link.frames import WatchState

_NOT_SYNCED = frozenset({WatchState.SYNCING, WatchState.FAILING})
"""A kind that is denied or absent does not hold readiness up: the agent does all it is allowed to."""


def health_pages(state: AgentState, link_down_liveness: float) -> dict[str, Callable[[], Page]]:
    """``/healthz`` and ``/readyz`` by path; both answer 200, or 503 with one reason a line.

    ``link_down_liveness`` is in seconds.
    """
    return {
        "/healthz": lambda: _page("alive", list(find_dead(state, link_down_liveness))),
        "/readyz": lambda: _page("ready", list(find_unready(state))),
    }


def find_dead(state: AgentState, link_down_liveness: float) -> Iterator[str]:
    """Why a restart is in order: the link was down for longer than ``link_down_liveness`` seconds.

    While the API server does not tell which cluster this is there may be no link, and a restart changes nothing.
    """
    if state.cluster_uid and state.link_down_seconds > link_down_liveness:
        yield f"the link has been down for {state.link_down_seconds:.0f} s: {_describe_link(state)}"


def find_unready(state: AgentState) -> Iterator[str]:
    """What is missing: the link, the API server, the election, and of one who leads kinds that are not synced."""
    if state.link.phase is not LinkPhase.LINKED:
        yield f"link: {_describe_link(state)}"
    if not state.api_server.reachable:
        yield f"API server: {state.api_server.message}"
    if state.election_problem:
        yield f"election: {state.election_problem}"
    for kind in state.kinds:
        if kind.state in _NOT_SYNCED:
            yield f"{kind.kind}: {kind.state}{': ' if kind.message else ''}{kind.message}"


def _describe_link(state: AgentState) -> str:
    link = state.link
    code = f" ({link.code})" if link.code else ""
    return f"{link.phase}{code}{': ' if link.reason else ''}{link.reason}"


def _page(well: str, problems: list[str]) -> Page:
    if problems:
        return Page(HTTPStatus.SERVICE_UNAVAILABLE, "".join(f"{problem}\n" for problem in problems))
    return Page(HTTPStatus.OK, f"{well}\n")
