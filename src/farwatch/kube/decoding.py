"""What the API server's bytes say, without any I/O: pages of a list, lines of a watch, words of an error.

Everything is decoded in one pass while all goes well. Whatever that cannot read is decoded again in two stages, the
envelope first and then each object by itself, so that one object nobody can read costs that object and no other.
(Two stages throughout take a fifth more time: each byte is looked at twice.)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Generic, TypeVar

import msgspec

from farwatch.kube.errors import BAD_BODY, ApiError
from farwatch.kube.kinds import Kind
from farwatch.kube.objects import KubeObject, ObjectMeta

MAX_LINE_BYTES = 32 * 1024 * 1024
"""A line of a watch longer than this is no Kubernetes object (etcd keeps at most 1.5 MiB of one)."""

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding bytes that are not what they should be raises."""

_INITIAL_EVENTS_END = "k8s.io/initial-events-end"


class ObjectSeen(msgspec.Struct, frozen=True, gc=False):
    """ADDED or MODIFIED: the object as it is now."""

    object: KubeObject


class ObjectDeleted(msgspec.Struct, frozen=True, gc=False):
    """DELETED: which object is no more, and the resource version of its end."""

    metadata: ObjectMeta


class Bookmark(msgspec.Struct, frozen=True, gc=False):
    """Nothing older than this version will come; ``ends_initial`` also says that a streamed list is whole."""

    resource_version: str
    ends_initial: bool = False


class Malformed(msgspec.Struct, frozen=True, gc=False):
    """An object that cannot be read, and why; ``metadata`` where at least that much can be."""

    metadata: ObjectMeta | None
    error: str


class StreamFailed(msgspec.Struct, frozen=True):
    """ERROR, or a line that is no watch event: nothing after it in this stream can be relied on."""

    error: ApiError


WatchEvent = ObjectSeen | ObjectDeleted | Bookmark | Malformed | StreamFailed
"""What a line of a watch can say."""


class ListPage(msgspec.Struct, frozen=True):
    """A page of a list.

    Attributes:
        resource_version: Of the whole list, the same on each of its pages.
        continue_token: Asks for the next page; empty on the last.
        items: The objects that could be read.
        malformed: Those that could not.
    """

    resource_version: str
    continue_token: str
    items: list[KubeObject]
    malformed: list[Malformed]


_T = TypeVar("_T")


class _ListMeta(msgspec.Struct, gc=False):
    # Required: an answer without it is no list, and must never be taken for an empty one.
    resource_version: str = msgspec.field(name="resourceVersion")
    continue_token: str = msgspec.field(name="continue", default="")


class _List(msgspec.Struct, Generic[_T], gc=False):
    metadata: _ListMeta
    items: list[_T] | None


class _Envelope(msgspec.Struct, Generic[_T], gc=False):
    type: str
    object: _T


class _BookmarkMeta(msgspec.Struct, gc=False):
    resource_version: str = msgspec.field(name="resourceVersion")
    annotations: dict[str, str] | None = None


class _BookmarkObject(msgspec.Struct, gc=False):
    metadata: _BookmarkMeta


class _StatusDetails(msgspec.Struct, gc=False):
    retry_after: float | None = msgspec.field(name="retryAfterSeconds", default=None)


class _Status(msgspec.Struct, gc=False):
    kind: str
    code: int = 0
    reason: str = ""
    message: str = ""
    details: _StatusDetails | None = None


_list_decoder = msgspec.json.Decoder(_List[msgspec.Raw])
_envelope_decoder = msgspec.json.Decoder(_Envelope[msgspec.Raw])
_bookmark_decoder = msgspec.json.Decoder(_BookmarkObject)
_status_decoder = msgspec.json.Decoder(_Status)
_metadata_decoder = msgspec.json.Decoder(KubeObject)


@cache
def _typed_list_decoder(kind: Kind) -> msgspec.json.Decoder[_List[KubeObject]]:
    return msgspec.json.Decoder(_List[kind.type])  # type: ignore[name-defined]


@cache
def _typed_envelope_decoder(kind: Kind) -> msgspec.json.Decoder[_Envelope[KubeObject]]:
    return msgspec.json.Decoder(_Envelope[kind.type])  # type: ignore[name-defined]


def decode_page(kind: Kind, body: bytes) -> ListPage:
    """The page of a list that ``body`` is.

    Raises:
        ApiError: With reason ``BadBody`` when it is none.
    """
    try:
        page = _typed_list_decoder(kind).decode(body)
    except UNREADABLE:
        return _decode_page_by_item(kind, body)
    return ListPage(page.metadata.resource_version, page.metadata.continue_token, page.items or [], [])


def _decode_page_by_item(kind: Kind, body: bytes) -> ListPage:
    try:
        page = _list_decoder.decode(body)
    except UNREADABLE as error:
        raise ApiError(200, BAD_BODY, f"the answer is not a list of {kind.plural}: {error}") from error
    items: list[KubeObject] = []
    malformed: list[Malformed] = []
    for raw in page.items or ():
        read = _read_object(kind, raw)
        if isinstance(read, Malformed):
            malformed.append(read)
        else:
            items.append(read)
    return ListPage(page.metadata.resource_version, page.metadata.continue_token, items, malformed)


def decode_status(body: bytes, http_status: int, http_reason: str) -> ApiError:
    """The error that the body of an answer tells, in the server's words; in HTTP's where it tells none."""
    try:
        status = _status_decoder.decode(body)
    except UNREADABLE:
        status = None
    if status is None or status.kind != "Status":
        return ApiError(http_status, http_reason or BAD_BODY, _excerpt(body) or "no explanation")
    retry_after = status.details.retry_after if status.details else None
    return ApiError(
        status.code or http_status, status.reason or http_reason, status.message or "no message", retry_after
    )


_EVENTS: dict[str, Callable[[KubeObject], WatchEvent]] = {
    "ADDED": ObjectSeen,
    "MODIFIED": ObjectSeen,
    "DELETED": lambda found: ObjectDeleted(found.metadata),
}


class WatchDecoder:
    """Turns the bytes of one watch, cut anywhere, into events.

    Attributes:
        pending_bytes: How much of an unfinished line has come; not 0 at the end of a stream: it broke in a line.
    """

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._typed = _typed_envelope_decoder(kind)
        self._pending = bytearray()

    @property
    def pending_bytes(self) -> int:  # noqa: D102 - described with the class
        return len(self._pending)

    def feed(self, chunk: bytes) -> list[WatchEvent]:
        """The events that are complete with this chunk.

        After a :class:`StreamFailed`, which is then the last, the stream is to be given up.
        """
        end = chunk.rfind(b"\n") + 1
        if not end:
            self._pending += chunk
            if len(self._pending) > MAX_LINE_BYTES:
                return [StreamFailed(ApiError(200, BAD_BODY, f"a line of more than {MAX_LINE_BYTES} bytes"))]
            return []
        lines = chunk[:end] if not self._pending else bytes(self._pending) + chunk[:end]
        self._pending[:] = chunk[end:]
        return self._interpret_all(lines)

    def _interpret_all(self, lines: bytes) -> list[WatchEvent]:
        try:
            return [_EVENTS[typed.type](typed.object) for typed in self._typed.decode_lines(lines)]
        except (*UNREADABLE, KeyError):
            # A bookmark, an error, or something that nobody can read.
            return self._interpret_each(lines)

    def _interpret_each(self, lines: bytes) -> list[WatchEvent]:
        """The events before the line that is none, and what is wrong with that one."""
        events: list[WatchEvent] = []
        for line in filter(bytes.strip, lines.split(b"\n")):
            try:
                envelope = _envelope_decoder.decode(line)
            except UNREADABLE as error:
                said = ApiError(200, BAD_BODY, f"not a watch event: {_excerpt(line)} ({error})")
                return [*events, StreamFailed(said)]
            events.append(self._interpret(envelope))
        return events

    def _interpret(self, envelope: _Envelope[msgspec.Raw]) -> WatchEvent:
        match envelope.type:
            case "ADDED" | "MODIFIED":
                read = _read_object(self._kind, envelope.object)
                return read if isinstance(read, Malformed) else ObjectSeen(read)
            case "DELETED":
                metadata = _read_metadata(envelope.object)
                return ObjectDeleted(metadata) if metadata else Malformed(None, "a deletion without metadata")
            case "BOOKMARK":
                return _read_bookmark(envelope.object)
            case "ERROR":
                return StreamFailed(decode_status(bytes(envelope.object), 500, "InternalError"))
            case other:
                return Malformed(None, f"an event of the unknown type {other!r}")


def _read_object(kind: Kind, raw: msgspec.Raw) -> KubeObject | Malformed:
    try:
        return kind.json_decoder.decode(raw)
    except UNREADABLE as error:
        return Malformed(_read_metadata(raw), str(error))


def _read_metadata(raw: msgspec.Raw) -> ObjectMeta | None:
    try:
        return _metadata_decoder.decode(raw).metadata
    except UNREADABLE:
        return None


def _read_bookmark(raw: msgspec.Raw) -> WatchEvent:
    try:
        metadata = _bookmark_decoder.decode(raw).metadata
    except UNREADABLE as error:
        return Malformed(None, f"a bookmark: {error}")
    return Bookmark(
        metadata.resource_version, (metadata.annotations or {}).get(_INITIAL_EVENTS_END) == "true"
    )


def _excerpt(body: bytes, limit: int = 200) -> str:
    """The beginning of a body on one line, for a message."""
    return " ".join(body[: limit * 2].decode(errors="replace").split())[:limit]
