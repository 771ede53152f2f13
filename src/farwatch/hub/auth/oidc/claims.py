"""What an ID token must say, and whom it is about.

Source: OpenID Connect Core 1.0, sections 2, 3.1.3.6 to 3.1.3.8 and 5.7.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import msgspec

LEEWAY_SECONDS = 60.0
"""How far two clocks may be apart."""
LONGEST_AGE_SECONDS = 15 * 60.0
"""How old an ID token may be that was asked for a moment ago."""

MAX_SUBJECT = 255
MAX_GROUPS = 2000
MAX_TEXT = 254

_HASHES = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}


class ClaimError(Exception):
    """An ID token says something that it must not; the message says what, without repeating what may be secret."""


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What an ID token is held against.

    Attributes:
        issuer: Who must have made it.
        client_id: For whom.
        nonce: The one that was sent with this browser.
        now: Seconds since the epoch.
        algorithm: How it is signed.
        access_token: What came with it.
    """

    issuer: str
    client_id: str
    nonce: str
    now: float
    algorithm: str
    access_token: str


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who somebody is, in their provider's words.

    Attributes:
        subject: Theirs for good.
        username: What they might be called here.
        display_name: As people write it; may be empty.
        email: May be empty.
        email_verified: Whether the provider says that it is theirs.
        groups: Theirs; None where the provider did not say.
    """

    subject: str
    username: str
    display_name: str = ""
    email: str = ""
    email_verified: bool = False
    groups: frozenset[str] | None = None


def check_claims(claims: Mapping[str, Any], expected: Expected) -> None:
    """Hold the claims of an ID token, whose signature is right, against what they must be.

    Raises:
        ClaimError: They are not.
    """
    if claims.get("iss") != expected.issuer:
        raise ClaimError("it is from another issuer (iss)")
    _check_audience(claims, expected.client_id)
    _check_times(claims, expected.now)
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise ClaimError("it was made for another sign-in (nonce)")
    _check_access_token(claims, expected)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT:
        raise ClaimError("it does not say whom it is about (sub)")


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if client_id not in audiences:
        raise ClaimError("it is for another client (aud)")
    party = claims.get("azp")
    if party != client_id and (party is not None or len(audiences) > 1):
        raise ClaimError("it was given to another client (azp)")


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    expires, issued, begins = (_time(claims, name) for name in ("exp", "iat", "nbf"))
    if expires is None or issued is None:
        raise ClaimError("it does not say when it was made and until when it holds (iat, exp)")
    if expires + LEEWAY_SECONDS <= now:
        raise ClaimError("it has expired (exp): are the clocks of the hub and the provider right?")
    if issued - LEEWAY_SECONDS > now or (begins is not None and begins - LEEWAY_SECONDS > now):
        raise ClaimError(
            "it is from the future (iat, nbf): are the clocks of the hub and the provider right?"
        )
    if now - issued > LONGEST_AGE_SECONDS:
        raise ClaimError("it was made long ago (iat)")


def _time(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e12:  # noqa: PLR2004 - the year 33658
        raise ClaimError(f"it has no time where one must be ({name})")
    return float(value)


def _check_access_token(claims: Mapping[str, Any], expected: Expected) -> None:
    """Source: section 3.1.3.8: ``at_hash`` is optional in this flow, and must be right where it is."""
    claimed = claims.get("at_hash")
    if claimed is None:
        return
    # EdDSA names no hash: with Ed25519 it is SHA-512.
    make_hash = _HASHES.get(expected.algorithm[-3:], hashlib.sha512)
    whole = make_hash(expected.access_token.encode()).digest()
    half = base64.urlsafe_b64encode(whole[: len(whole) // 2]).rstrip(b"=")
    if not isinstance(claimed, str) or not hmac.compare_digest(claimed.encode(), half):
        raise ClaimError("it does not belong to the access token that came with it (at_hash)")


def read_identity(claims: Mapping[str, Any], *, groups_claim: str, username_claim: str) -> Identity:
    """Who the claims, of an ID token or of the user info, are about."""
    email = _text(claims, "email")
    names = (username_claim, "preferred_username", "nickname", "upn")
    username = next((name for each in names if (name := _text(claims, each))), "") or email
    return Identity(
        subject=_text(claims, "sub", MAX_SUBJECT),
        username=username or _text(claims, "sub"),
        display_name=_text(claims, "name", 200),
        email=email,
        # Some providers write it as text.
        email_verified=claims.get("email_verified") in (True, "true"),
        groups=_find_groups(claims, groups_claim),
    )


def merge(first: Identity, second: Identity) -> Identity:
    """What the first says, and the second where the first is silent; both are about the same person."""
    from_second = not first.email
    return Identity(
        subject=first.subject,
        username=first.username if first.username != first.subject else second.username,
        display_name=first.display_name or second.display_name,
        email=second.email if from_second else first.email,
        email_verified=second.email_verified if from_second else first.email_verified,
        groups=second.groups if first.groups is None else first.groups,
    )


def _text(claims: Mapping[str, Any], name: str, longest: int = MAX_TEXT) -> str:
    value = claims.get(name)
    return value.strip()[:longest] if isinstance(value, str) else ""


def _find_groups(claims: Mapping[str, Any], name: str) -> frozenset[str] | None:
    """The groups under a name, or under a way of names with dots between them; None where there is no such thing."""
    found: Any = claims.get(name)
    if found is None:
        found = claims
        for step in name.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return frozenset({found})
    if not isinstance(found, list):
        return None
    return frozenset(group for group in found[:MAX_GROUPS] if isinstance(group, str))
