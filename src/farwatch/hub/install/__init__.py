"""Installing an agent by one line: links that deliver, once, what `kubectl apply` takes."""

from farwatch.hub.install.errors import (
    ChartMissingError,
    ExternalUrlError,
    InstallError,
    InstallOptionsError,
    LinkGoneError,
    LinkNotFoundError,
    RenderError,
)
from farwatch.hub.install.installs import InstallCounters, Installs
from farwatch.hub.install.options import InstallOptions
from farwatch.hub.install.rendering import Renderer

__all__ = [
    "ChartMissingError",
    "ExternalUrlError",
    "InstallCounters",
    "InstallError",
    "InstallOptions",
    "InstallOptionsError",
    "Installs",
    "LinkGoneError",
    "LinkNotFoundError",
    "RenderError",
    "Renderer",
]
