"""What who asks may see and change of alerts and silences."""

from __future__ import annotations

from farwatch.hub.alerting.alerts import KnownAlert
from farwatch.hub.alerting.errors import AlertNotFoundError
from farwatch.hub.alerting.extent import Extent, reaches, spell
from farwatch.hub.alerting.matchers import Matchers
from farwatch.hub.alerting.routes.state import alerting
from farwatch.hub.alerting.silences import Silence
from farwatch.hub.auth.access import ForbiddenError
from farwatch.hub.auth.policy import Decision, Missing, Permission
from farwatch.hub.auth.principal import Role
from farwatch.hub.auth.visibility import Visibility, visibility
from farwatch.hub.parameters import AnyRequest

MAX_WAYS = 300
"""So many characters of a way out are told at most."""


def alerts_seen(request: AnyRequest) -> Visibility:
    """The alerts that who asks may see."""
    return visibility(request, Permission.ALERTS_READ)


def find_alert(request: AnyRequest, fingerprint: str) -> KnownAlert | None:
    """An alert, if there is one that who asks may see: whether there is another one is none of their business."""
    known = alerting(request.app.state).get(fingerprint)
    if known is None or not alerts_seen(request).sees_labels(known.alert.labels):
        return None
    return known


def known_alert(request: AnyRequest, fingerprint: str) -> KnownAlert:
    """The alert of a fingerprint.

    Raises:
        AlertNotFoundError: There is none that who asks may see.
    """
    known = find_alert(request, fingerprint)
    if known is None:
        raise AlertNotFoundError.of(fingerprint)
    return known


def change_alert(request: AnyRequest, fingerprint: str) -> KnownAlert | None:
    """An alert that who asks may acknowledge or snooze; None if there is none that they may see.

    Raises:
        ForbiddenError: They may see it, and no more.
    """
    known = find_alert(request, fingerprint)
    if known is not None:
        visibility(request, Permission.ALERTS_WRITE).require_labels(known.alert.labels)
    return known


def sees_silence(request: AnyRequest, matchers: Matchers) -> bool:
    """Whether who asks may see a silence: one that may hush what they see."""
    return reaches(matchers, visibility(request, Permission.SILENCES_READ).areas())


def find_silence(request: AnyRequest, silence_id: str) -> Silence | None:
    """A silence, if there is one that who asks may see."""
    silence = alerting(request.app.state).silences.get(silence_id)
    return silence if silence is not None and sees_silence(request, silence.matchers) else None


def require_silence(request: AnyRequest, matchers: Matchers) -> None:
    """Let who asks make, change or end a silence, or not: it must hush nothing that is not theirs to silence.

    Raises:
        ForbiddenError: It may; the message says which matchers would keep it from that.
    """
    extent = Extent.of(matchers)
    areas = visibility(request, Permission.SILENCES_WRITE).areas()
    if extent.within(areas):
        return
    cluster, namespace = _only(extent.clusters), _only(extent.namespaces)
    ways = spell(areas)
    way_out = f"add {ways[:MAX_WAYS]}, " if ways else ""
    reason = (
        f"a silence with {matchers} may hush alerts that are not yours to silence: {way_out}or have somebody who manages "
        f"users grant you {Permission.SILENCES_WRITE} there"
    )
    missing = Missing(Permission.SILENCES_WRITE, Role.OPERATOR, cluster, namespace)
    raise ForbiddenError(Decision(allowed=False, reason=reason, missing=missing))


def _only(names: tuple[str, ...] | None) -> str:
    return names[0] if names and len(names) == 1 else ""
