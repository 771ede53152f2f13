"""The secrets of an install link, and how the text that it delivers is kept without them.

A link's token is known to nobody but who asked for it: the hub keeps its digest. The agent's token is derived from it,
and stands in the text as a mask; who comes with the link brings what fills it in again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from farwatch.hub.auth import secrets
from farwatch.hub.install.errors import RenderError

LINK_PREFIX = "fwi"

MASK = "...the agent's token, in the text that is delivered..."
MASK_BASE64 = "...the agent's token in base64, in the text that is delivered..."

_LINK = re.compile(rf"{LINK_PREFIX}_[A-Za-z0-9_-]{{43}}")


def make_link_token() -> str:
    """A new link's token."""
    return secrets.mint(LINK_PREFIX)


def is_link_token(text: str) -> bool:
    """Whether it looks like one; what does not need not be looked up."""
    return _LINK.fullmatch(text) is not None


def derive_secret(link_token: str, token_id: str) -> str:
    """The secret part of the agent token that a link delivers: 256 bits in URL-safe base64."""
    derived = hmac.digest(link_token.encode(), f"farwatch agent token {token_id}".encode(), "sha256")
    return base64.urlsafe_b64encode(derived).rstrip(b"=").decode()


def mask(text: str, agent_token: str) -> str:
    """The text without the agent's token.

    Raises:
        RenderError: The token is not in it, or it could not be filled in again.
    """
    masked = text.replace(_base64(agent_token), MASK_BASE64).replace(agent_token, MASK)
    if masked == text:
        raise RenderError(
            "the agent's token is not in what the chart made: this version of the chart is not ours"
        )
    if unmask(masked, agent_token) != text:
        raise RenderError(
            "what the chart made holds the mask of the agent's token: leave it out of the values"
        )
    return masked


def unmask(masked: str, agent_token: str) -> str:
    """The text as it was."""
    return masked.replace(MASK_BASE64, _base64(agent_token)).replace(MASK, agent_token)


def checksum(text: str) -> str:
    """SHA-256 in hex, as ``sha256sum`` says it of what was downloaded."""
    return hashlib.sha256(text.encode()).hexdigest()


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
