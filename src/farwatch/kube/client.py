"""Talks to one API server: lists in pages, watches, reads and writes objects.

Every failure is one of three: :class:`ApiUnreachable` (no answer), :class:`ApiError` (an answer that says no) or
:class:`KubeConfigError` (we have nothing to show). Nothing is retried here but a 401, once, with new credentials:
whoever asks knows better when to ask again.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from types import TracebackType
from typing import Any, NamedTuple, Self

import aiohttp
import msgspec

from farwatch.kube.access import ClusterAccess, Credentials
from farwatch.kube.decoding import (
    UNREADABLE,
    ListPage,
    WatchDecoder,
    decode_page,
    decode_status,
)
from farwatch.kube.errors import BAD_BODY, ApiError, ApiUnreachable, KubeConfigError
from farwatch.kube.kinds import Kind
from farwatch.kube.objects import KubeObject
from farwatch.kube.stream import IDLE_SECONDS, NETWORK_ERRORS, WatchStream, describe_network_error

CONNECT_SECONDS = 10.0
"""How long a connection may take to stand, TLS included."""

READ_SECONDS = 30.0
"""How long an answer may stand still before it counts as none."""

MAX_LOG_BYTES = 1024 * 1024
"""How much of a container's log is read at most to find its end."""

_MAX_ERROR_BYTES = 64 * 1024
_FIRST_ERROR = HTTPStatus.MULTIPLE_CHOICES


class PatchType(StrEnum):
    """How a patch is written; the values are its content types."""

    MERGE = "application/merge-patch+json"
    JSON = "application/json-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"
    APPLY = "application/apply-patch+yaml"


class ServerVersion(msgspec.Struct, frozen=True, rename="camel"):
    """What ``/version`` says."""

    git_version: str
    major: str = ""
    minor: str = ""
    platform: str = ""


class LogTail(NamedTuple):
    """The end of a container's log.

    Attributes:
        content: Whole lines, as the container wrote them.
        truncated: Whether some of the lines asked for are missing.
    """

    content: bytes
    truncated: bool


class _Resource(msgspec.Struct):
    name: str


class _ResourceList(msgspec.Struct):
    resources: list[_Resource]


_version_decoder = msgspec.json.Decoder(ServerVersion)
_resources_decoder = msgspec.json.Decoder(_ResourceList)


class KubeClient:
    """A client for one API server. Use as an async context manager, or :meth:`close` it.

    Args:
        access: How to reach the server.
        user_agent: Names us in the server's logs.
        read_seconds: How long an answer may stand still.
    """

    def __init__(
        self, access: ClusterAccess, *, user_agent: str = "farwatch", read_seconds: float = READ_SECONDS
    ) -> None:
        self.access = access
        self._user_agent = user_agent
        self._read_seconds = read_seconds
        self._opened: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        if self._opened is not None:
            await self._opened.close()
            self._opened = None

    # --- reading ----------------------------------------------------------------------------------------------

    async def list_pages(
        self,
        kind: Kind,
        namespace: str = "",
        *,
        limit: int | None = None,
        label_selector: str = "",
        field_selector: str = "",
    ) -> AsyncIterator[ListPage]:
        """The objects of a kind as they are now, page by page; all namespaces when ``namespace`` is empty.

        No resource version is asked for: that is a consistent read, and the one that every server serves in pages.

        Raises:
            ApiError: 410 in the middle: the rest can no longer be had, and a list has to begin anew.
        """
        params = _without_empty({"labelSelector": label_selector, "fieldSelector": field_selector})
        params["limit"] = str(limit or kind.page_size)
        while True:
            page = decode_page(kind, await self.request("GET", kind.path(namespace), params=params))
            yield page
            if not page.continue_token:
                return
            params["continue"] = page.continue_token

    @asynccontextmanager
    async def watch(
        self,
        kind: Kind,
        namespace: str = "",
        *,
        resource_version: str = "",
        timeout_seconds: int = 300,
        initial_events: bool = False,
        idle_seconds: float = IDLE_SECONDS,
        field_selector: str = "",
    ) -> AsyncIterator[WatchStream]:
        """A watch of a kind from ``resource_version`` on; the server ends it after ``timeout_seconds``.

        With ``initial_events`` it begins with a list, streamed: every object as ADDED, then a bookmark that
        ``ends_initial``. A server without streaming lists refuses that (400, 422) or never sends the bookmark.
        """
        params = {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(timeout_seconds),
            **_without_empty({"resourceVersion": resource_version, "fieldSelector": field_selector}),
        }
        if initial_events:
            params |= {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
        path = kind.path(namespace)
        async with self._respond("GET", path, params=params, is_stream=True) as response:
            what = f"watch of {kind.plural} at {self.access.server}"
            yield WatchStream(response, WatchDecoder(kind), idle_seconds, what)

    async def get(self, kind: Kind, name: str, namespace: str = "") -> KubeObject:
        """One object."""
        return self._decode(kind, await self.request("GET", _object_path(kind, name, namespace)))

    async def server_version(self) -> ServerVersion:
        """The API server's version; also a cheap way to learn whether it answers."""
        body = await self.request("GET", "/version")
        try:
            return _version_decoder.decode(body)
        except UNREADABLE as error:
            raise ApiError(200, BAD_BODY, f"/version is not a version: {error}") from error

    async def cluster_uid(self) -> str:
        """The cluster's identity: the uid of the namespace ``kube-system``."""
        body = await self.request("GET", "/api/v1/namespaces/kube-system")
        try:
            uid = _namespace_decoder.decode(body).metadata.uid
        except UNREADABLE as error:
            raise ApiError(200, BAD_BODY, f"kube-system is not a namespace: {error}") from error
        if not uid:
            raise ApiError(
                200, BAD_BODY, "the namespace kube-system has no uid; is that a Kubernetes API server?"
            )
        return uid

    async def serves(self, kind: Kind) -> bool:
        """Whether the cluster has this kind in this version.

        A proxy that has lost its way says 404 to everything: that counts only of a server that tells its version.
        """
        path = f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.version}"
        try:
            body = await self.request("GET", path)
        except ApiError as error:
            if not error.is_not_found:
                raise
            await self.server_version()
            return False
        try:
            return any(found.name == kind.plural for found in _resources_decoder.decode(body).resources)
        except UNREADABLE as error:
            raise ApiError(200, BAD_BODY, f"{path} is not a list of resources: {error}") from error

    async def read_log(
        self,
        namespace: str,
        pod: str,
        *,
        container: str = "",
        previous: bool = False,
        tail_lines: int,
        since_seconds: int | None = None,
        keep_bytes: int,
    ) -> LogTail:
        """The last lines of a container's current run, or of the one before its last restart.

        The server counts ``limitBytes`` from the first of the lines asked for, so that it would cut off the last ones:
        it is only asked for a bound on what is read, and the end is kept here.
        """
        params = _without_empty(
            {
                "container": container,
                "previous": "true" if previous else "",
                "sinceSeconds": str(since_seconds or ""),
            }
        )
        params |= {"tailLines": str(tail_lines), "limitBytes": str(MAX_LOG_BYTES)}
        kept, read = bytearray(), 0
        async with self._respond(
            "GET", f"/api/v1/namespaces/{namespace}/pods/{pod}/log", params=params
        ) as log:
            try:
                async for chunk in log.content.iter_any():
                    read += len(chunk)
                    kept += chunk
                    del kept[:-keep_bytes]
            except NETWORK_ERRORS as error:
                raise self._unreachable(error) from error
        truncated = read > len(kept) or read >= MAX_LOG_BYTES
        if read > len(kept):
            del kept[: kept.find(b"\n") + 1]  # the rest of a line whose beginning is gone
        return LogTail(bytes(kept), truncated)

    # --- writing ----------------------------------------------------------------------------------------------

    async def create(self, kind: Kind, body: Any, namespace: str = "") -> KubeObject:
        """Create an object; 409 when the name is taken."""
        return self._decode(kind, await self.request("POST", kind.path(namespace), body=_encode(body)))

    async def replace(self, kind: Kind, name: str, body: Any, namespace: str = "") -> KubeObject:
        """Put a whole object in place of what is there; 409 when ``metadata.resourceVersion`` is not the newest."""
        path = _object_path(kind, name, namespace)
        return self._decode(kind, await self.request("PUT", path, body=_encode(body)))

    async def patch(
        self,
        kind: Kind,
        name: str,
        body: Any,
        namespace: str = "",
        *,
        patch_type: PatchType = PatchType.MERGE,
        subresource: str = "",
        params: Mapping[str, str] | None = None,
    ) -> KubeObject:
        """Change an object, or its ``status`` or ``scale``; ``params`` such as ``dryRun`` or ``fieldManager``."""
        path = _object_path(kind, name, namespace) + (f"/{subresource}" if subresource else "")
        answer = await self.request(
            "PATCH", path, params=params, body=_encode(body), content_type=patch_type.value
        )
        return self._decode(kind, answer)

    async def delete(self, kind: Kind, name: str, namespace: str = "", *, uid: str = "") -> None:
        """Delete an object; with ``uid`` only that one and no successor of its name (409 otherwise)."""
        body = _encode({"preconditions": {"uid": uid}}) if uid else None
        await self.request("DELETE", _object_path(kind, name, namespace), body=body)

    # --- the one way out --------------------------------------------------------------------------------------

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        content_type: str = "application/json",
    ) -> bytes:
        """Send any request and give the answer's body.

        Raises:
            ApiError: The server says no.
            ApiUnreachable: It does not answer.
            KubeConfigError: There are no credentials to show it.
        """
        async with self._respond(
            method, path, params=params, body=body, content_type=content_type
        ) as response:
            try:
                return await response.read()
            except NETWORK_ERRORS as error:
                raise self._unreachable(error) from error

    @asynccontextmanager
    async def _respond(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        content_type: str = "application/json",
        is_stream: bool = False,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """A successful answer whose body has yet to be read."""
        headers = {"Content-Type": content_type} if body is not None else {}
        send = partial(
            self._send, method, path, params=params, body=body, headers=headers, is_stream=is_stream
        )
        source = self.access.credentials
        shown = await source.current()
        response = await send(credentials=shown)
        if response.status == HTTPStatus.UNAUTHORIZED and source.invalidate(shown):
            response.close()
            response = await send(credentials=await source.current())
        if response.status >= _FIRST_ERROR:
            raise await self._refusal(response)
        try:
            yield response
        finally:
            # Not release(): what was not read of a watch would be read to its end first.
            if response.content.at_eof():
                response.release()
            else:
                response.close()

    async def _send(
        self,
        method: str,
        path: str,
        *,
        credentials: Credentials,
        params: Mapping[str, str] | None,
        body: bytes | None,
        headers: Mapping[str, str],
        is_stream: bool,
    ) -> aiohttp.ClientResponse:
        # A stream may stand still for longer than an answer, but its head comes at once like any other.
        between_reads = None if is_stream else self._read_seconds
        try:
            async with asyncio.timeout(CONNECT_SECONDS + self._read_seconds):
                return await self._session().request(
                    method,
                    self.access.server + path,
                    params=params,
                    data=body,
                    headers=(*headers.items(), *credentials.headers),
                    ssl=_tls(credentials),
                    server_hostname=self.access.server_name,
                    proxy=self.access.proxy,
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(
                        total=None, connect=CONNECT_SECONDS, sock_read=between_reads
                    ),
                )
        except aiohttp.InvalidURL as error:
            raise KubeConfigError(f"{self.access.origin or 'server'}: {error} is not a URL") from error
        except NETWORK_ERRORS as error:
            raise self._unreachable(error) from error

    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={
                    "Accept": "application/json",
                    "Accept-Encoding": "gzip",
                    "User-Agent": self._user_agent,
                },
                trust_env=False,
            )
        return self._opened

    async def _refusal(self, response: aiohttp.ClientResponse) -> ApiError:
        try:
            body = await response.content.read(_MAX_ERROR_BYTES)
        except NETWORK_ERRORS:
            body = b""
        finally:
            response.close()
        error = decode_status(body, response.status, response.reason or "")
        return ApiError(
            error.status, error.reason, error.message, _retry_after(response) or error.retry_after
        )

    def _unreachable(self, error: Exception) -> ApiUnreachable:
        return ApiUnreachable(f"{self.access.server} does not answer: {describe_network_error(error)}")

    def _decode(self, kind: Kind, body: bytes) -> KubeObject:
        try:
            return kind.json_decoder.decode(body)
        except UNREADABLE as error:
            raise ApiError(200, BAD_BODY, f"the answer is not a {kind.name}: {error}") from error


_namespace_decoder = msgspec.json.Decoder(KubeObject)


def _object_path(kind: Kind, name: str, namespace: str) -> str:
    return f"{kind.path(namespace)}/{name}"


def _encode(body: Any) -> bytes:
    return body if isinstance(body, bytes) else msgspec.json.encode(body)


def _without_empty(params: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in params.items() if value}


def _tls(credentials: Credentials) -> ssl.SSLContext | bool:
    return credentials.tls if credentials.tls is not None else True


def _retry_after(response: aiohttp.ClientResponse) -> float | None:
    """Retry-After in seconds; the API server never writes it as a date."""
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else None
