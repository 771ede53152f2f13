"""The functions of templates: Alertmanager's (``template.DefaultFuncs``), beside Go's own."""

from __future__ import annotations

import json
import math
import re
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote_plus

import gotpl
import re2
from goduration import Duration
from gotime import UTC as GO_UTC
from gotime import Location, ParseError, Time

from farwatch.hub.alerting.templates.data import Moment, Span, Texts
from farwatch.hub.times import to_time

Function = Callable[..., Any]

# What Go's casers see as one word: a mark within letters does not end it.
_WORD = re.compile(r"\w+(?:['\u2019.:\u00b7]\w+)*")
_REFERENCE = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))")
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False  # they are raised

_SMALL_PREFIXES = ("m", "u", "n", "p", "f", "a", "z", "y")


def functions(now: Callable[[], float]) -> dict[str, Function]:
    """By name; ``now`` gives seconds since the epoch."""

    def moment() -> Moment:
        return Moment.at(to_time(now()))

    def since(then: Moment) -> Span:
        return Span(moment().time.subtract(then.time))

    return {**_TIMELESS, "now": moment, "since": since}


def _title(text: str) -> str:
    return _WORD.sub(lambda word: word[0][:1].upper() + word[0][1:].lower(), text)


def _join(separator: str, texts: Iterable[str]) -> str:
    return separator.join(texts)


def _texts(*texts: str) -> Texts:
    return Texts(texts)


def _match(pattern: str, text: str) -> bool:
    return _compiled(pattern).search(text) is not None


def _replace_all(pattern: str, replacement: str, text: str) -> str:
    return str(_compiled(pattern).sub(lambda match: _expanded(replacement, match), text))


def _compiled(pattern: str) -> Any:
    # RE2 is Go's own syntax, and takes linear time whatever the pattern is.
    try:
        return re2.compile(pattern, _OPTIONS)
    except re2.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error.args[0]!r}") from error


def _expanded(replacement: str, match: Any) -> str:
    """Go's ``Regexp.Expand``: a group that is not there is empty."""

    def value(reference: re.Match[str]) -> str:
        if reference[1]:
            return "$"
        name = reference[2] or reference[3]
        try:
            return match.group(int(name) if name.isdecimal() else name) or ""
        except (IndexError, KeyError):
            return ""

    return _REFERENCE.sub(value, replacement)


def _date(layout: str, moment: Moment) -> str:
    return moment.time.format(layout)


def _in_zone(name: str, moment: Moment) -> Moment:
    return Moment(moment.time.in_location(Location.load(name)))


def _to_date(layout: str, text: str) -> Moment:
    try:
        return _must_to_date(layout, text)
    except ParseError:
        return Moment.at(None)


def _must_to_date(layout: str, text: str) -> Moment:
    return Moment(Time.parse_in_location(layout, text, GO_UTC))


def _humanize_duration(value: Any) -> str:
    """Seconds, or a duration, in days to seconds, or in fractions of a second."""
    seconds = _seconds(value)
    if not math.isfinite(seconds) or seconds == 0:
        return f"{_go_float(seconds)}s" if seconds == 0 else _go_float(seconds)
    if abs(seconds) < 1:
        return _fraction(seconds)
    sign, seconds = "-" if seconds < 0 else "", abs(seconds)
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    if day:
        return f"{sign}{day}d {hour}h {minute}m {second}s"
    if hour:
        return f"{sign}{hour}h {minute}m {second}s"
    return f"{sign}{minute}m {second}s" if minute else f"{sign}{seconds:.4g}s"


def _seconds(value: Any) -> float:
    if isinstance(value, Span):
        return value.duration.total_seconds()
    if isinstance(value, Duration):
        return value.total_seconds()
    return float(value)


def _go_float(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return f"{value:.4g}"


def _fraction(seconds: float) -> str:
    steps = min(math.ceil(-math.log10(abs(seconds)) / 3), len(_SMALL_PREFIXES))
    return f"{seconds * 1_000**steps:.4g}{_SMALL_PREFIXES[steps - 1]}s"


def _to_json(value: Any) -> str:
    text = json.dumps(
        value, default=_plain, sort_keys=isinstance(value, Mapping), separators=(",", ":"), ensure_ascii=False
    )
    # As Go: safe within HTML.
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _plain(value: Any) -> Any:
    if isinstance(value, Span):
        return value.duration.total_nanoseconds()
    return value.as_json()


def _route_label(_name: str) -> str:
    # As upstream for a label that a route does not have; the configuration refuses those that would.
    return ""


def _base64_encode(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode()


def _base64_decode(text: str) -> str:
    return b64decode(text, altchars=b"-_", validate=True).decode()


def _list(*items: Any) -> list[Any]:
    return list(items)


def _append(items: list[Any], *more: Any) -> list[Any]:
    return [*items, *more]


def _dict(*items: Any) -> dict[str, Any]:
    if len(items) % 2:
        raise ValueError("dict takes names and values by turns")
    return dict(zip(items[::2], items[1::2], strict=True))


_TIMELESS: dict[str, Function] = {
    "append": _append,
    "base64decode": _base64_decode,
    "base64encode": _base64_encode,
    "date": _date,
    "dict": _dict,
    "humanizeDuration": _humanize_duration,
    "join": _join,
    "list": _list,
    "match": _match,
    "mustToDate": _must_to_date,
    "reReplaceAll": _replace_all,
    "routeLabels": _route_label,
    "safeHtml": gotpl.HTML,
    "safeUrl": gotpl.URL,
    "stringSlice": _texts,
    "title": _title,
    "toDate": _to_date,
    "toJson": _to_json,
    "toLower": lambda text: text.lower(),
    "toUpper": lambda text: text.upper(),
    "trimSpace": lambda text: text.strip(),
    "tz": _in_zone,
    "urlUnescape": unquote_plus,
}
