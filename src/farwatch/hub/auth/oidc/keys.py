"""The keys by which a provider signs, and which of them a token may be signed with.

Sources: RFC 7515, section 4; RFC 7517.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
)  # fmt: skip
"""By which ID tokens may be signed: with a private key of the provider's alone. Never ``none``, never a shared secret."""


class KeySet(msgspec.Struct, frozen=True):
    """A provider's keys. Source: RFC 7517."""

    keys: list[dict[str, Any]]


class Header(msgspec.Struct, frozen=True):
    """The header of a signed token."""

    alg: str
    kid: str | None = None
    crit: Any = None


def choose_key(known: KeySet, header: Header) -> dict[str, Any] | None:
    """The key for a header: the one it names, or the only one that fits where it names none."""
    fitting = [key for key in known.keys if _fits(key, header)]
    return fitting[0] if len(fitting) == 1 or (fitting and header.kid is not None) else None


def _fits(key: Mapping[str, Any], header: Header) -> bool:
    """Whether a key may have signed what has this header; a shared key never may."""
    families = {"RSA": ("RS", "PS"), "EC": ("ES",), "OKP": ("Ed",)}
    family = families.get(str(key.get("kty")), ())
    # Whatever a provider writes there: it need not be text.
    return (
        header.alg.startswith(family)
        and key.get("use", "sig") == "sig"
        and key.get("alg", header.alg) == header.alg
        and (header.kid is None or header.kid == key.get("kid"))
    )
