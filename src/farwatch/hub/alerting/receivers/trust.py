"""How servers are trusted over TLS, and how we show who we are."""

from __future__ import annotations

import os
import ssl
import tempfile

from farwatch.hub.alerting.receivers.receiver import DeliveryError
from farwatch.hub.alerting.receivers.sections import TlsConfig

_VERSIONS = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}


class Trust:
    """The context for TLS; made anew when one of its files has changed, so that certificates can be rotated."""

    def __init__(self, config: TlsConfig) -> None:
        self._config = config
        self._made: tuple[object, ssl.SSLContext | bool] = (None, True)

    def context(self) -> ssl.SSLContext | bool:
        """The context; True for the usual one.

        Raises:
            DeliveryError: A file cannot be used.
        """
        key = _freshness(self._config)
        if key != self._made[0]:
            self._made = (key, tls_context(self._config))
        return self._made[1]


def tls_context(config: TlsConfig) -> ssl.SSLContext:
    """How servers are trusted, and how we show who we are.

    Raises:
        DeliveryError: A file cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=config.ca_file, cadata=config.ca)
        if config.insecure_skip_verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if config.min_version:
            context.minimum_version = _VERSIONS[config.min_version]
        if config.max_version:
            context.maximum_version = _VERSIONS[config.max_version]
        _show_who_we_are(context, config)
    except (OSError, ValueError) as error:
        raise DeliveryError(f"`tls_config` cannot be used: {error}", retryable=False) from error
    return context


def _show_who_we_are(context: ssl.SSLContext, config: TlsConfig) -> None:
    if config.cert_file and config.key_file:
        context.load_cert_chain(config.cert_file, config.key_file)
        return
    certificate = config.cert
    key = config.key.reveal() if config.key else None
    if not (certificate or config.cert_file):
        return
    # The library reads files alone; what stands in the configuration is in one for as long as that takes.
    with tempfile.TemporaryDirectory(prefix="farwatch-") as directory:
        paths = []
        for name, text, file in (("cert", certificate, config.cert_file), ("key", key, config.key_file)):
            path = file or f"{directory}/{name}"
            if text is not None:
                with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as written:  # noqa: PTH123
                    written.write(text)
            paths.append(path)
        context.load_cert_chain(*paths)


def _freshness(config: TlsConfig) -> tuple[object, ...] | None:
    """What changes when the files of a configuration do; None where there is nothing to configure."""
    if config == TlsConfig(server_name=config.server_name):
        return None
    files = (config.ca_file, config.cert_file, config.key_file)
    try:
        return tuple(os.stat(file).st_mtime_ns if file else 0 for file in files)  # noqa: PTH116
    except OSError as error:
        raise DeliveryError(
            f"`tls_config`: {error.filename} cannot be read: {error.strerror}", retryable=False
        ) from error
