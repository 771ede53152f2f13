"""Every scenario, played once by a real Alertmanager and by a real hub, side by side."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from ..conftest import Stage
from ..peers import Peer, find_peer, version
from .comparison import compare
from .playing import Performance, Play, Played, Player
from .plays import PLAYS
from .sides import OURS, REAL, Alertmanagers, Hubs

UNITS_SECONDS = (1.0, 2.0, 3.0)
"""How long a unit is: at first, and when that was too fast for the machine."""
LATE_UNITS = 0.9
"""What happens later than this may fall on the other side of a flush: the play is worth nothing."""


@pytest.fixture(scope="session")
def alertmanager() -> Path:
    return find_peer(Peer.ALERTMANAGER)


@pytest.fixture(scope="session")
def amtool() -> Path:
    return find_peer(Peer.AMTOOL)


@pytest.fixture(scope="session")
def peer_version(alertmanager: Path) -> tuple[int, ...]:
    return version(alertmanager)


@pytest.fixture(scope="module")
def played(
    alertmanager: Path,
    amtool: Path,
    peer_version: tuple[int, ...],
    common_stage: Stage,
    tmp_path_factory: pytest.TempPathFactory,
) -> Played:
    """What both sides did in every scenario.

    What differs, and what came too late, has other chances, slower ones: a side that does otherwise does so each
    time, a machine that was held up does not.
    """
    performances: dict[tuple[str, str], Performance] = {}
    plays: Sequence[Play] = PLAYS
    for unit in UNITS_SECONDS:
        with Alertmanagers(alertmanager).running() as real, Hubs(common_stage).running() as ours:
            starters = {REAL: real.start, OURS: ours.start}
            found = Player(starters, amtool, tmp_path_factory.mktemp("plays"), unit).play(plays)
        performances |= found.performances
        if found.late < LATE_UNITS:
            plays = list(_differing(plays, performances, peer_version))
        if not plays:
            break
    return Played(performances, found.late)


def _differing(
    plays: Sequence[Play], performances: Mapping[tuple[str, str], Performance], peer: tuple[int, ...]
) -> Iterator[Play]:
    """The scenarios in which the sides differ and should not."""
    for play in plays:
        scenarios = [
            each
            for each in play.scenarios
            if not (each.twist or each.differs_from(peer))
            and compare(performances[REAL, each.name], performances[OURS, each.name])
        ]
        if scenarios:
            yield dataclasses.replace(play, scenarios=scenarios)
