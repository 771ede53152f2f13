"""Requests and replies without the network: what the HTTP server hands in and gets back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from farwatch.sim.errors import StatusError, bad_request
from farwatch.sim.server import protobuf
from farwatch.sim.server.identity import User
from farwatch.sim.server.tables import Shape, read_shape

JSON = "application/json"


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request of a known user.

    Attributes:
        method: The HTTP method.
        path: The URL's path, decoded.
        query: The URL's query; of several values the last.
        headers: Case-insensitive.
        body: As received.
        user: Who asks.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    user: User

    @property
    def dry_run(self) -> bool:
        """Whether nothing is to be written."""
        return bool(self.query.get("dryRun"))

    @property
    def media_type(self) -> str:
        """The body's type, without parameters."""
        return self.headers.get("Content-Type", JSON).partition(";")[0].strip()

    @property
    def manager(self) -> str:
        """Who writes, for ``managedFields``: what the query says, else the first word of the User-Agent."""
        return (
            self.query.get("fieldManager")
            or self.headers.get("User-Agent", "").partition("/")[0]
            or "unknown"
        )

    @property
    def shape(self) -> Shape:
        """The form in which objects are wanted."""
        return read_shape(self.headers.get("Accept", ""), self.query)

    def document(self) -> Any:
        """The body, JSON, YAML or protobuf; StatusError 400 when it is malformed, 415 when it is not understood."""
        if self.media_type == protobuf.MEDIA_TYPE:
            return protobuf.decode_document(self.body)
        try:
            if "yaml" in self.media_type:
                return msgspec.yaml.decode(self.body)
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError as error:
            raise bad_request(f"the object provided is unrecognized: {error}") from None

    def object(self) -> dict[str, Any]:
        """The body as an object; StatusError 400 when it is none."""
        document = self.document()
        if not isinstance(document, dict):
            raise bad_request("the object provided is unrecognized (must be of type object)")
        return document


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A whole answer."""

    code: int = 200
    body: bytes = b""
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def reply_json(document: Any, code: int = 200, media_type: str = JSON) -> Reply:
    """An answer in JSON, ended by a newline as the server's are."""
    return Reply(code=code, body=msgspec.json.encode(document) + b"\n", media_type=media_type)


def reply_error(error: StatusError) -> Reply:
    """A failure as the server tells it."""
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    body = msgspec.json.encode(error.status()) + b"\n"
    return Reply(code=error.code, body=body, headers=headers)
