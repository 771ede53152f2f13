"""Strings as Go writes them between double quotes (``strconv.Quote`` and ``strconv.Unquote``)."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
}
_UNESCAPES = {escaped: character.encode() for character, escaped in _ESCAPES.items()}
_PART = re.compile(
    r"""(?P<plain>[^"\\\n]+)|(?P<letter>\\[abfnrtv\\"])"""
    r"""|\\x(?P<hex>[0-9a-fA-F]{2})|\\(?P<octal>[0-3][0-7]{2})|\\u(?P<u4>[0-9a-fA-F]{4})|\\U(?P<u8>[0-9a-fA-F]{8})"""
)


def quote(text: str) -> str:
    """A text between double quotes."""
    return '"' + "".join(_quoted(text)) + '"'


def unquote(text: str) -> str:
    """What stands between double quotes.

    Raises:
        ValueError: It is not rightly quoted, or not UTF-8.
    """
    inside = text[1:-1]
    if len(text) < len('""') or text[0] != '"' or text[-1] != '"':
        raise ValueError(f"{text} is not between double quotes")
    found, at = bytearray(), 0
    while at < len(inside):
        part = _PART.match(inside, at)
        if part is None:
            raise ValueError(f"{text} is wrongly escaped at character {at + 2}")
        found += _bytes(part)
        at = part.end()
    try:
        return found.decode()
    except UnicodeDecodeError:
        raise ValueError(f"{text} is not UTF-8") from None


def _bytes(part: re.Match[str]) -> bytes:
    if part["plain"]:
        return part["plain"].encode()
    if part["letter"]:
        return _UNESCAPES[part["letter"]]
    if part["hex"] or part["octal"]:
        return bytes([int(part["hex"], 16) if part["hex"] else int(part["octal"], 8)])
    code = int(part["u4"] or part["u8"], 16)
    if code > 0x10FFFF:  # noqa: PLR2004 - the last code point
        raise ValueError(f"there is no character {part[0]}")
    return chr(code).encode()


def _quoted(text: str) -> Iterable[str]:
    for character in text:
        if character in _ESCAPES:
            yield _ESCAPES[character]
        elif character.isprintable():
            yield character
        elif (code := ord(character)) < 0x80:  # noqa: PLR2004 - the ASCII range
            yield f"\\x{code:02x}"
        else:
            yield f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 - the basic plane
