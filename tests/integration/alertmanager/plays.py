"""Which scenarios play on which configuration."""

from __future__ import annotations

from .cases import (
    amtool,
    api,
    chance,
    grouping,
    inhibition,
    intervals,
    receivers,
    routing,
    services,
    silencing,
    templates,
    timing,
    twisted,
)
from .playing import Play

PLAYS = [
    Play(
        "main",
        [
            *grouping.SCENARIOS,
            *timing.SCENARIOS,
            *routing.SCENARIOS,
            *inhibition.SCENARIOS,
            *silencing.SCENARIOS,
            *intervals.SCENARIOS,
            *receivers.SCENARIOS,
            *api.SCENARIOS,
            *amtool.SCENARIOS,
            *chance.SCENARIOS,
            *templates.SCENARIOS,
            *services.SCENARIOS,
            *twisted.SCENARIOS,
        ],
        extra={
            "global": {"resolve_timeout": 1001},
            "time_intervals": intervals.INTERVALS,
            "templates": list(templates.FILES),
        },
        files=templates.FILES,
    ),
    Play("forgetful", timing.FORGETFUL, extra={"global": {"resolve_timeout": 6}}),
]
