from __future__ import annotations

from typing import Any

import pytest

from farwatch.hub.alerting.acknowledgements import Acknowledgements
from farwatch.hub.alerting.explain.explanation import Explainer, Explanation
from farwatch.hub.alerting.matchers import Matchers
from farwatch.hub.store.records import Records

from ..conftest import START, FakeClock, Hub, Sink, alert, configuration

CONFIG = """
route:
  receiver: team
  group_by: [alertname]
  routes: [{{matchers: [team="db"], receiver: db}}]
inhibit_rules:
  - {{name: lost, source_matchers: [alertname="ClusterLost"], target_matchers: [alertname!="ClusterLost"], equal: [cluster]}}
receivers:
  - name: team
    webhook_configs: [{{url: '{url}'}}]
  - name: db
"""
WEB = alert("web", cluster="prod")


class World:
    def __init__(self, hub: Hub, alerting: Any, records: Records, clock: FakeClock) -> None:
        self.hub = hub
        self.alerting = alerting
        self.clock = clock
        self.acknowledgements = Acknowledgements(records, alerting.get, clock.now)

    def explain(self, **labels: str) -> Explanation:
        explainer = Explainer(self.alerting, self.acknowledgements)
        return explainer.explain(labels or WEB.labels, self.clock.now())

    def words(self) -> tuple[str, ...]:
        return self.explain().destinations[0].words[3:]


@pytest.fixture
async def world(hub: Hub, records: Records, clock: FakeClock, sink: Sink) -> World:
    alerting = await hub.start(configuration(CONFIG.format(url=sink.url)))
    return World(hub, alerting, records, clock)


class TestLabels:
    async def test_of_no_alert_tell_what_would_happen(self, world: World) -> None:
        found = world.explain(alertname="A", team="db")
        assert found.status == "unknown"
        assert found.words[0] == "There is no such alert now; this is what would happen if there were."
        assert [place.receiver for place in found.destinations] == ["db"]
        assert found.destinations[0].group is None

    async def test_of_an_alert_tell_how_it_stands_from_first_to_last(self, world: World) -> None:
        await world.alerting.put([WEB])
        await world.clock.advance(12)
        found = world.explain()
        assert found.status == "firing"
        assert found.words == [
            "The alert fires since 2026-03-01 03:00:00 UTC.",
            "No silence and no inhibition applies to it.",
        ]
        assert found.destinations[0].group is not None
        assert found.destinations[0].group.alerts == 1
        assert world.words() == ("webhook is not told yet: the group waits for its group_wait, 18s left.",)

        await world.clock.advance(20)
        assert world.words() == ("webhook was told 2s ago, and is told again in 3h59m if nothing changes.",)

        await world.acknowledgements.acknowledge(WEB.fingerprint, author="admin", note="on it")
        assert world.explain().words[1:] == [
            "admin acknowledged it at 2026-03-01 03:00 UTC: on it.",
            "No silence and no inhibition applies to it.",
        ]
        await world.alerting.put([alert("web", ends=31, cluster="prod")])
        assert world.explain().status == "resolved"
        await world.clock.advance(300)
        assert world.explain().destinations[0].group is None

    async def test_a_group_is_told_again_while_one_of_its_alerts_is_nobody_s(self, world: World) -> None:
        other = alert("db", cluster="prod")
        await world.alerting.put([WEB, other])
        await world.clock.advance(40)
        await world.acknowledgements.acknowledge(WEB.fingerprint, author="admin")
        assert world.words() == ("webhook was told 10s ago, and is told again in 3h59m if nothing changes.",)
        await world.acknowledgements.acknowledge(other.fingerprint, author="robot")
        assert world.words() == ("webhook was told 10s ago, and is not told again while admin sees to it.",)

    async def test_a_receiver_that_refuses_is_told_with_its_words(self, world: World, sink: Sink) -> None:
        from aiohttp import web  # noqa: PLC0415

        sink.otherwise = web.Response(status=403, text="no")
        await world.alerting.put([WEB])
        await world.clock.advance(40)
        (words,) = world.words()
        assert words.startswith("webhook could not be told (")
        assert words.endswith("it is tried again in 4m50s.")

    async def test_a_silence_is_told_with_who_why_and_until_when(self, world: World) -> None:
        await world.alerting.put([WEB])
        silence = await world.alerting.set_silence(
            matchers=Matchers.parse('cluster="prod"'),
            starts_at=START,
            ends_at=START + 3600,
            created_by="admin",
            comment="rollout",
        )
        found = world.explain()
        assert [hush.id for hush in found.silences] == [silence.id]
        assert found.words[1:] == [
            f'It is silenced by admin until 2026-03-01 04:00 UTC: rollout ({{cluster="prod"}}, {silence.id}).'
        ]
        assert world.words()[0].startswith(
            "webhook is not told, as people are not to be told of this alert now"
        )

    async def test_an_inhibition_is_told_with_the_rule_and_the_alert(self, world: World) -> None:
        lost = alert("x", cluster="prod")
        lost.labels["alertname"] = "ClusterLost"
        await world.alerting.put([WEB, lost])
        found = world.explain()
        assert [(held.rule, held.source) for held in found.inhibitions] == [("lost", lost.fingerprint)]
        assert found.words[1] == (
            "It is inhibited by ClusterLost of the same cluster "
            f'(lost: {{alertname="ClusterLost"}} keeps {{alertname!="ClusterLost"}} quiet; {lost.fingerprint}).'
        )
