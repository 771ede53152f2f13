"""Roles over HTTP: what each may do."""

from __future__ import annotations

import msgspec
from litestar import Router, get

from farwatch.hub import problems
from farwatch.hub.auth.access import SELF
from farwatch.hub.auth.policy import RULES, Permission, Reach, permissions_of
from farwatch.hub.auth.principal import Role


class PermissionMeaning(msgspec.Struct, frozen=True):
    """What a permission lets people do.

    `reach` is what a grant must cover for it: any `part` of a cluster, the `namespace` or whole `cluster` of a thing, or the
    `fleet`.
    """

    permission: Permission
    reach: Reach
    meaning: str


class RoleView(msgspec.Struct, frozen=True):
    """A role with all its permissions."""

    role: Role
    permissions: list[PermissionMeaning]


class RoleList(msgspec.Struct, frozen=True):
    """Roles; each has the permissions of those before it."""

    items: list[RoleView]


@get("/", opt=SELF, summary="List roles", responses=problems.described(), sync_to_thread=False)
def list_roles() -> RoleList:
    """What each role may do, for the pages that grant them and that say what somebody lacks."""
    return RoleList(
        [
            RoleView(
                role,
                [
                    PermissionMeaning(permission, RULES[permission].reach, RULES[permission].meaning)
                    for permission in permissions_of(role)
                ],
            )
            for role in Role
        ]
    )


router = Router("/roles", route_handlers=[list_roles], tags=["users"])
