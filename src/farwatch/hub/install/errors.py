"""What can go wrong with installs."""

from __future__ import annotations


class InstallError(Exception):
    """The base of what can go wrong with installs; the message is one line and names the way out."""


class InstallOptionsError(InstallError):
    """An option cannot be used."""


class ExternalUrlError(InstallError):
    """The hub does not know an address under which agents may reach it."""


class ChartMissingError(InstallError):
    """The charts are not where this installation of Farwatch has them."""


class RenderError(InstallError):
    """The chart could not be rendered, by no fault of its values."""


class LinkNotFoundError(InstallError):
    """There is no such install link."""


class LinkGoneError(InstallError):
    """The install link was used, or its time is over.

    Attributes:
        state: Which of the two: ``used`` or ``expired``.
    """

    def __init__(self, message: str, state: str) -> None:
        super().__init__(message)
        self.state = state
