"""Whom the link trusts."""

from __future__ import annotations

import ssl
from pathlib import Path

from farwatch.agent.errors import ConfigError


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
