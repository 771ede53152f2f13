"""What a hub is started with."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from farwatch.logs import LogLevel


class OptionsError(Exception):
    """An option cannot be used; the message is one line that names it, the fault, and the way out."""


class HubOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a hub runs.

    Attributes:
        data: The directory of its stores.
        listen: ``HOST:PORT`` to serve on; port 0 takes a free one.
        alerting: A file in Alertmanager's format; None tells nobody.
        detectors: A YAML file with the detectors' settings; None takes the defaults.
        external_url: The hub's address as people reach it; empty takes the one it listens on.
        retention_days: How long changes and alert events are kept.
        agent_grace_seconds: How long an agent may be away before it is called lost.
        log_level: From which level on to log.
        admin_token: An API token to accept; None makes one at the first start.
    """

    data: Path = Path("data")
    listen: str = "127.0.0.1:8080"
    alerting: Path | None = None
    detectors: Path | None = None
    external_url: str = ""
    retention_days: int = 14
    agent_grace_seconds: float = 45.0
    log_level: str = "info"
    admin_token: str | None = None

    def check(self) -> None:
        """Look at what can be judged before anything is opened.

        Raises:
            OptionsError: An option cannot be used.
        """
        if self.log_level.lower() not in set(LogLevel):
            raise OptionsError(f"--log-level {self.log_level[:50]!r} is none of {', '.join(LogLevel)}")
        if self.external_url and not _is_web_address(self.external_url):
            raise OptionsError(
                f"--external-url {self.external_url[:200]!r} is not an address such as https://hub.example.com"
            )


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return (
        parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.query and not parts.fragment
    )
