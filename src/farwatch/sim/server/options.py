"""What a list or watch request asks for: ``metav1.ListOptions``, checked as the server checks them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from farwatch.sim.collection import Entry
from farwatch.sim.errors import StatusError, bad_request
from farwatch.sim.resources import Resource
from farwatch.sim.selectors import Selector, parse_field_selector, parse_label_selector


@dataclass(frozen=True, kw_only=True)
class ListOptions:
    """The query of a list or watch.

    Attributes:
        labels: The label selector.
        fields: The field selector.
        limit: The most items of a page; 0 for all.
        continue_token: Where the page before ended.
        version: The resource version asked for, None when none was given.
        match: ``Exact``, ``NotOlderThan`` or empty.
        watch: Whether changes are asked for.
        bookmarks: Whether bookmarks are welcome.
        initial_events: Whether a watch begins with what there is; None leaves it to the resource version.
        timeout: Seconds after which the server ends a watch; None leaves it to the server.
    """

    labels: Selector
    fields: Selector
    limit: int = 0
    continue_token: str = ""
    version: int | None = None
    match: str = ""
    watch: bool = False
    bookmarks: bool = False
    initial_events: bool | None = None
    timeout: float | None = None

    def selects(self, entry: Entry) -> bool:
        """Whether both selectors match."""
        return self.labels.matches(entry.labels) and self.fields.matches(entry.fields)


def read_options(query: Mapping[str, str], resource: Resource) -> ListOptions:
    """The options of a query; StatusError 400 or 422 for what does not parse or go together."""
    version = query.get("resourceVersion", "")
    options = ListOptions(
        labels=parse_label_selector(query.get("labelSelector", "")),
        fields=parse_field_selector(query.get("fieldSelector", ""), resource),
        limit=_number(query, "limit") or 0,
        continue_token=query.get("continue", ""),
        version=_version(version, resource) if version else None,
        match=query.get("resourceVersionMatch", ""),
        watch=_boolean(query, "watch") or False,
        bookmarks=_boolean(query, "allowWatchBookmarks") or False,
        initial_events=_boolean(query, "sendInitialEvents"),
        timeout=_number(query, "timeoutSeconds") or None,
    )
    _check(options)
    return options


def _check(options: ListOptions) -> None:
    if options.match and options.match not in ("Exact", "NotOlderThan"):
        raise _unsupported(options.match)
    if options.watch:
        _check_watch(options)
    elif options.initial_events is not None:
        raise _forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list")
    elif options.match and options.version is None:
        raise _forbidden(
            "resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided"
        )
    elif options.match == "Exact" and options.version == 0:
        raise _forbidden(
            "resourceVersionMatch", 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
        )
    elif options.continue_token and options.version:
        raise bad_request("specifying resource version is not allowed when using continue")


def _check_watch(options: ListOptions) -> None:
    if options.initial_events is None:
        if options.match:
            raise _forbidden(
                "resourceVersionMatch",
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
            )
    elif options.match != "NotOlderThan":
        raise _forbidden(
            "resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        )


def _forbidden(field: str, why: str) -> StatusError:
    return _invalid(field, f"Forbidden: {why}", "FieldValueForbidden")


def _unsupported(match: str) -> StatusError:
    what = f'Unsupported value: "{match}": supported values: "", "Exact", "NotOlderThan"'
    return _invalid("resourceVersionMatch", what, "FieldValueNotSupported")


def _invalid(field: str, what: str, cause: str) -> StatusError:
    details = {
        "group": "meta.k8s.io",
        "kind": "ListOptions",
        "causes": [{"reason": cause, "message": what, "field": field}],
    }
    message = f'ListOptions.meta.k8s.io "" is invalid: {field}: {what}'
    return StatusError(422, "Invalid", message, details)


def _version(text: str, resource: Resource) -> int:
    if text.isascii() and text.isdigit():
        return int(text)
    what = f'Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
    details = {"kind": resource.kind, "causes": [{"reason": "FieldValueInvalid", "message": what}]}
    raise StatusError(
        422, "Invalid", f'{resource.qualified_kind} "" is invalid: resourceVersion: {what}', details
    )


def _number(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name, "")
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None


def _boolean(query: Mapping[str, str], name: str) -> bool | None:
    """As Go's converter reads it: present means true, except ``false`` and ``0``."""
    text = query.get(name)
    return None if text is None else text.lower() not in ("false", "0")
