"""A self-signed certificate for a server on loopback, made with the ``openssl`` command."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

from farwatch.sim.errors import SimError

_DAYS = "30"


@dataclass(frozen=True)
class Certificate:
    """A certificate, which is its own authority, and its key."""

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """For a server."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, self.key)
        return context


def make_certificate(folder: Path) -> Certificate:
    """Write a new certificate and key into a folder; SimError when openssl is missing or fails."""
    made = Certificate(folder / "sim.crt", folder / "sim.key")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    command += ["-days", _DAYS, "-subj", "/CN=farwatch-sim"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1,IP:::1,DNS:localhost"]
    command += ["-keyout", str(made.key), "-out", str(made.certificate)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - no part is from outside
    except FileNotFoundError:
        raise SimError("TLS needs the openssl command: install it, or serve plain HTTP") from None
    except subprocess.CalledProcessError as error:
        raise SimError(f"openssl could not make a certificate in {folder}: {error.stderr.strip()}") from None
    return made
