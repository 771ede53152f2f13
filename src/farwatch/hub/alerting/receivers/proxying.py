"""By which proxy a receiver's server is reached."""

from __future__ import annotations

import os
from collections.abc import Mapping

from multidict import CIMultiDict

from farwatch.hub.alerting.receivers.receiver import DeliveryError
from farwatch.hub.alerting.receivers.sections import ProxyConfig
from farwatch.proxy import ProxySettings


class Proxy:
    """The proxy that a configuration names, or leaves to the environment.

    Args:
        config: The configuration.
        environment: Where ``HTTPS_PROXY`` and the like are.
    """

    def __init__(self, config: ProxyConfig, environment: Mapping[str, str] = os.environ) -> None:
        self._config = config
        self._environment = environment
        self.headers: CIMultiDict[str] = CIMultiDict(
            (name, value.reveal()) for name, values in config.proxy_connect_header.items() for value in values
        )

    def resolve(self, url: str) -> str | None:
        """The proxy for an address; None: go there directly.

        Raises:
            DeliveryError: The environment names none that can be used.
        """
        config = self._config
        try:
            if config.proxy_from_environment:
                return ProxySettings.from_environment(self._environment).resolve(url)
            if config.proxy_url and config.no_proxy:
                own = str(config.proxy_url)
                return ProxySettings(https_proxy=own, http_proxy=own, no_proxy=config.no_proxy).resolve(url)
        except ValueError as error:
            raise DeliveryError(f"the proxy cannot be used: {error}", retryable=False) from error
        return config.proxy_url
