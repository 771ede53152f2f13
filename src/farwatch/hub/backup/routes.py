"""Backups over HTTP."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import Router, get, post
from litestar.datastructures import State
from litestar.params import JSONBody

from farwatch.hub import problems
from farwatch.hub.audit import Action, Target, audit_details, audits
from farwatch.hub.auth.access import needs
from farwatch.hub.auth.policy import Permission
from farwatch.hub.backup.backups import Backups
from farwatch.hub.backup.folder import Backup
from farwatch.hub.parameters import AnyRequest


class NewBackup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked for.

    Attributes:
        keep: How many backups to keep, the new one included; without it, all stay.
    """

    keep: Annotated[int, msgspec.Meta(ge=1, le=1000)] | None = None


class BackupList(msgspec.Struct, frozen=True):
    """Backups, the newest first."""

    items: list[Backup]


def _backups(state: State) -> Backups:
    backups: Backups = state.backups
    return backups


@get(
    "/",
    opt=needs(Permission.BACKUPS_MANAGE),
    summary="List backups",
    responses=problems.described(HTTPStatus.SERVICE_UNAVAILABLE),
)
async def list_backups(state: State) -> BackupList:
    """Every backup that is whole, in the directory of the hub."""
    return BackupList(await _backups(state).list())


@post(
    "/",
    opt=needs(Permission.BACKUPS_MANAGE) | audits(Action.BACKUP_CREATE),
    summary="Write a backup",
    responses=problems.described(HTTPStatus.CONFLICT, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def create_backup(state: State, request: AnyRequest, data: JSONBody[NewBackup]) -> Backup:
    """Write a consistent backup while the hub works; the answer comes when all of it is on the disk."""
    audit_details(request, keep=data.keep)
    backup = await _backups(state).create(data.keep)
    audit_details(request, target=Target(name=backup.name), bytes=backup.bytes)
    return backup


router = Router("/backups", route_handlers=[list_backups, create_backup], tags=["backups"])
