"""Secrets and other texts that stand in the configuration or in a file, read at each message: they may change."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from farwatch.hub.alerting.receivers.receiver import DeliveryError
from farwatch.hub.alerting.secrets import Secret


def read_secret(inline: Secret | None, file: str | None) -> str:
    """A secret from the configuration, or from the file that it names, read at each message: it may change.

    Raises:
        DeliveryError: The file cannot be read.
    """
    return read_text(None if inline is None else inline.reveal(), file)


def read_text(inline: str | None, file: str | None) -> str:
    """A text from the configuration, or from the file that it names.

    Raises:
        DeliveryError: The file cannot be read.
    """
    if inline is not None:
        return inline
    try:
        return Path(file or "").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise DeliveryError(f"the secret file {file} cannot be read: {reason}", retryable=False) from error


def redact(text: str, secrets: Iterable[str]) -> str:
    """What a service says, without the secrets that it repeats."""
    for secret in secrets:
        text = text.replace(secret, "<secret>") if len(secret) > 1 else text
    return text
