"""A JSON schema of the configuration, made of the sections that read it: what an editor offers is what will be taken."""

from __future__ import annotations

import inspect
import re
from functools import cache
from typing import Any, Literal, get_args, get_origin

import msgspec

from farwatch.hub.alerting.config import Config
from farwatch.hub.alerting.document import Section, _without_none
from farwatch.hub.alerting.secrets import Secret

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_TEXT = ["string", "number", "boolean", "null"]
"""As in Go, a number where text is wanted is its text; what is empty is not set."""

_TYPES = {bool: ["boolean", "null"], int: ["integer", "null"]}
_PLAIN = {str, bool, int}

_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)

Schema = dict[str, Any]


@cache
def schema() -> Schema:
    """The schema. Every configuration that can be used is valid by it; not everything that is valid can be used."""
    definitions: dict[str, Schema] = {}
    root = _section(Config, definitions)
    return {
        "$schema": DIALECT,
        "title": "Farwatch's alerting configuration, in the format of Alertmanager's",
        **root,
        "$defs": definitions,
    }


def _section(section: type[Section], definitions: dict[str, Schema]) -> Schema:
    meanings = _meanings(section)
    properties: dict[str, Schema] = {}
    required = []
    for field in msgspec.structs.fields(section):
        found = _value(field.type, definitions)
        if meaning := meanings.get(field.name):
            found = {**found, "description": meaning}
        properties[field.encode_name] = found
        if field.required:
            required.append(field.encode_name)
    for name in sorted(section.later):
        properties[name] = {"not": {}, "description": "Not supported yet: it is refused."}
    # What is missing may be taken over by a merge key, which an editor's parser may leave as it stands.
    described: Schema = {
        "type": ["object", "null"],
        "description": _first_paragraph(section),
        "properties": {**properties, "<<": {}},
        "additionalProperties": False,
    }
    if required:
        described["anyOf"] = [{"required": required}, {"required": ["<<"]}, {"type": "null"}]
    return described


def _value(declared: Any, definitions: dict[str, Schema]) -> Schema:
    wanted = _without_none(declared)
    arguments = get_args(wanted)
    match get_origin(wanted):
        case origin if origin is list:
            return {"type": ["array", "null"], "items": _value(arguments[0], definitions)}
        case origin if origin is dict:
            return {"type": ["object", "null"], "additionalProperties": _value(arguments[1], definitions)}
        case origin if origin is Literal:
            return {"enum": [*arguments, None]}
    if issubclass(wanted, Section):
        name = wanted.__name__
        if name not in definitions:
            definitions[name] = {}  # sections may hold themselves
            definitions[name] = _section(wanted, definitions)
        return {"$ref": f"#/$defs/{name}"}
    return _single(wanted)


def _single(wanted: type) -> Schema:
    if hasattr(wanted, "convert"):
        return {"description": _first_paragraph(wanted)}
    if issubclass(wanted, Secret):
        return {
            "type": _TEXT,
            "description": "A secret; it is shown as <secret> ever after.",
            "format": "password",
        }
    found: Schema = {"type": _TYPES.get(wanted, _TEXT)}
    return found if wanted in _PLAIN else {**found, "description": _first_paragraph(wanted)}


def _meanings(section: type) -> dict[str, str]:
    """What the docstrings of a section and those above it say of its attributes."""
    found: dict[str, str] = {}
    for one in reversed(section.__mro__):
        for name, words in _ATTRIBUTE.findall(inspect.cleandoc(one.__doc__ or "")):
            found[name] = " ".join(words.replace("``", "`").split())
    return found


def _first_paragraph(kind: type) -> str:
    text = inspect.getdoc(kind) or ""
    return " ".join(text.split("\n\n")[0].replace("``", "`").split())
