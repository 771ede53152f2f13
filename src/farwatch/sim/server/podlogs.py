"""``GET .../pods/<name>/log``: which run and which lines, in the kubelet's and the server's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from farwatch.sim.errors import StatusError, bad_request
from farwatch.sim.logs import Line, LogBook, Run, select_lines
from farwatch.sim.times import Clock, parse_time

Document = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class LogRequest:
    """Lines to send now, and the run to follow when that is asked for.

    Attributes:
        run: The container's run.
        lines: The lines selected so far.
        follow: Whether to go on until the run ends.
        timestamps: Whether each line begins with its time.
        limit: The most bytes to send; None for all.
    """

    run: Run
    lines: tuple[Line, ...]
    follow: bool
    timestamps: bool
    limit: int | None

    def encode(self, line: Line) -> bytes:
        """A line as it is sent."""
        if not self.timestamps:
            return f"{line.text}\n".encode()
        written = datetime.fromtimestamp(line.time, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
        return f"{written} {line.text}\n".encode()

    def body(self) -> bytes:
        """The selected lines, cut at the limit."""
        return b"".join(map(self.encode, self.lines))[: self.limit]


def read_log_request(pod: Document, query: Mapping[str, str], book: LogBook, clock: Clock) -> LogRequest:
    """What the query asks for; StatusError 400 when the container or the run is not there."""
    container = _container(pod, query.get("container", ""))
    metadata = pod["metadata"]
    if query.get("previous") in ("true", "1"):
        run = _previous(pod, container, book)
        if run is None:
            why = f'previous terminated container "{container}" in pod "{metadata["name"]}" not found'
            raise bad_request(why)
    else:
        run = book.current(metadata["namespace"], metadata["name"], container)
        _check_started(pod, container, run)
    since = _since(query, clock)
    return LogRequest(
        run=run,
        lines=tuple(select_lines(run, since=since, tail=_integer(query, "tailLines"))),
        follow=query.get("follow") in ("true", "1"),
        timestamps=query.get("timestamps") in ("true", "1"),
        limit=_integer(query, "limitBytes"),
    )


def _container(pod: Document, name: str) -> str:
    spec = pod["spec"]
    names = [container["name"] for container in spec.get("containers") or ()]
    init = [container["name"] for container in spec.get("initContainers") or ()]
    if not name and len(names) == 1 and not init:
        return str(names[0])
    if not name:
        what = f"a container name must be specified for pod {pod['metadata']['name']}"
        choices = f"choose one of: [{' '.join(names)}]"
        if init:
            choices += f" or one of the init containers: [{' '.join(init)}]"
        raise bad_request(f"{what}, {choices}")
    if name not in names and name not in init:
        raise bad_request(f"container {name} is not valid for pod {pod['metadata']['name']}")
    return name


def _previous(pod: Document, container: str, book: LogBook) -> Run | None:
    """The run that ``lastState`` tells of. While the next one waits to begin, that is the one that wrote last.

    Source: validateContainerLogStatus in the kubelet's pkg/kubelet/kubelet_pods.go.
    """
    where = (pod["metadata"]["namespace"], pod["metadata"]["name"], container)
    state = _status(pod, container)
    waits = (state.get("state") or {}).get("waiting") is not None
    if waits and (state.get("lastState") or {}).get("terminated"):
        return book.current(*where)
    return book.previous(*where)


def _status(pod: Document, container: str) -> Document:
    status = pod.get("status") or {}
    statuses = (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ()))
    return next((found for found in statuses if found["name"] == container), {})


def _check_started(pod: Document, container: str, run: Run) -> None:
    """A container that never ran has no log: say what it waits for."""
    state = _status(pod, container)
    waiting = (state.get("state") or {}).get("waiting")
    if waiting is None or run.lines or (state.get("lastState") or {}).get("terminated"):
        return
    reason = waiting.get("reason", "")
    why = f"is waiting to start: {reason}"
    if reason in ("ErrImagePull", "ImagePullBackOff"):
        why = "is waiting to start: trying and failing to pull image"
    raise StatusError(400, "BadRequest", f'container "{container}" in pod "{pod["metadata"]["name"]}" {why}')


def _since(query: Mapping[str, str], clock: Clock) -> float | None:
    seconds = _integer(query, "sinceSeconds")
    if seconds is not None:
        return clock() - seconds
    text = query.get("sinceTime")
    if not text:
        return None
    try:
        return parse_time(text)
    except ValueError:
        raise bad_request(f'sinceTime: parsing time "{text}": cannot parse as RFC 3339') from None


def _integer(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name, "")
    if not text:
        return None
    if not text.isdecimal():
        raise bad_request(f'{name}: Invalid value: "{text}": must be greater than or equal to 0')
    return int(text)
