"""The containers of a pod, or of what makes pods: how each stands, and how its last run ended. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from farwatch.hub.inventory import Level
from farwatch.kube.objects import (
    Container,
    ContainerStateTerminated,
    ContainerStatus,
    KubeObject,
    Pod,
    PodSpec,
)

LONGEST_MESSAGE = 2_000


class _View(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The base of what is shown."""


class RunView(_View, frozen=True):
    """How a run of a container ended."""

    exit_code: int
    signal: int | None = None
    reason: str = ""
    message: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None


class ContainerView(_View, frozen=True):
    """A container.

    Attributes:
        name: Its name.
        image: What it runs.
        init: It runs before the others; a sidecar among these goes on beside them.
        state: ``Running``, ``Waiting`` or ``Terminated``; empty for a template's.
        level: How bad that is.
        reason: Why it waits or how it ended: ``CrashLoopBackOff``, ``Completed``.
        message: In the kubelet's words.
        since: Since when it runs.
        ready: Whether it is ready.
        restarts: How often it was restarted.
        ended: How it ended, if it has.
        last: How its last run before this one ended.
        requests: What it asks for, as quantities by resource.
        limits: What it is given at most.
    """

    name: str
    image: str = ""
    init: bool = False
    state: str = ""
    level: Level = Level.UNKNOWN
    reason: str = ""
    message: str = ""
    since: datetime | None = None
    ready: bool = False
    restarts: int = 0
    ended: RunView | None = None
    last: RunView | None = None
    requests: dict[str, str] = {}
    limits: dict[str, str] = {}


def show_containers(found: KubeObject) -> list[ContainerView]:
    """The containers of an object, those that come first, first; none of what has no pods."""
    if isinstance(found, Pod):
        status = found.status
        return [
            *_show(found.spec.init_containers, status.init_container_statuses or (), init=True),
            *_show(found.spec.containers, status.container_statuses or (), init=False),
        ]
    template = getattr(getattr(found, "spec", None), "template", None)
    spec = getattr(template, "spec", None)
    if not isinstance(spec, PodSpec):
        return []
    return [*_show(spec.init_containers, (), init=True), *_show(spec.containers, (), init=False)]


def _show(
    asked: Iterable[Container] | None, statuses: Iterable[ContainerStatus], *, init: bool
) -> Iterable[ContainerView]:
    known = {status.name: status for status in statuses}
    for container in asked or ():
        yield _show_one(container, known.pop(container.name, None), init=init)
    for status in known.values():
        yield _show_one(Container(name=status.name), status, init=init)


def _show_one(container: Container, status: ContainerStatus | None, *, init: bool) -> ContainerView:
    resources = container.resources
    view = ContainerView(
        name=container.name,
        image=container.image or (status.image if status else ""),
        init=init,
        requests=(resources.requests if resources else None) or {},
        limits=(resources.limits if resources else None) or {},
    )
    return view if status is None else _with_status(view, status)


def _with_status(view: ContainerView, status: ContainerStatus) -> ContainerView:
    state, last = status.state, status.last_state
    shown = msgspec.structs.replace(
        view,
        ready=status.ready,
        restarts=status.restart_count,
        last=_show_run(last.terminated) if last and last.terminated else None,
    )
    if state is not None and state.running is not None:
        is_fine = status.ready or view.init
        return msgspec.structs.replace(
            shown,
            state="Running",
            level=Level.OK if is_fine else Level.WARN,
            since=state.running.started_at,
        )
    if state is not None and state.terminated is not None:
        ended = state.terminated
        return msgspec.structs.replace(
            shown,
            state="Terminated",
            level=Level.BAD if ended.exit_code else Level.DONE,
            reason=ended.reason or "",
            message=(ended.message or "")[:LONGEST_MESSAGE],
            ended=_show_run(ended),
        )
    waiting = state.waiting if state else None
    reason = (waiting.reason if waiting else None) or ""
    is_starting = reason in {"", "ContainerCreating", "PodInitializing"}
    return msgspec.structs.replace(
        shown,
        state="Waiting",
        level=Level.WARN if is_starting else Level.BAD,
        reason=reason,
        message=((waiting.message if waiting else None) or "")[:LONGEST_MESSAGE],
    )


def _show_run(ended: ContainerStateTerminated) -> RunView:
    return RunView(
        exit_code=ended.exit_code,
        signal=ended.signal,
        reason=ended.reason or "",
        message=(ended.message or "")[:LONGEST_MESSAGE],
        started_at=ended.started_at,
        finished_at=ended.finished_at,
    )
