"""The hub's API, as the command line uses it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec

_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)
_STREAM_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=10, sock_read=60)


class ClientError(Exception):
    """The hub could not be asked, or said no; the message is one line that says what to do."""


class StreamEvent(msgspec.Struct, frozen=True):
    """One server-sent event: its type and its body."""

    type: str
    data: Any


class HubClient:
    """A connection to one hub. Use it as an async context manager.

    Args:
        url: The hub's address, ``http://127.0.0.1:8080``.
        token: An API token; may be empty for calls that need none.
    """

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        self._session = aiohttp.ClientSession(headers=headers, timeout=_TIMEOUT, trust_env=True)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, path: str, **query: str | int) -> Any:
        """The decoded answer to a GET below ``/api/v1``."""
        return await self._ask("GET", path, query=query)

    async def post(self, path: str, body: object) -> Any:
        """The decoded answer to a POST below ``/api/v1``."""
        return await self._ask("POST", path, body=body)

    async def delete(self, path: str) -> None:
        """A DELETE below ``/api/v1``."""
        await self._ask("DELETE", path)

    async def stream(self, **query: str) -> AsyncIterator[StreamEvent]:
        """Live events until the hub ends the stream; keep-alive comments are skipped."""
        try:
            async with self._open.get(
                self._url + "/api/v1/stream", params=query, timeout=_STREAM_TIMEOUT
            ) as answer:
                await _raise_for_status(answer)
                kind, data = "message", ""
                async for line in answer.content:
                    field, _, value = line.decode().rstrip("\r\n").partition(": ")
                    if field == "event":
                        kind = value
                    elif field == "data":
                        data += value
                    elif not field and data:
                        yield StreamEvent(kind, msgspec.json.decode(data))
                        kind, data = "message", ""
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._unreachable(error) from error

    async def _ask(
        self, method: str, path: str, *, query: dict[str, str | int] | None = None, body: object = None
    ) -> Any:
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
                text = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._unreachable(error) from error
        try:
            return msgspec.json.decode(text) if text else None
        except msgspec.DecodeError as error:
            raise ClientError(
                f"{self._url} answered, but not as a Farwatch hub does: is the address right?"
            ) from error

    @property
    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("HubClient is used outside its 'async with' block")
        return self._session

    def _unreachable(self, error: Exception) -> ClientError:
        cause = getattr(error, "strerror", None) or str(error) or "no answer in time"
        return ClientError(
            f"cannot reach the hub at {self._url}: {cause}; is it running? (--hub or FARWATCH_HUB)"
        )


async def _raise_for_status(answer: aiohttp.ClientResponse) -> None:
    if answer.ok:
        return
    text = await answer.read()
    try:
        problem = msgspec.json.decode(text, type=dict[str, Any])
        detail = str(problem.get("detail") or problem.get("title") or "")
    except (msgspec.DecodeError, msgspec.ValidationError):
        detail = ""
    if answer.status == 401:  # noqa: PLR2004 - HTTP's number
        raise ClientError(f"the hub refused: {detail or 'no valid token'} (--token or FARWATCH_TOKEN)")
    raise ClientError(f"the hub refused: {detail or f'HTTP {answer.status}'}")
