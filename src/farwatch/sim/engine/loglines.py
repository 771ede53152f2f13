"""What containers write: lines that read like a service's, and tell why it fails when it does."""

from __future__ import annotations

from typing import Any

from farwatch.sim.engine.ailments import Ailment, AilmentKind

Document = dict[str, Any]


def starting_lines(pod: Document) -> tuple[str, ...]:
    """When a container starts."""
    name, image = _service(pod), pod["spec"]["containers"][0]["image"]
    return (
        f'level=info msg="starting {name}" image={image}',
        f'level=info msg="configuration loaded" env=production node={pod["spec"]["nodeName"]}',
        'level=info msg="listening" addr=:8080',
    )


def ending_lines(pod: Document) -> tuple[str, ...]:
    """When a container is asked to stop."""
    return (
        'level=info msg="received SIGTERM, draining connections"',
        f'level=info msg="{_service(pod)} stopped"',
    )


def failing_lines(ailment: Ailment, pod: Document) -> tuple[str, ...]:
    """When a container fails."""
    name = _service(pod)
    match ailment.kind:
        case AilmentKind.EXIT:
            return (
                f'level=error msg="cannot reach database" service={name} addr={name}-db:5432 attempt=3',
                f"panic: dial tcp: lookup {name}-db on 10.96.0.10:53: no such host",
                "goroutine 1 [running]:",
                "main.main()",
                f"\t/src/cmd/{name}/main.go:87 +0x1d4",
                f"exit status {ailment.exit_code}",
            )
        case AilmentKind.OUT_OF_MEMORY:
            return (
                f'level=info msg="building index" service={name} documents=4183022',
                'level=warn msg="heap is close to the limit" used=126Mi limit=128Mi',
            )
        case AilmentKind.NOT_READY:
            return (
                'level=warn msg="not ready" reason="upstream connection pool exhausted" path=/ready status=503',
            )
        case AilmentKind.NOT_ALIVE:
            return ('level=error msg="worker loop is stuck" since=45s path=/live status=500',)
        case AilmentKind.NO_NETWORK:
            return ()


def serving_line(pod: Document, number: int) -> str:
    """When a container serves a request; ``number`` varies it."""
    path = ("/", "/api/items", "/api/cart", "/healthz")[number % 4]
    return f'level=info msg="request" service={_service(pod)} method=GET path={path} status=200 duration={number % 90 + 3}ms'


def _service(pod: Document) -> str:
    labels = pod["metadata"].get("labels") or {}
    name: str = labels.get("app.kubernetes.io/name") or labels.get("app") or pod["metadata"]["name"]
    return name
