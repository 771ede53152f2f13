"""The hub's API, as the command line uses it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
import msgspec
from aiohttp.http_exceptions import HttpProcessingError

_TIMEOUT_SECONDS = 30.0
_STREAM_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=10, sock_read=60)
_LONGEST_LINE = 1024 * 1024
_UNAUTHORIZED = 401
_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

T = TypeVar("T")


class ClientError(Exception):
    """The hub could not be asked, or said no; the message is one line that says what to do."""


class StreamEvent(msgspec.Struct, frozen=True):
    """One server-sent event: its type and its body."""

    type: str
    data: Any


class EventReader:
    """Server-sent events out of their lines.

    Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
    """

    def __init__(self) -> None:
        self._type = ""
        self._data: list[str] = []

    def read(self, line: str) -> tuple[str, str] | None:
        """Take in one line without its end; gives type and data when it completes an event."""
        if not line:
            found = (self._type or "message", "\n".join(self._data)) if self._data else None
            self._type, self._data = "", []
            return found
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            self._type = value
        elif field == "data":
            self._data.append(value)
        return None


class HubClient:
    """A connection to one hub. Use it as an async context manager.

    Args:
        url: The hub's address, ``http://127.0.0.1:8080``.
        token: An API token; may be empty for calls that need none.
        timeout: Seconds that a call may take.
    """

    def __init__(self, url: str, token: str, timeout: float = _TIMEOUT_SECONDS) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=10)
        self._url = url.rstrip("/")
        self._token = token
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        self._session = aiohttp.ClientSession(
            headers=headers, timeout=self._timeout, trust_env=True, read_bufsize=_LONGEST_LINE
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, path: str, answer: type[T], **query: str | int) -> T:
        """The answer to a GET below ``/api/v1``, decoded.

        Raises:
            ClientError: The hub cannot be reached, says no, or answers something else than ``answer``.
        """
        return self._decode(await self._ask("GET", path, query=query), answer)

    async def post(self, path: str, body: object, answer: type[T]) -> T:
        """The answer to a POST below ``/api/v1``, decoded. Raises as ``get`` does."""
        return self._decode(await self._ask("POST", path, body=body), answer)

    async def patch(self, path: str, body: object, answer: type[T]) -> T:
        """The answer to a PATCH below ``/api/v1``, decoded. Raises as ``get`` does."""
        return self._decode(await self._ask("PATCH", path, body=body), answer)

    async def get_text(self, path: str) -> str:
        """The answer to a GET below ``/api/v1`` that is text and no JSON. Raises as ``get`` does."""
        return (await self._ask("GET", path)).decode(errors="replace")

    async def delete(self, path: str) -> None:
        """A DELETE below ``/api/v1``. Raises as ``get`` does."""
        await self._ask("DELETE", path)

    async def download(self, path: str, **query: str) -> AsyncIterator[bytes]:
        """The answer to a GET below ``/api/v1``, as it comes, however long it is. Raises as ``get`` does."""
        try:
            async with self._open.get(
                f"{self._url}/api/v1{path}", params=query, timeout=_STREAM_TIMEOUT
            ) as answer:
                await _raise_for_status(answer)
                async for part in answer.content.iter_any():
                    yield part
        except (aiohttp.ClientError, OSError) as error:
            raise self._unreachable(error) from error

    async def stream(self, **query: str) -> AsyncIterator[StreamEvent]:
        """Live events until the hub ends the stream; keep-alive comments are skipped.

        Raises:
            ClientError: The hub cannot be reached, says no, or the connection breaks.
        """
        reader = EventReader()
        try:
            async with self._open.get(
                self._url + "/api/v1/stream", params=query, timeout=_STREAM_TIMEOUT
            ) as answer:
                await _raise_for_status(answer)
                async for line in answer.content:
                    found = reader.read(line.decode(errors="replace").rstrip("\r\n"))
                    if found:
                        kind, data = found
                        yield StreamEvent(kind, self._decode(data.encode(), dict[str, Any]))
        except (aiohttp.ClientError, OSError) as error:
            raise self._unreachable(error) from error
        except HttpProcessingError as error:  # aiohttp's word for a line that is longer than any event
            raise self._is_no_hub() from error

    async def _ask(
        self, method: str, path: str, *, query: dict[str, str | int] | None = None, body: object = None
    ) -> bytes:
        data = None if body is None else msgspec.json.encode(body)
        try:
            async with self._open.request(
                method,
                f"{self._url}/api/v1{path}",
                params=query,
                data=data,
                headers={"Content-Type": "application/json"},
            ) as answer:
                await _raise_for_status(answer)
                return await answer.read()
        except (aiohttp.ClientError, OSError) as error:
            raise self._unreachable(error) from error

    def _decode(self, text: bytes, answer: type[T]) -> T:
        try:
            return msgspec.json.decode(text, type=answer)
        except msgspec.MsgspecError as error:
            raise self._is_no_hub() from error

    @property
    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("HubClient is used outside its 'async with' block")
        return self._session

    def _is_no_hub(self) -> ClientError:
        return ClientError(f"{self._url} answered, but not as a Farwatch hub does: is the address right?")

    def _unreachable(self, error: Exception) -> ClientError:
        if isinstance(error, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError):
            return ClientError(
                f"{self._url!r} is not the address of a hub, such as http://127.0.0.1:8080 (--hub or FARWATCH_HUB)"
            )
        cause = getattr(error, "strerror", None) or str(error) or "no answer in time"
        return ClientError(
            f"cannot reach the hub at {self._url}: {cause}; is it running? (--hub or FARWATCH_HUB)"
        )


def path_segment(name: str) -> str:
    """A name as a part of a path.

    Raises:
        ClientError: It would change where the path leads.
    """
    if not _SEGMENT.fullmatch(name):
        raise ClientError(f"{name[:80]!r} cannot be a cluster's name: 'farwatch cluster list' names them all")
    return name


async def _raise_for_status(answer: aiohttp.ClientResponse) -> None:
    if answer.ok:
        return
    text = await answer.read()
    try:
        problem = msgspec.json.decode(text, type=dict[str, Any])
        detail = str(problem.get("detail") or problem.get("title") or "")
    except msgspec.MsgspecError:
        detail = ""
    if answer.status == _UNAUTHORIZED:
        raise ClientError(f"the hub refused: {detail or 'no valid token'} (--token or FARWATCH_TOKEN)")
    raise ClientError(f"the hub refused: {detail or f'HTTP {answer.status}'}")
