"""What people do that is written down."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """An act, named after what it is done to and what is done."""

    LOG_BEGIN = "audit.begin"
    SESSION_CREATE = "session.create"
    SESSION_END = "session.end"
    SESSION_EXPIRE = "session.expire"
    SESSION_LOCK_OUT = "session.lock-out"
    PASSWORD_CHANGE = "password.change"  # noqa: S105 - the name of an act
    TOKEN_CREATE = "token.create"  # noqa: S105 - likewise
    TOKEN_REVOKE = "token.revoke"  # noqa: S105 - likewise
    USER_CREATE = "user.create"
    USER_CHANGE = "user.change"
    USER_REMOVE = "user.remove"
    USER_UNLOCK = "user.unlock"
    GRANT_CHANGE = "grant.change"
    TEAM_CREATE = "team.create"
    TEAM_CHANGE = "team.change"
    TEAM_REMOVE = "team.remove"
    ADMIN_RESET = "admin.reset"
    CLUSTER_CREATE = "cluster.create"
    CLUSTER_CHANGE = "cluster.change"
    CLUSTER_REMOVE = "cluster.remove"
    CLUSTER_TOKEN_ROTATE = "cluster-token.rotate"  # noqa: S105 - likewise
    CLUSTER_TOKEN_REVOKE = "cluster-token.revoke"  # noqa: S105 - likewise
    INSTALL_LINK_CREATE = "install-link.create"
    KEY_CREATE = "organisation-key.create"
    KEY_REVOKE = "organisation-key.revoke"
    ALERTING_CHANGE = "alerting.change"
    ALERTING_RELOAD = "alerting.reload"
    RECEIVER_TEST = "receiver.test"
    SILENCE_CREATE = "silence.create"
    SILENCE_CHANGE = "silence.change"
    SILENCE_END = "silence.end"
    ALERT_ACKNOWLEDGE = "alert.acknowledge"
    ALERT_WITHDRAW = "alert.withdraw"
    ALERT_SNOOZE = "alert.snooze"
    BACKUP_CREATE = "backup.create"

    @property
    def noun(self) -> str:
        """What it is done to: ``silence`` of ``silence.create``."""
        return self.value.partition(".")[0]


class Result(StrEnum):
    """How an act ended."""

    OK = "ok"
    DENIED = "denied"
    """Who asked was not let in, or may not do it."""
    FAILED = "failed"
    """It could not be done, or not as it was asked for."""
    UNKNOWN = "unknown"
    """It was begun, and the hub ended before it knew."""
