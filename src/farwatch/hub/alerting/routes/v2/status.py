"""What runs here, and by which configuration."""

from __future__ import annotations

import platform

import msgspec
from litestar import get
from litestar.datastructures import State

from farwatch import __version__
from farwatch.hub.alerting.configuration import Configuration
from farwatch.hub.alerting.routes.v2.views import spell_seconds
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.auth.visibility import visibility
from farwatch.hub.parameters import AnyRequest

HIDDEN = f"# not shown: that takes {Permission.ALERTING_READ}\n"


class ClusterStatus(msgspec.Struct, frozen=True):
    """Farwatch's hub is no cluster of Alertmanagers."""

    status: str = "disabled"
    peers: tuple[()] = ()


class OriginalConfig(msgspec.Struct, frozen=True):
    """The configuration in YAML, its secrets hidden."""

    original: str


class VersionInfo(msgspec.Struct, frozen=True, rename="camel"):
    """What runs here. There is no Go in it: that field tells which Python."""

    branch: str = ""
    build_date: str = ""
    build_user: str = ""
    go_version: str = f"python{platform.python_version()}"
    revision: str = ""
    version: str = f"farwatch-{__version__}"


class AlertmanagerStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Since when, and by which configuration."""

    cluster: ClusterStatus
    config: OriginalConfig
    uptime: str
    version_info: VersionInfo


@get("/status", opt=needs(Permission.ALERTS_READ), sync_to_thread=False)
def show_status(request: AnyRequest, state: State) -> AlertmanagerStatus:
    """Since when the hub runs and, for who may see it, by which configuration."""
    configuration: Configuration = state.configuration
    may_see = visibility(request, Permission.ALERTING_READ).everything
    return AlertmanagerStatus(
        cluster=ClusterStatus(),
        config=OriginalConfig(configuration.current.text if may_see else HIDDEN),
        uptime=spell_seconds(state.started_at),
        version_info=VersionInfo(),
    )


handlers = [show_status]
