"""Every scenario, played once by a real Alertmanager and by a real hub, side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..conftest import Stage
from ..peers import Peer, find_peer, version
from .playing import Played, Player
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
    alertmanager: Path, amtool: Path, common_stage: Stage, tmp_path_factory: pytest.TempPathFactory
) -> Played:
    """What both sides did in every scenario. A machine that was too slow gets other chances, slower ones."""
    for unit in UNITS_SECONDS:
        with Alertmanagers(alertmanager).running() as real, Hubs(common_stage).running() as ours:
            starters = {REAL: real.start, OURS: ours.start}
            found = Player(starters, amtool, tmp_path_factory.mktemp("plays"), unit).play(PLAYS)
        if found.late < LATE_UNITS:
            break
    return found
