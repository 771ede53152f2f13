"""What of the fleet somebody may see."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from farwatch.hub.auth.policy import Permission
from farwatch.hub.auth.visibility import visibility
from farwatch.hub.inventory import Sees
from farwatch.hub.parameters import AnyRequest


def _everything(*_: object) -> bool:
    return True


class Sight(msgspec.Struct, frozen=True):
    """What somebody may see; by default, everything.

    Attributes:
        objects: Which objects, by cluster and namespace; None: all.
        shows_cluster: Which clusters, by name.
        shows_alert: Which alerts, by their labels.
    """

    objects: Sees | None = None
    shows_cluster: Callable[[str], bool] = _everything
    shows_alert: Callable[[Mapping[str, str]], bool] = _everything


def see(request: AnyRequest) -> Sight:
    """What who asks may see."""
    objects = visibility(request, Permission.OBJECTS_READ)
    return Sight(
        objects=None if objects.everything else objects.sees,
        shows_cluster=visibility(request, Permission.CLUSTERS_READ).sees_part,
        shows_alert=visibility(request, Permission.ALERTS_READ).sees_labels,
    )
