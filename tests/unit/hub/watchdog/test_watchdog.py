from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from farwatch.hub.alerting import Alert, AlertsNotKeptError
from farwatch.hub.store.directory import DataDirectory
from farwatch.hub.store.records import Records
from farwatch.hub.watchdog import Life, Watchdog
from farwatch.hub.watchdog.life import hub_life
from farwatch.hub.watchdog.troubles import HUB_LOST, HUB_UNWELL, INGEST_LAG


class Alerting:
    """Takes alerts, unless told not to."""

    def __init__(self) -> None:
        self.taken: list[Alert] = []
        self.fails = False

    async def put(self, alerts: Sequence[Alert]) -> None:
        if self.fails:
            raise AlertsNotKeptError("the disk is full")
        self.taken += alerts

    def active(self) -> list[Alert]:
        return [alert for alert in self.taken if alert.ends_at is None]

    def told(self) -> list[tuple[str, bool]]:
        return [(alert.labels["alertname"], alert.ends_at is None) for alert in self.taken]


class Lag:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def lags(self) -> dict[str, float]:
        return self.seconds


class Bench:
    """A watchdog, and all it looks at."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.time = 1_000_000.0
        self.alerting = Alerting()
        self.lag = Lag()
        self.faults: list[str] = []

    def watchdog(self) -> Watchdog:
        return Watchdog(
            life=Life(self.records),
            lag=self.lag,  # type: ignore[arg-type]
            alerting=self.alerting,  # type: ignore[arg-type]
            find_faults=lambda: self.faults,
            runbook_url="",
            clock=lambda: self.time,
        )

    async def run(self, seconds: float) -> None:
        """One run of the hub, killed after so many seconds."""
        watchdog = self.watchdog()
        await watchdog.start()
        assert watchdog._task
        watchdog._task.cancel()
        await self.look(watchdog, seconds)

    async def look(self, watchdog: Watchdog, seconds: float) -> None:
        for _ in range(int(seconds // 5) + 1):
            await watchdog.look()
            self.time += 5


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    directory = DataDirectory.claim(tmp_path / "data")
    records = await Records.open(directory)
    yield Bench(records)
    await records.close()
    directory.release()


async def test_a_hub_that_was_lost_tells_so_when_it_is_back_and_ends_it_by_itself(bench: Bench) -> None:
    await bench.run(60)
    bench.time += 3600
    await bench.run(700)
    assert bench.alerting.told() == [(HUB_LOST, True), (HUB_LOST, False)]
    assert "away for 1 h 0 min" in bench.alerting.taken[0].annotations["description"]
    assert "ended without being told to" in bench.alerting.taken[0].annotations["description"]


async def test_a_hub_that_was_stopped_for_long_says_that_it_was_stopped(bench: Bench) -> None:
    watchdog = bench.watchdog()
    await watchdog.start()
    await watchdog.stop()
    bench.time += 600
    await bench.run(0)
    assert "It had been told to stop." in bench.alerting.taken[0].annotations["description"]


async def test_a_restart_is_not_worth_telling(bench: Bench) -> None:
    await bench.run(60)
    bench.time += 50
    await bench.run(700)
    assert bench.alerting.told() == []


async def test_a_restart_while_it_is_told_that_the_hub_was_lost_ends_that(bench: Bench) -> None:
    await bench.run(0)
    bench.time += 3600
    await bench.run(0)
    await bench.run(10)
    assert bench.alerting.told() == [(HUB_LOST, True), (HUB_LOST, False)]


async def test_faults_of_the_hubs_parts_are_an_alert(bench: Bench) -> None:
    bench.faults = ["the disk is full", "nobody is notified"]
    await bench.run(65)
    [alert] = bench.alerting.taken
    assert alert.labels["alertname"] == HUB_UNWELL
    assert alert.annotations["description"] == "the disk is full; nobody is notified"


async def test_a_cluster_that_is_behind_is_an_alert_and_keeps_the_heartbeat_back(bench: Bench) -> None:
    watchdog = bench.watchdog()
    bench.lag.seconds = {"near": 2, "far": 45.4}
    assert watchdog.faults() == ["What happens in far reaches the hub 45 s late."]
    await bench.look(watchdog, 65)
    [alert] = bench.alerting.taken
    assert (alert.labels["alertname"], alert.labels["cluster"]) == (INGEST_LAG, "far")


async def test_an_alert_that_could_not_be_kept_is_put_again(bench: Bench) -> None:
    bench.faults = ["the disk is full"]
    bench.alerting.fails = True
    watchdog = bench.watchdog()
    await bench.look(watchdog, 100)
    assert bench.alerting.told() == []
    bench.alerting.fails = False
    await bench.look(watchdog, 5)
    assert bench.alerting.told() == [(HUB_UNWELL, True)]


async def test_records_that_cannot_be_written_do_not_end_the_watch(bench: Bench) -> None:
    watchdog = bench.watchdog()
    async with bench.records.begin() as connection:
        await connection.execute(sa.DDL("DROP TABLE hub_life"))
    bench.faults = ["the disk is full"]
    await bench.look(watchdog, 65)
    await watchdog.stop()
    assert bench.alerting.told() == [(HUB_UNWELL, True)]
    assert hub_life.name == "hub_life"


async def test_a_fault_in_looking_is_a_fault_of_the_hub_until_it_looks_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    watchdog = bench.watchdog()
    await watchdog.start()
    with monkeypatch.context() as broken:
        broken.setattr(bench.lag, "lags", lambda: {"east": "late"})
        await watchdog.look()
    (fault,) = watchdog.faults()
    assert fault.startswith("the hub cannot look at itself (TypeError)")
    await watchdog.look()
    assert watchdog.faults() == []
    await watchdog.stop()
