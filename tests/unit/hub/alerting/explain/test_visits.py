from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.alerting.explain.visits import FailedMatcher, Verdict, visits
from farwatch.hub.alerting.routing import RouteConfig

from ..conftest import configuration

TREE = configuration("""
route:
  receiver: everyone
  routes:
    - matchers: [team="db"]
      receiver: db
      continue: true
      routes:
        - {matchers: [severity="critical"], receiver: db-pager}
    - {matchers: [severity="critical"], receiver: pager}
    - {matchers: [severity=~"critical|warning", env!="dev"], receiver: chat}
receivers: [{name: everyone}, {name: db}, {name: db-pager}, {name: pager}, {name: chat}]
""").route.resolved()


def told(**labels: str) -> list[tuple[int, str, Verdict]]:
    return [(visit.depth, visit.receiver, visit.verdict) for visit in visits(TREE, labels)]


class TestVisits:
    def test_what_no_route_matches_is_taken_by_the_topmost(self) -> None:
        assert told(alertname="A") == [
            (0, "everyone", Verdict.TAKEN),
            (1, "db", Verdict.REFUSED),
            (1, "pager", Verdict.REFUSED),
            (1, "chat", Verdict.REFUSED),
        ]

    def test_a_sibling_after_one_that_matched_is_skipped_unless_that_one_continues(self) -> None:
        assert told(team="db", severity="critical") == [
            (0, "everyone", Verdict.PASSED),
            (1, "db", Verdict.PASSED),
            (2, "db-pager", Verdict.TAKEN),
            (1, "pager", Verdict.TAKEN),
            (1, "chat", Verdict.SKIPPED),
        ]

    def test_a_route_that_matches_is_taken_when_none_below_it_does(self) -> None:
        assert told(team="db", severity="info")[1:3] == [
            (1, "db", Verdict.TAKEN),
            (2, "db-pager", Verdict.REFUSED),
        ]

    def test_every_matcher_that_failed_is_told_with_the_value_that_it_met(self) -> None:
        chat = visits(TREE, {"env": "dev"})[-1]
        assert chat.failed == (
            FailedMatcher(matcher='env!="dev"', label="env", value="dev"),
            FailedMatcher(matcher='severity=~"critical|warning"', label="severity", value=None),
        )
        assert chat.words == (
            'The route {env!="dev",severity=~"critical|warning"} does not match: env!="dev" is not fulfilled by env="dev" '
            'and severity=~"critical|warning" is not fulfilled, as there is no label severity.'
        )

    def test_each_turn_is_told_in_a_sentence(self) -> None:
        words = [visit.words for visit in visits(TREE, {"team": "db", "severity": "critical"})]
        assert words == [
            "The topmost route takes every alert, and hands on to what is below it.",
            'The route {team="db"} matches, and hands on to what is below it, and says `continue`: its siblings are tried, too.',
            'The route {severity="critical"} matches, and none below it does: receiver "db-pager" is told.',
            'The route {severity="critical"} matches, and none below it does: receiver "pager" is told.',
            'The route {env!="dev",severity=~"critical|warning"} is not looked at: {severity="critical"} before it matched, and does not say `continue`.',
        ]


def route_configs(depth: int = 3) -> st.SearchStrategy[RouteConfig]:
    leaf = st.builds(
        RouteConfig,
        receiver=st.just("r"),
        match=st.dictionaries(st.sampled_from("ab"), st.sampled_from("12"), max_size=2),
        continue_=st.booleans(),
    )
    if not depth:
        return leaf
    return st.builds(
        RouteConfig,
        receiver=st.just("r"),
        match=st.dictionaries(st.sampled_from("ab"), st.sampled_from("12"), max_size=2),
        continue_=st.booleans(),
        routes=st.lists(route_configs(depth - 1), max_size=3),
    )


@given(st.lists(route_configs(2), max_size=4), st.dictionaries(st.sampled_from("ab"), st.sampled_from("123")))
def test_the_routes_taken_are_those_that_dispatching_takes(
    children: list[RouteConfig], labels: dict[str, str]
) -> None:
    root = RouteConfig(receiver="r", routes=children).resolved()
    taken = [visit.route for visit in visits(root, labels) if visit.verdict is Verdict.TAKEN]
    assert taken == [route.id for route in root.match(labels)]
