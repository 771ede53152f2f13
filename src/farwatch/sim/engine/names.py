"""Names as Kubernetes makes them up."""

from __future__ import annotations

import hashlib
import random
from typing import Any

import msgspec

_LETTERS = "bcdfghjklmnpqrstvwxz2456789"  # k8s.io/apimachinery/pkg/util/rand: without vowels, spells no words


def suffix(randomness: random.Random, length: int = 5) -> str:
    """What the API server appends to a generateName, ``vg54t``."""
    return "".join(randomness.choices(_LETTERS, k=length))


def template_hash(template: dict[str, Any]) -> str:
    """The pod-template-hash of a template, ``5f696c7fb5``: same letters and length, our own hash function."""
    encoded = msgspec.json.encode(template, order="deterministic")
    number = int.from_bytes(hashlib.blake2b(encoded, digest_size=4).digest())
    # The real one writes a 32-bit number in decimal and maps each digit to a letter, so that it has up to ten.
    return "".join(_LETTERS[int(digit) + 11] for digit in str(number))


def container_id(randomness: random.Random) -> str:
    """A container's ID as containerd gives it."""
    return f"containerd://{randomness.getrandbits(256):064x}"
