"""The configuration over HTTP."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

import msgspec
from litestar import get, post
from litestar.datastructures import State

from farwatch.hub import problems
from farwatch.hub.alerting.configuration import Configuration
from farwatch.hub.alerting.routes.state import author
from farwatch.hub.audit import Action, audit_details, audits
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.parameters import AnyRequest
from farwatch.hub.times import to_time


class ConfigurationView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The configuration in force. Times are UTC.

    Attributes:
        path: The file it is from, at the hub; empty if there is none.
        digest: Names it: 64 hex digits that change when it does, its secrets aside.
        loaded_at: Since when it is in force.
        error: Why the last reload failed; empty if it did not.
        text: It as it was written, with ``<secret>`` in the place of each secret.
        locked: Why it cannot be edited, and the way out; empty if it can be.
    """

    path: str
    digest: str
    loaded_at: datetime
    error: str
    text: str
    locked: str


def configuration(state: State) -> Configuration:
    """The hub's configuration of alerting."""
    found: Configuration = state.configuration
    return found


def view_configuration(current: Configuration) -> ConfigurationView:
    """The configuration in force as the API shows it."""
    return ConfigurationView(
        path=str(current.path or ""),
        digest=current.digest,
        loaded_at=to_time(current.loaded_at),
        error=current.error,
        text=current.shown,
        locked=current.locked,
    )


@get(
    "/alerting/config",
    opt=needs(Permission.ALERTING_READ),
    summary="Get the alerting configuration",
    responses=problems.described(),
    sync_to_thread=False,
)
def get_alerting_config(state: State) -> ConfigurationView:
    """What is in force, without its secrets."""
    return view_configuration(configuration(state))


@post(
    "/alerting/reload",
    opt=needs(Permission.ALERTING_CONFIGURE) | audits(Action.ALERTING_RELOAD),
    summary="Reload the alerting configuration",
    responses=problems.described(HTTPStatus.CONFLICT),
    status_code=HTTPStatus.OK,
)
async def reload_alerting(state: State, request: AnyRequest) -> ConfigurationView:
    """Read the file again, and go on by it. If anything is wrong with it, what was in force stays so."""
    current = configuration(state)
    await current.reload(author=author(request))
    audit_details(request, digest=current.digest)
    return view_configuration(current)


handlers = [get_alerting_config, reload_alerting]
