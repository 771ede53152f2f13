"""Objects in the forms a client may ask for: whole, as ``PartialObjectMetadata``, or as rows of a ``Table``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from farwatch.sim.collection import Entry
from farwatch.sim.resources import Resource
from farwatch.sim.server.columns import columns_of
from farwatch.sim.server.listing import Page

_META = "meta.k8s.io/v1"


class Form(StrEnum):
    """How objects are to be answered."""

    WHOLE = ""
    TABLE = "Table"
    METADATA = "PartialObjectMetadata"


@dataclass(frozen=True)
class Shape:
    """A form, and for tables what stands beside the cells: ``None``, ``Metadata`` or ``Object``."""

    form: Form = Form.WHOLE
    include: str = "Metadata"


def read_shape(accept: str, query: Mapping[str, str]) -> Shape:
    """The first form in an Accept header that this server knows."""
    include = query.get("includeObject", "Metadata")
    for media in accept.split(","):
        parts = dict(part.strip().partition("=")[::2] for part in media.split(";")[1:])
        wanted = parts.get("as", "").removesuffix("List")
        if wanted in (Form.TABLE, Form.METADATA):
            return Shape(Form(wanted), include)
        if not wanted and media.split(";")[0].strip() in ("application/json", "*/*"):
            break
    return Shape()


def encode_page(resource: Resource, page: Page, shape: Shape, now: float) -> bytes:
    """A list of the page's objects."""
    metadata = msgspec.json.encode(page.metadata())
    if shape.form is Form.TABLE:
        return msgspec.json.encode(_table(resource, page.entries, page.metadata(), shape, now))
    if shape.form is Form.METADATA:
        kind, version = "PartialObjectMetadataList", _META
        items = [msgspec.json.encode(_partial(entry.decode())) for entry in page.entries]
    else:
        kind, version = f"{resource.kind}List", resource.api_version
        # Items of a list say neither kind nor apiVersion: both stand first in every stored object.
        said = len(
            b'{"kind":"%s","apiVersion":"%s",' % (resource.kind.encode(), resource.api_version.encode())
        )
        items = [b"{" + entry.encoded[said:] for entry in page.entries]
    head = b'{"kind":"%s","apiVersion":"%s","metadata":' % (kind.encode(), version.encode())
    return b"".join((head, metadata, b',"items":[', b",".join(items), b"]}\n"))


def encode_entry(resource: Resource, entry: Entry, shape: Shape, now: float) -> bytes:
    """One object."""
    if shape.form is Form.TABLE:
        metadata = {"resourceVersion": str(entry.resource_version)}
        return msgspec.json.encode(_table(resource, (entry,), metadata, shape, now))
    if shape.form is Form.METADATA:
        return msgspec.json.encode(_partial(entry.decode()))
    return entry.encoded


def _table(
    resource: Resource, entries: Iterable[Entry], metadata: dict[str, Any], shape: Shape, now: float
) -> dict[str, Any]:
    return {
        "kind": "Table",
        "apiVersion": _META,
        "metadata": metadata,
        "columnDefinitions": [
            {
                "name": column.name,
                "type": column.type,
                "format": "name" if column.name == "Name" else "",
                "description": "",
                "priority": int(column.wide),
            }
            for column in columns_of(resource.name)
        ],
        "rows": [_row(resource, entry.decode(), shape, now) for entry in entries],
    }


def _row(resource: Resource, document: dict[str, Any], shape: Shape, now: float) -> dict[str, Any]:
    row: dict[str, Any] = {"cells": [column.cell(document, now) for column in columns_of(resource.name)]}
    if shape.include == "Object":
        row["object"] = document
    elif shape.include != "None":
        row["object"] = _partial(document)
    return row


def _partial(document: dict[str, Any]) -> dict[str, Any]:
    return {"kind": Form.METADATA, "apiVersion": _META, "metadata": document["metadata"]}
