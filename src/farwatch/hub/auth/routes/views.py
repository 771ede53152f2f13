"""What answers about people show, in one shape."""

from __future__ import annotations

import msgspec

from farwatch.hub.auth.principal import Grant, Role, Scope


class GrantView(msgspec.Struct, frozen=True):
    """A role, and where its holder has it."""

    role: Role
    scope: Scope

    @classmethod
    def of(cls, grant: Grant) -> GrantView:
        """As answers show it."""
        return cls(grant.role, grant.scope)
