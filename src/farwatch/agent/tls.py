"""Whom the link trusts, and what an encrypted connection costs."""

from __future__ import annotations

import ssl
from asyncio.sslproto import SSLProtocol
from pathlib import Path

from farwatch.agent.errors import ConfigError
from farwatch.kube.pacing import FULL_READ_BYTES

TLS_BUFFER_BYTES = 3 * FULL_READ_BYTES
"""How much is read from an encrypted connection at once. asyncio keeps a buffer of 256 KiB for each connection, and
an agent has one for each kind it watches: with these, 2.5 MiB less in all, at the same speed. They are above
``FULL_READ_BYTES``, or else a read could never be a full one, and a pause would follow each."""


def shrink_tls_buffers() -> None:
    """Makes the encrypted connections of this process use smaller buffers."""
    SSLProtocol.max_size = TLS_BUFFER_BYTES


def make_tls_context(ca_file: Path | None) -> ssl.SSLContext | bool:
    """A context that trusts the CAs in a file and no others; without a file True, aiohttp's word for the system's.

    Raises ConfigError when the file cannot be used.
    """
    if ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=str(ca_file))
    except ssl.SSLError as error:
        raise ConfigError(
            f"ca_file: {ca_file} holds no usable certificates in PEM form: {error.reason}"
        ) from error
    except OSError as error:
        raise ConfigError(f"ca_file: cannot read {ca_file}: {error.strerror}") from error
