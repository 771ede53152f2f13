"""Alertmanager's identity of label sets, for one or for many at a time.

It is FNV-1a of 64 bits over the sorted names and values (``LabelSet.Fingerprint`` in prometheus/common), so that ids can
be compared with what other tools of the field show. The hash goes byte by byte, which costs Python 20 µs for a common
label set; of many, all are taken one byte further at a time, as lanes of one large integer, which costs a quarter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

_OFFSET = 0xCBF29CE484222325
_PRIME = 0x100000001B3
_MASK = 0xFFFFFFFFFFFFFFFF

_LANE_BYTES = 16
"""A product of 64 bits and the prime's 41 stays within its lane."""

_FEWEST = 8
"""Below this, one by one is faster."""

_MOST = 256
"""Above this, integers outgrow the processor's nearest cache."""


def fingerprint(labels: Mapping[str, str]) -> str:
    """The identity of a label set: 16 hex digits, the same for the same labels in any order."""
    return _fingerprint(frozenset(labels.items()))


def fingerprints(label_sets: Sequence[Mapping[str, str]]) -> list[str]:
    """The identities of many label sets, in their order."""
    if len(label_sets) < _FEWEST:
        return [fingerprint(labels) for labels in label_sets]
    found: list[str] = []
    for start in range(0, len(label_sets), _MOST):
        found += _hash_lanes([_spell(labels) for labels in label_sets[start : start + _MOST]])
    return found


# The hub's own alerts come again and again.
@lru_cache(maxsize=16_384)
def _fingerprint(labels: frozenset[tuple[str, str]]) -> str:
    digest = _OFFSET
    for byte in _spell(dict(labels)):
        digest = (digest ^ byte) * _PRIME & _MASK
    return f"{digest:016x}"


def _spell(labels: Mapping[str, str]) -> bytes:
    """What is hashed: every name and value, each with a byte behind it that UTF-8 never has."""
    parts = [part.encode() for pair in sorted(labels.items()) for part in pair]
    return b"\xff".join([*parts, b""])


def _hash_lanes(texts: list[bytes]) -> list[str]:
    """FNV-1a of each text; the longest is in the lowest lane, so that lanes end from the top."""
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]), reverse=True)
    ordered = [texts[index] for index in order]
    lanes = len(texts)
    digests = [""] * lanes
    state, mask, lowest = (_fill(value, lanes) for value in (_OFFSET, _MASK, 0xFF))
    block = 0
    for place in range(len(ordered[0]) + 1):
        if lanes and len(ordered[lanes - 1]) == place:
            while lanes and len(ordered[lanes - 1]) == place:
                lanes -= 1
                digests[order[lanes]] = f"{state >> (lanes * _LANE_BYTES * 8) & _MASK:016x}"
            end = (1 << lanes * _LANE_BYTES * 8) - 1
            state, mask, lowest, block = state & end, mask & end, lowest & end, block & end
        if place % _LANE_BYTES == 0:
            parts = [text[place : place + _LANE_BYTES] for text in ordered[:lanes]]
            block = int.from_bytes(b"".join([part.ljust(_LANE_BYTES, b"\0") for part in parts]), "little")
        state = (state ^ block & lowest) * _PRIME & mask
        block >>= 8
    return digests


def _fill(value: int, lanes: int) -> int:
    """A value in every lane."""
    return int.from_bytes(value.to_bytes(_LANE_BYTES, "little") * lanes, "little")
