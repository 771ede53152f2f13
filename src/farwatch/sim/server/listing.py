"""Lists in pages that show one moment, however much changes between the pages."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import islice

import msgspec

from farwatch.sim.collection import Entry, Key
from farwatch.sim.errors import StatusError, bad_request, too_large
from farwatch.sim.resources import Resource
from farwatch.sim.server.options import ListOptions
from farwatch.sim.store import Store

# k8s.io/apiserver/pkg/storage/etcd3/errors.go
_LIST_EXPIRED = "The resourceVersion for the provided list is too old."
_CONTINUE_EXPIRED = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list "
    "without the continue parameter, or use the continue token in this response to retrieve the remainder of the "
    "results. Continuing with the provided token results in an inconsistent list - objects that were created, "
    "modified, or deleted between the time the first chunk was returned and now may show up in the list."
)
_INCONSISTENT = -1  # in a token: go on with whatever there is now
_TOKEN_VERSION = "meta.k8s.io/v1"  # noqa: S105 - a format's name
_ALPHABET = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


class _Token(msgspec.Struct):
    """What a continue token says: the version of the first page and the key to go on from."""

    v: str
    rv: int
    start: str


@dataclass
class Page:
    """One answer to a list request.

    Attributes:
        entries: The objects, by namespace and name.
        resource_version: The moment that it shows.
        continue_token: For the next page; empty on the last.
        remaining: How many objects follow, when that is known.
    """

    entries: list[Entry] = field(default_factory=list)
    resource_version: int = 0
    continue_token: str = ""
    remaining: int | None = None

    def metadata(self) -> dict[str, object]:
        """The list's ``metadata``."""
        metadata: dict[str, object] = {"resourceVersion": str(self.resource_version)}
        if self.continue_token:
            metadata["continue"] = self.continue_token
            if self.remaining is not None:
                metadata["remainingItemCount"] = self.remaining
        return metadata


def read_page(store: Store, resource: Resource, namespace: str, options: ListOptions) -> Page:
    """The page that the options ask for; StatusError 400 for a bad token, 410 for a moment too long ago."""
    moment, after = _moment(store, options)
    collection = store.collection(resource.name)
    if moment is None:
        entries = collection.entries(namespace, after)
    else:
        _check_remembered(store, resource, moment, after)
        entries = collection.entries_at(moment, namespace, after)
    page = Page(resource_version=store.resource_version if moment is None else moment)
    selected = filter(options.selects, entries)
    page.entries = list(islice(selected, options.limit or None))
    if options.limit and next(selected, None):
        last = page.entries[-1].key
        page.continue_token = _write_token(page.resource_version, last)
        if not (options.labels or options.fields):
            page.remaining = collection.count_after(namespace, last)
    return page


def _moment(store: Store, options: ListOptions) -> tuple[int | None, Key | None]:
    """The resource version to show, None for now, and the key to go on behind."""
    if options.continue_token:
        version, after = _read_token(options.continue_token)
        return (None if version == _INCONSISTENT else version), after
    asked = options.version or 0
    if asked > store.resource_version:
        raise too_large(asked, store.resource_version)
    exact = options.match == "Exact" or (not options.match and options.limit)
    return (asked if asked and exact else None), None


def _check_remembered(store: Store, resource: Resource, moment: int, after: Key | None) -> None:
    try:
        store.collection(resource.name).check_version(moment, store.resource_version)
    except StatusError as error:
        if error.code != HTTPStatus.GONE:
            raise
        if after is None:
            raise StatusError(error.code, error.reason, _LIST_EXPIRED) from None
        token = _write_token(_INCONSISTENT, after)
        raise StatusError(error.code, error.reason, _CONTINUE_EXPIRED, continue_token=token) from None


def _write_token(version: int, last: Key) -> str:
    start = "/".join(part for part in last if part) + "\0"
    token = msgspec.json.encode(_Token(_TOKEN_VERSION, version, start))
    return base64.urlsafe_b64encode(token).rstrip(b"=").decode()


def _read_token(text: str) -> tuple[int, Key]:
    raw = text.encode()
    bad = next((i for i, byte in enumerate(raw) if byte not in _ALPHABET), None)
    if bad is None and len(raw) % 4 == 1:
        bad = len(raw) - 1
    if bad is not None:
        raise _bad_token(f"continue key is not valid: illegal base64 data at input byte {bad}")
    try:
        token = msgspec.json.decode(base64.urlsafe_b64decode(raw + b"=" * (-len(raw) % 4)), type=_Token)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _bad_token(f"continue key is not valid: {error}") from None
    if token.v != _TOKEN_VERSION:
        raise _bad_token(
            f'continue key is not valid: server does not recognize this encoded version "{token.v}"'
        )
    namespace, _, name = token.start.removesuffix("\0").rpartition("/")
    return token.rv, (namespace, name)


def _bad_token(why: str) -> StatusError:
    return bad_request(f"invalid continue token: {why}")
