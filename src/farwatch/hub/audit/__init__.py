"""What people did, written down so that nobody can change it unseen."""

from farwatch.hub.audit.actions import Action, Result
from farwatch.hub.audit.entries import ANONYMOUS, SYSTEM, Actor, ActorKind, Source, Target
from farwatch.hub.audit.errors import AuditError, AuditFileError, AuditNotKeptError, AuditQueryError
from farwatch.hub.audit.log import Audit
from farwatch.hub.audit.marks import audit_details, audits, not_audited

__all__ = [
    "ANONYMOUS",
    "SYSTEM",
    "Action",
    "Actor",
    "ActorKind",
    "Audit",
    "AuditError",
    "AuditFileError",
    "AuditNotKeptError",
    "AuditQueryError",
    "Result",
    "Source",
    "Target",
    "audit_details",
    "audits",
    "not_audited",
]
