"""Random secrets: shown once, kept only as hashes."""

from __future__ import annotations

import hashlib
import hmac
import secrets

_BYTES = 32
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


def mint(prefix: str) -> str:
    """A new token of 256 random bits; the prefix tells people and secret scanners what it is."""
    return f"{prefix}_{secrets.token_urlsafe(_BYTES)}"


def digest(token: str) -> str:
    """What is stored of a token: SHA-256 in hex. A slow hash would add nothing to 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def matches(token: str, stored_digest: str) -> bool:
    """Whether a token is the one whose digest was stored, compared in constant time."""
    return hmac.compare_digest(digest(token), stored_digest)


def mint_password() -> str:
    """A password for people to type once: four groups of five, 99 random bits, nothing that looks like something else."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(5)) for _ in range(4))
