"""TLS contexts from the forms in which certificates come: files, PEM text, none at all."""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path

from farwatch.kube.errors import KubeConfigError


def server_context(ca_file: Path | None = None, ca_pem: str = "", *, verify: bool = True) -> ssl.SSLContext:
    """A context that verifies a server by these authorities; by the system's where none are given.

    Raises:
        KubeConfigError: They cannot be read.
    """
    if not verify:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    try:
        context = ssl.create_default_context(cafile=ca_file, cadata=ca_pem or None)
    except (OSError, ValueError) as error:
        raise KubeConfigError(f"certificate authority {ca_file or 'data'}: {_describe(error)}") from error
    # Python 3.13 turned on checks that the certificates of many clusters' own authorities do not pass.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def add_client_certificate(context: ssl.SSLContext, certificate_pem: bytes, key_pem: bytes) -> None:
    """Have the context show this certificate.

    Raises:
        KubeConfigError: Certificate and key cannot be read or do not belong together.
    """
    try:
        # OpenSSL reads them from a file only; this one is ours alone and gone at once.
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            file.write(certificate_pem + b"\n" + key_pem)
            file.flush()
            # An empty password, as otherwise an encrypted key would ask for one on the terminal.
            context.load_cert_chain(file.name, password="")
    except (OSError, ValueError) as error:
        raise KubeConfigError(f"client certificate and key: {_describe(error)}") from error


def _describe(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return f"not usable ({error.reason or error.strerror or error})"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error)
