"""The files are looked at while the hub works: a changed one holds, a bad one changes nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from farwatch.hub.alerting import Configuration, ConfigurationWatch, first_file

from .conftest import FakeClock, Hub

TEMPLATES = 'templates: ["{folder}/*.tmpl"]'


def text(receiver: str, more: str = "") -> str:
    return f"route: {{receiver: {receiver}}}\nreceivers: [{{name: {receiver}}}]\n{more}\n"


class Folder:
    """A mounted ConfigMap: its files are links by ``..data`` into a folder that is replaced whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._count = 0

    def put(self, **files: str) -> None:
        self._count += 1
        made = self.path / f"..{self._count}"
        made.mkdir(parents=True)
        for name, content in files.items():
            file = name.replace("_", ".")
            (made / file).write_text(content)
            if not (self.path / file).is_symlink():
                (self.path / file).symlink_to(Path("..data") / file)
        fresh = self.path / "..data_tmp"
        fresh.symlink_to(made.name)
        fresh.rename(self.path / "..data")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "alerting")


async def start(folder: Folder, hub: Hub, clock: FakeClock) -> tuple[Configuration, ConfigurationWatch]:
    found = first_file(folder.path / "alertmanager.yml")
    configuration = Configuration(found, await hub.start(found.config), clock.now)
    return configuration, ConfigurationWatch(configuration, 5)


def receiver(configuration: Configuration) -> str:
    return configuration.current.config.receivers[0].name


async def test_a_config_map_that_changes_in_place_is_read_again_once(
    folder: Folder, hub: Hub, clock: FakeClock
) -> None:
    folder.put(alertmanager_yml=text("one"))
    configuration, watch = await start(folder, hub, clock)
    assert not await watch.look()
    folder.put(alertmanager_yml=text("two"))
    assert await watch.look()
    assert receiver(configuration) == "two"
    assert not await watch.look()


async def test_a_file_that_is_written_over_is_read_again(folder: Folder, hub: Hub, clock: FakeClock) -> None:
    folder.put(alertmanager_yml=text("one"))
    configuration, watch = await start(folder, hub, clock)
    (folder.path / "alertmanager.yml").write_text(text("another"))
    assert await watch.look()
    assert receiver(configuration) == "another"


async def test_a_bad_file_changes_nothing_says_so_once_and_its_correction_holds(
    folder: Folder, hub: Hub, clock: FakeClock
) -> None:
    folder.put(alertmanager_yml=text("one"))
    configuration, watch = await start(folder, hub, clock)
    with capture_logs() as logs:
        folder.put(alertmanager_yml="route: {receiver: nobody}\nreceivers: []\n")
        assert await watch.look()
        assert not await watch.look()
    assert receiver(configuration) == "one"
    assert "nobody" in configuration.error
    assert [line["event"] for line in logs if line["log_level"] == "error"] == [
        "alerting configuration not reloaded: the one before stays"
    ]
    folder.put(alertmanager_yml=text("two"))
    assert await watch.look()
    assert (receiver(configuration), configuration.error) == ("two", "")


async def test_a_file_that_is_gone_for_a_while_changes_nothing(
    folder: Folder, hub: Hub, clock: FakeClock
) -> None:
    folder.put(alertmanager_yml=text("one"))
    configuration, watch = await start(folder, hub, clock)
    link = folder.path / "alertmanager.yml"
    link.rename(folder.path / "away")
    assert await watch.look()
    assert receiver(configuration) == "one"
    assert "alertmanager.yml" in configuration.error
    (folder.path / "away").rename(link)
    assert await watch.look()
    assert configuration.error == ""


async def test_files_of_templates_are_looked_at_as_well_new_ones_too(
    folder: Folder, hub: Hub, clock: FakeClock
) -> None:
    config = text("one", TEMPLATES.format(folder=folder.path))
    folder.put(alertmanager_yml=config)
    configuration, watch = await start(folder, hub, clock)
    folder.put(alertmanager_yml=config, ours_tmpl='{{ define "ours" }}a{{ end }}')
    assert await watch.look()
    assert not await watch.look()
    loaded_at = configuration.loaded_at
    await clock.advance(60)
    (folder.path / "ours.tmpl").write_text('{{ define "ours" }}another{{ end }}')
    assert await watch.look()
    assert configuration.loaded_at > loaded_at


async def test_templates_that_are_named_no_more_are_forgotten(
    folder: Folder, hub: Hub, clock: FakeClock
) -> None:
    files = {"ours_tmpl": '{{ define "ours" }}a{{ end }}'}
    folder.put(alertmanager_yml=text("one", TEMPLATES.format(folder=folder.path)), **files)
    _, watch = await start(folder, hub, clock)
    folder.put(alertmanager_yml=text("one"), **files)
    assert await watch.look()
    assert not await watch.look()


async def test_it_looks_at_regular_times_until_it_is_stopped(
    folder: Folder, hub: Hub, clock: FakeClock
) -> None:
    folder.put(alertmanager_yml=text("one"))
    configuration, _ = await start(folder, hub, clock)
    waits: list[float] = []
    turns: asyncio.Queue[None] = asyncio.Queue()
    slept = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        slept.set()
        await turns.get()

    watch = ConfigurationWatch(configuration, 7, sleep)
    watch.start()
    await slept.wait()
    folder.put(alertmanager_yml=text("two"))
    slept.clear()
    turns.put_nowait(None)
    await slept.wait()
    assert receiver(configuration) == "two"
    assert waits == [7, 7]
    await watch.stop()


@pytest.mark.parametrize("seconds", [0, 5])
async def test_without_a_file_or_an_interval_nothing_is_looked_at(
    folder: Folder, hub: Hub, clock: FakeClock, seconds: float
) -> None:
    folder.put(alertmanager_yml=text("one"))
    path = folder.path / "alertmanager.yml" if not seconds else None
    found = first_file(path)
    configuration = Configuration(found, await hub.start(found.config), clock.now)

    async def sleep(_: float) -> None:
        raise AssertionError("it looks")

    watch = ConfigurationWatch(configuration, seconds, sleep)
    watch.start()
    await asyncio.sleep(0)
    await watch.stop()
