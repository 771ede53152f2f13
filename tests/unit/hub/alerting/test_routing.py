from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.alerting.dispatch import Dispatcher
from farwatch.hub.alerting.routing import Route

from .conftest import START, alert, configuration

TREE = """
route:
  receiver: default
  group_by: [alertname, cluster]
  group_wait: 10s
  routes:
    - match: {severity: critical}
      receiver: pager
      group_wait: 0s
      continue: true
    - matchers: ['team=~"web|shop"', 'severity!=none']
      receiver: web
      group_by: ['...']
      repeat_interval: 1d
      routes:
        - match_re: {namespace: 'test-.*'}
          group_by: [pod]
        - matchers: ['{namespace="prod", severity="warning"}']
          receiver: prod
        - matchers: [namespace=all]
          group_by: []
    - match: {team: web}
      receiver: never
    - matchers: []
      match: {severity: critical}
      receiver: last
receivers: [{name: default}, {name: pager}, {name: web}, {name: prod}, {name: never}, {name: last}]
"""


def tree() -> Route:
    return configuration(TREE).route.resolved()


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({}, ["default {}"]),
        (
            {"severity": "critical"},
            ['pager {}/{severity="critical"}', 'last {}/{severity="critical"}'],
        ),
        (
            {"severity": "critical", "team": "web"},
            ['pager {}/{severity="critical"}', 'web {}/{severity!="none",team=~"web|shop"}'],
        ),
        (
            {"team": "shop", "namespace": "test-1"},
            ['web {}/{severity!="none",team=~"web|shop"}/{namespace=~"^(?:test-.*)$"}'],
        ),
        (
            {"team": "shop", "namespace": "prod", "severity": "warning"},
            ['prod {}/{severity!="none",team=~"web|shop"}/{namespace="prod",severity="warning"}'],
        ),
        ({"team": "web", "severity": "none"}, ['never {}/{team="web"}']),
        ({"team": "webshop"}, ["default {}"]),
    ],
)
def test_an_alert_takes_the_deepest_routes_that_match(labels: dict[str, str], expected: list[str]) -> None:
    assert [f"{route.receiver} {route.key}" for route in tree().match(labels)] == expected


def test_what_a_route_does_not_set_it_has_from_its_parent() -> None:
    root = tree()
    pager, web, *_ = root.routes
    test, prod, together = web.routes
    assert (pager.group_by, pager.group_wait, pager.repeat_interval) == ({"alertname", "cluster"}, 0, 14_400)
    assert (web.group_by, web.group_wait, web.repeat_interval) == (None, 10, 86_400)
    assert (test.receiver, test.group_by, test.group_wait) == ("web", {"pod"}, 10)
    assert (prod.group_by, prod.repeat_interval) == (None, 86_400)
    assert (together.group_by, together.repeat_interval) == (frozenset(), 86_400)


def test_routes_with_the_same_matchers_have_the_same_key_and_an_id_of_their_own() -> None:
    pager, _, _, last = tree().routes
    assert pager.key == last.key
    assert (pager.id, last.id) == ('{}/{severity="critical"}/0', '{}/{severity="critical"}/3')


def test_an_alert_is_in_a_group_of_each_route_it_takes_and_released_by_the_last() -> None:
    dispatcher = Dispatcher(tree())
    ended = alert("a", ends=1, severity="critical", team="web", namespace="test-1")
    dispatcher.insert("a", ended, START)
    assert [(group.id.key, group.next_flush - START) for group in dispatcher] == [
        ('{}/{severity="critical"}:{alertname="KubePodCrashLooping"}', 0),
        ('{}/{severity!="none",team=~"web|shop"}/{namespace=~"^(?:test-.*)$"}:{pod="a"}', 10),
    ]
    (first,) = dispatcher.due(START + 1)
    assert dispatcher.finish(first, delivered=True).released == ()
    (second,) = dispatcher.due(START + 10)
    assert dispatcher.finish(second, delivered=True).released == ("a",)
    assert len(dispatcher) == 0


def test_siblings_of_the_same_key_have_groups_of_their_own() -> None:
    dispatcher = Dispatcher(tree())
    dispatcher.insert("a", alert("a", severity="critical"), START)
    assert len(dispatcher) == 2
    assert len({group.id.key for group in dispatcher}) == 1


LABELS = st.dictionaries(
    st.sampled_from(["severity", "team", "namespace"]),
    st.sampled_from(["critical", "warning", "none", "web", "shop", "test-1", "prod"]),
)


@given(LABELS)
def test_every_alert_goes_somewhere_and_only_where_it_matches(labels: dict[str, str]) -> None:
    routes = tree().match(labels)
    assert routes
    assert len({route.id for route in routes}) == len(routes)
    assert all(route.matchers.match(labels) for route in routes)
