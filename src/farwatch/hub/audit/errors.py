"""What can go wrong with the audit log."""

from __future__ import annotations


class AuditError(Exception):
    """The base of what can go wrong with the audit log; the message is one line and names the way out."""


class AuditNotKeptError(AuditError):
    """An entry cannot be written: what it is about must not be done, or not be told of as done."""


class AuditQueryError(AuditError):
    """What is asked of the audit log cannot be answered."""


class AuditFileError(AuditError):
    """What should hold an audit log does not."""
