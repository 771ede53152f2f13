"""The file is read again while the hub works: what is new holds, what goes on goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from farwatch.hub.alerting import Alerting, Cause, ConfigError, Configuration, NoConfigFileError, first_file
from farwatch.hub.alerting.matchers import Matchers

from .conftest import START, FakeClock, Hub, Sink, alert

HOUR = 3600.0


class File:
    """A configuration in a file that can be changed, and the hub that goes by it."""

    def __init__(self, path: Path, hub: Hub, clock: FakeClock, sink: Sink) -> None:
        self._path = path
        self._hub = hub
        self._clock = clock
        self._sink = sink

    def write(self, text: str) -> None:
        self._path.write_text(text.replace("URL", self._sink.url))

    async def start(self) -> tuple[Alerting, Configuration]:
        found = first_file(self._path)
        alerting = await self._hub.start(found.config)
        return alerting, Configuration(found, alerting, self._clock.now)


@pytest.fixture
def file(tmp_path: Path, hub: Hub, clock: FakeClock, sink: Sink) -> File:
    return File(tmp_path / "alertmanager.yml", hub, clock, sink)


def text(route: str, *names: str, more: str = "") -> str:
    receivers = ", ".join(
        f"{{name: {name}, webhook_configs: [{{url: 'URL'}}]}}" for name in names or ["team"]
    )
    return f"route: {route}\nreceivers: [{receivers}]\n{more}\n"


ROUTE = "{receiver: team, group_by: [alertname], group_wait: 30s, group_interval: 1m, repeat_interval: 12h}"


async def test_what_was_told_is_not_told_again_and_timers_go_on(
    file: File, clock: FakeClock, sink: Sink
) -> None:
    file.write(text(ROUTE))
    alerting, configuration = await file.start()
    await alerting.put([alert("a")])
    await clock.advance(40)
    await alerting.put([alert("b", starts=40)])
    await configuration.reload()
    await clock.advance(HOUR)
    assert sink.told() == [(30, "firing", ["a"]), (90, "firing", ["a", "b"])]


async def test_group_wait_goes_on_where_it_was(file: File, clock: FakeClock, sink: Sink) -> None:
    file.write(text(ROUTE))
    alerting, configuration = await file.start()
    await alerting.put([alert("a")])
    await clock.advance(20)
    await configuration.reload()
    await clock.advance(9)
    assert sink.told() == []
    await clock.advance(1)
    assert sink.told() == [(30, "firing", ["a"])]


async def test_alerts_go_to_the_receivers_of_the_new_tree(file: File, clock: FakeClock, sink: Sink) -> None:
    file.write(text(ROUTE))
    alerting, configuration = await file.start()
    await alerting.put([alert("a", team="web")])
    await clock.advance(60)
    file.write(text("{receiver: team, routes: [{matchers: [team=web], receiver: web}]}", "team", "web"))
    await configuration.reload()
    await clock.advance(60)
    assert [(payload["receiver"], time - START) for time, payload in sink.requests] == [
        ("team", 30),
        ("web", 60),
    ]


async def test_inhibition_and_intervals_of_the_new_file_hold(
    file: File, clock: FakeClock, sink: Sink
) -> None:
    file.write(text(ROUTE))
    alerting, configuration = await file.start()
    await alerting.put([alert("source", severity="critical")])
    file.write(
        text(ROUTE, more="inhibit_rules: [{source_matchers: [severity=critical], target_matchers: [pod=x]}]")
    )
    await configuration.reload()
    await alerting.put([alert("x")])
    await clock.advance(HOUR)
    assert sink.told() == [(30, "firing", ["source"])]


async def test_silences_stay(file: File, clock: FakeClock, sink: Sink) -> None:
    file.write(text(ROUTE))
    alerting, configuration = await file.start()
    await alerting.set_silence(
        matchers=Matchers.parse("pod=a"),
        starts_at=START,
        ends_at=START + HOUR,
        created_by="on-call",
        comment="known",
    )
    await configuration.reload()
    await alerting.put([alert("a")])
    await clock.advance(HOUR - 1)
    assert sink.told() == []


async def test_what_is_being_sent_is_sent_to_its_end_and_told_once(
    file: File, clock: FakeClock, sink: Sink
) -> None:
    file.write(text(ROUTE))
    alerting, configuration = await file.start()

    async def reload() -> None:
        sink.on_request = None
        await configuration.reload()

    sink.on_request = reload
    await alerting.put([alert("a")])
    await clock.advance(HOUR)
    assert sink.told() == [(30, "firing", ["a"])]


async def test_a_route_that_goes_while_it_tells_leaves_nothing_behind(
    file: File, clock: FakeClock, sink: Sink
) -> None:
    file.write(text("{receiver: team, routes: [{matchers: [pod=a], group_wait: 10s}]}"))
    alerting, configuration = await file.start()

    async def reload() -> None:
        sink.on_request = None
        file.write(text("{receiver: team, group_wait: 10m}"))
        await configuration.reload()

    sink.on_request = reload
    await alerting.put([alert("a")])
    await clock.advance(HOUR)
    await alerting.put([alert("a", ends=HOUR)])
    await clock.advance(HOUR)
    assert [told for _, _, told in sink.told()] == [["a"], ["a"], ["-a"]]
    assert alerting.groups() == []


async def test_a_file_with_faults_changes_nothing_and_is_told_as_such(
    file: File, clock: FakeClock, sink: Sink
) -> None:
    file.write(text(ROUTE))
    alerting, configuration = await file.start()
    before = configuration.current
    loaded_at = configuration.loaded_at
    await alerting.put([alert("a")])
    await clock.advance(10)
    file.write(text("{receiver: nobody}", more="banana: 1"))
    with pytest.raises(ConfigError, match="unknown key `banana`"):
        await configuration.reload()
    assert "banana" in configuration.error
    assert (configuration.current, configuration.loaded_at) == (before, loaded_at)
    await clock.advance(20)
    assert sink.told() == [(30, "firing", ["a"])]
    file.write(text(ROUTE))
    await configuration.try_reload(Cause.SIGNAL)
    assert configuration.error == ""
    assert configuration.loaded_at == START + 30


async def test_without_a_file_there_is_nothing_to_reload(hub: Hub, clock: FakeClock) -> None:
    found = first_file(None)
    configuration = Configuration(found, await hub.start(found.config), clock.now)
    with pytest.raises(NoConfigFileError, match="started without --alerting"):
        await configuration.reload()
    await configuration.try_reload(Cause.SIGNAL)
    assert configuration.error == ""
    assert "receiver: nobody" in found.text


async def test_the_digest_changes_with_the_file(file: File) -> None:
    file.write(text(ROUTE))
    _, configuration = await file.start()
    first = configuration.digest
    await configuration.reload()
    assert configuration.digest == first
    file.write(text("{receiver: team}"))
    await configuration.reload()
    assert configuration.digest != first


async def test_no_secret_is_in_the_text_wherever_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "alertmanager.yml"
    path.write_text("""
# commented-secret
global:
  slack_api_url: https://slack.example/top-secret
  smtp_auth_password: &shared top-secret
  smtp_smarthost: mail.example:25
  smtp_from: hub@example.com
route: {receiver: team}
receivers:
- name: team
  slack_configs:
  - channel: '#alerts'
  webhook_configs:
  - url: https://hook.example/top-secret
    http_config:
      basic_auth: {username: me, password: *shared}
  - url_file: /etc/secrets/hook
    http_config: {authorization: {credentials: top-secret}}
  pagerduty_configs: [{routing_key: top-secret}]
""")
    shown = first_file(path).text
    assert "secret>" in shown
    assert "top-secret" not in shown
    assert "commented-secret" not in shown
    for kept in ("#alerts", "/etc/secrets/hook", "username: me", "mail.example:25"):
        assert kept in shown
