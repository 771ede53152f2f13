"""What an agent tells of its rights, as the hub keeps and shows it."""

from __future__ import annotations

from datetime import datetime

import msgspec

from farwatch.link.frames import PermissionNote, PermissionReport

MAX_NOTES = 50
MAX_WORDS = 50
MAX_LENGTH = 300


class PermissionNoteView(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Each of the verbs on each of the resources, in a namespace or the whole cluster."""

    verbs: tuple[str, ...]
    resources: tuple[str, ...]
    namespace: str = ""
    names: tuple[str, ...] = ()
    capability: str = ""


class PermissionsView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The agent's rights in its cluster, held against those it needs.

    Attributes:
        checked_at: When, UTC.
        missing: What its settings need and it may not do.
        excess: What it may do beyond all that it could ever need.
        omitted: How many more of either sort there are.
        complete: Whether the API server told all rights.
        problem: Why they could not be looked at.
    """

    checked_at: datetime
    missing: tuple[PermissionNoteView, ...]
    excess: tuple[PermissionNoteView, ...]
    omitted: int
    complete: bool
    problem: str


def bound_permissions(report: PermissionReport | None) -> PermissionReport | None:
    """An agent's words, cut to what is kept of them."""
    if report is None:
        return None
    cut = max(0, len(report.missing) - MAX_NOTES) + max(0, len(report.excess) - MAX_NOTES)
    return msgspec.structs.replace(
        report,
        missing=tuple(_bound(note) for note in report.missing[:MAX_NOTES]),
        excess=tuple(_bound(note) for note in report.excess[:MAX_NOTES]),
        omitted=max(0, report.omitted) + cut,
        problem=report.problem[:MAX_LENGTH],
    )


def show_permissions(report: PermissionReport | None) -> PermissionsView | None:
    """The report as the API shows it."""
    if report is None:
        return None
    return PermissionsView(
        checked_at=report.checked_at,
        missing=tuple(_show(note) for note in report.missing),
        excess=tuple(_show(note) for note in report.excess),
        omitted=report.omitted,
        complete=report.complete,
        problem=report.problem,
    )


def _bound(note: PermissionNote) -> PermissionNote:
    return PermissionNote(
        verbs=_bound_words(note.verbs),
        resources=_bound_words(note.resources),
        namespace=note.namespace[:MAX_LENGTH],
        names=_bound_words(note.names),
        capability=note.capability[:MAX_LENGTH],
    )


def _bound_words(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word[:MAX_LENGTH] for word in words[:MAX_WORDS])


def _show(note: PermissionNote) -> PermissionNoteView:
    return PermissionNoteView(
        verbs=note.verbs,
        resources=note.resources,
        namespace=note.namespace,
        names=note.names,
        capability=note.capability,
    )
