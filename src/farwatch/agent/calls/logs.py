"""``pod.logs``: the last lines that a container wrote, without what looks like a secret."""

from __future__ import annotations

from http import HTTPStatus

from farwatch.agent.calls.handler import Caller, CallError, Handler
from farwatch.agent.calls.masking import mask_secrets
from farwatch.calls.logs import PodLogsAnswer, PodLogsFault, PodLogsParams
from farwatch.kube.client import KubeClient
from farwatch.kube.errors import ApiError, ApiUnreachable, KubeConfigError

MOST_WORDS = 500
"""How many characters of the server's words are passed on."""

_LOG_GONE = "unable to retrieve container logs for "
"""What a kubelet writes in place of a log whose file is gone, with status 200."""


def logs_handler(client: KubeClient) -> Handler:
    """Serves ``pod.logs`` from the API server."""

    async def serve(params: PodLogsParams, _caller: Caller) -> PodLogsAnswer:
        try:
            tail = await client.read_log(
                params.namespace,
                params.pod,
                container=params.container or "",
                previous=params.previous,
                tail_lines=params.tail_lines,
                since_seconds=params.since_seconds,
                keep_bytes=params.limit_bytes,
            )
        except ApiError as error:
            raise CallError(_fault(error), error.message[:MOST_WORDS]) from error
        except (ApiUnreachable, KubeConfigError) as error:
            raise CallError(PodLogsFault.UNREACHABLE, str(error)[:MOST_WORDS]) from error
        text = tail.content.decode(errors="replace")
        if text.startswith(_LOG_GONE):
            raise CallError(PodLogsFault.LOG_GONE, text.strip()[:MOST_WORDS])
        masked, count = mask_secrets(text)
        return PodLogsAnswer(
            container=params.container or "", text=masked, truncated=tail.truncated, masked=count
        )

    return Handler(PodLogsParams, serve)


def _fault(error: ApiError) -> PodLogsFault:
    """What the server's answer means; for most it has nothing but words (``pkg/registry/core/pod/rest/log.go``)."""
    if error.is_not_found:
        return PodLogsFault.POD_NOT_FOUND
    if error.status in {HTTPStatus.FORBIDDEN, HTTPStatus.UNAUTHORIZED}:
        return PodLogsFault.FORBIDDEN
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return PodLogsFault.UNREACHABLE
    for words, fault in (
        ("previous terminated container", PodLogsFault.NO_PREVIOUS_RUN),
        ("waiting to start", PodLogsFault.NOT_STARTED),
        ("is not valid for pod", PodLogsFault.CONTAINER_NOT_FOUND),
        ("a container name must be specified", PodLogsFault.CONTAINER_NOT_FOUND),
    ):
        if words in error.message:
            return fault
    return PodLogsFault.FAILED
