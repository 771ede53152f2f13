from __future__ import annotations

from farwatch.hub.alerting.summary import ReceiverSummary, summarize

from .conftest import configuration


def test_a_configuration_is_told_in_numbers_and_names() -> None:
    config = configuration("""
route:
  receiver: team
  routes:
    - {matchers: [a="1"], routes: [{matchers: [b="1"], receiver: pager}]}
    - {matchers: [a="2"]}
receivers:
  - name: team
    webhook_configs: [{url: https://h/1}, {url: https://h/2}]
  - name: pager
  - name: spare
templates: [a.tmpl]
inhibit_rules: [{source_matchers: [a="1"], target_matchers: [a="2"]}]
time_intervals: [{name: night}]
mute_time_intervals: [{name: holidays}]
""")
    found = summarize(config)
    assert found.routes == 4
    assert found.receivers == [
        ReceiverSummary(name="team", integrations={"webhook": 2}),
        ReceiverSummary(name="pager", integrations={}),
        ReceiverSummary(name="spare", integrations={}),
    ]
    assert found.unused_receivers == ["spare"]
    assert found.templates == ["a.tmpl"]
    assert found.inhibition_rules == 1
    assert found.time_intervals == ["holidays", "night"]
