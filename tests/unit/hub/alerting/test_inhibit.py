from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.alerting import Alert
from farwatch.hub.alerting.document import Section, parse_document
from farwatch.hub.alerting.inhibit import Inhibition, Inhibitor, InhibitRule, InhibitRuleConfig
from farwatch.hub.alerting.matchers import Matchers

NOW = 1_000.0
LABELS = {"alertname": "PodDown", "severity": "warning", "cluster": "a"}


class Book(Section, frozen=True, kw_only=True):
    inhibit_rules: list[InhibitRuleConfig]


def rule(source: str, target: str, *equal: str) -> InhibitRule:
    return InhibitRule(
        name="rule", source=Matchers.parse(source), target=Matchers.parse(target), equal=tuple(sorted(equal))
    )


def alert(ends_at: float | None = None, **labels: str) -> Alert:
    ends = None if ends_at is None else datetime.fromtimestamp(ends_at, UTC)
    return Alert(labels=labels, annotations={}, starts_at=datetime.fromtimestamp(0, UTC), ends_at=ends)


def observe(inhibitor: Inhibitor, *alerts: Alert) -> list[str]:
    for each in alerts:
        inhibitor.observe(each.fingerprint, each)
    return [each.fingerprint for each in alerts]


@pytest.fixture
def inhibitor() -> Inhibitor:
    return Inhibitor([rule('severity="critical"', 'severity="warning"', "cluster")])


def test_a_source_inhibits_targets_with_the_same_labels(inhibitor: Inhibitor) -> None:
    [source] = observe(inhibitor, alert(severity="critical", cluster="a"))
    assert inhibitor.inhibited_by(LABELS, NOW) == source
    assert inhibitor.inhibited_by({**LABELS, "cluster": "b"}, NOW) is None
    assert inhibitor.inhibited_by({**LABELS, "severity": "info"}, NOW) is None


def test_a_label_that_both_lack_is_equal(inhibitor: Inhibitor) -> None:
    [source] = observe(inhibitor, alert(severity="critical"))
    assert inhibitor.inhibited_by({"severity": "warning"}, NOW) == source
    assert inhibitor.inhibited_by({"severity": "warning", "cluster": ""}, NOW) == source
    assert inhibitor.inhibited_by(LABELS, NOW) is None


def test_a_source_that_has_ended_inhibits_no_more(inhibitor: Inhibitor) -> None:
    observe(inhibitor, alert(severity="critical", cluster="a", ends_at=NOW))
    assert inhibitor.inhibited_by(LABELS, NOW - 1) is not None
    assert inhibitor.inhibited_by(LABELS, NOW) is None


def test_one_that_fires_anew_inhibits_anew(inhibitor: Inhibitor) -> None:
    observe(inhibitor, alert(severity="critical", cluster="a", ends_at=NOW))
    assert inhibitor.inhibited_by(LABELS, NOW) is None
    observe(inhibitor, alert(severity="critical", cluster="a"))
    assert inhibitor.inhibited_by(LABELS, NOW) is not None


def test_one_of_several_sources_is_enough(inhibitor: Inhibitor) -> None:
    ended, firing = observe(
        inhibitor,
        alert(severity="critical", cluster="a", pod="x", ends_at=1),
        alert(severity="critical", cluster="a", pod="y"),
    )
    assert inhibitor.inhibited_by(LABELS, NOW) == firing
    inhibitor.forget(firing, {"severity": "critical", "cluster": "a", "pod": "y"})
    assert inhibitor.inhibited_by(LABELS, NOW) is None
    inhibitor.forget(ended, {"severity": "critical", "cluster": "a", "pod": "x"})


def test_an_alert_does_not_inhibit_itself_nor_those_like_it() -> None:
    inhibitor = Inhibitor([rule('severity=~"critical|warning"', 'severity="warning"')])
    two_sided, *_ = observe(inhibitor, alert(severity="warning", pod="x"), alert(severity="warning", pod="y"))
    assert inhibitor.inhibited_by({"severity": "warning", "pod": "x"}, NOW) is None
    [one_sided] = observe(inhibitor, alert(severity="critical"))
    assert inhibitor.inhibited_by({"severity": "warning", "pod": "x"}, NOW) == one_sided
    assert two_sided != one_sided


def test_a_two_sided_source_inhibits_what_only_the_target_side_matches() -> None:
    inhibitor = Inhibitor([rule('a="1"', 'b="1"')])
    [source] = observe(inhibitor, alert(a="1", b="1"))
    assert inhibitor.inhibited_by({"b": "1"}, NOW) == source
    assert inhibitor.inhibited_by({"a": "1", "b": "1", "c": "1"}, NOW) is None


def test_every_rule_that_inhibits_is_told_the_first_one_counts() -> None:
    rules = [rule('a="1"', 'b="1"'), rule('a="2"', 'b="1"'), rule('a="3"', 'b="1"')]
    inhibitor = Inhibitor(rules)
    third, second = observe(inhibitor, alert(a="3"), alert(a="2"))
    assert list(inhibitor.inhibitions({"b": "1"}, NOW)) == [
        Inhibition(rules[1], second),
        Inhibition(rules[2], third),
    ]
    assert inhibitor.inhibited_by({"b": "1"}, NOW) == second


def test_what_was_forgotten_leaves_nothing_behind(inhibitor: Inhibitor) -> None:
    for number in range(50):
        labels = {"severity": "critical", "cluster": str(number)}
        [source] = observe(inhibitor, alert(**labels))
        inhibitor.forget(source, labels)
        inhibitor.forget(source, labels)
    [sources] = inhibitor._sources
    assert not sources._one_sided
    assert not sources._two_sided


values = st.sampled_from(["", "1", "2"])
label_sets = st.dictionaries(st.sampled_from("abc"), values.filter(bool), max_size=3)
conditions = st.lists(
    st.builds(lambda n, o, v: f'{n}{o}"{v}"', st.sampled_from("abc"), st.sampled_from(["=", "!="]), values),
    max_size=2,
).map(",".join)
rules_of_all_kinds = st.builds(
    lambda source, target, equal: rule(source, target, *equal),
    conditions,
    conditions,
    st.sets(st.sampled_from("abc"), max_size=2),
)


@given(
    rules=st.lists(rules_of_all_kinds, max_size=3),
    history=st.lists(
        st.tuples(label_sets, st.sampled_from([None, 500.0, 2_000.0]), st.booleans()), max_size=8
    ),
    target=label_sets,
)
def test_it_decides_as_the_definition_does(
    rules: list[InhibitRule], history: list[tuple[dict[str, str], float | None, bool]], target: dict[str, str]
) -> None:
    inhibitor = Inhibitor(rules)
    known: dict[str, Alert] = {}
    for labels, ends_at, leaves in history:
        each = alert(ends_at, **labels)
        if leaves and each.fingerprint in known:
            inhibitor.forget(each.fingerprint, labels)
            del known[each.fingerprint]
        else:
            inhibitor.observe(each.fingerprint, each)
            known[each.fingerprint] = each
    expected = [
        each_rule
        for each_rule in rules
        if each_rule.target.match(target)
        and any(
            each_rule.source.match(source.labels)
            and not source.resolved(datetime.fromtimestamp(NOW, UTC))
            and all(source.labels.get(name, "") == target.get(name, "") for name in each_rule.equal)
            and not (each_rule.source.match(target) and each_rule.target.match(source.labels))
            for source in known.values()
        )
    ]
    assert [found.rule for found in inhibitor.inhibitions(target, NOW)] == expected


def test_a_rule_is_read_in_every_way_it_can_be_written() -> None:
    text = """
inhibit_rules:
  - source_match: {severity: critical}
    source_match_re: {alertname: 'Node.*'}
    source_matchers: ['team!="x"']
    target_match: {severity: warning}
    target_match_re: {alertname: 'Pod.*'}
    target_matchers: [namespace=~"a|b"]
    equal: [cluster, node, cluster]
  - name: by name
    target_matchers: ['{a="b"}']
"""
    book, problems = parse_document(text, "f", Book)
    assert not problems
    assert book
    first, second = (config.resolved(place) for place, config in enumerate(book.inhibit_rules))
    assert (first.name, second.name) == ("rule 1", "by name")
    assert str(first.source) == '{alertname=~"^(?:Node.*)$",severity="critical",team!="x"}'
    assert str(first.target) == '{alertname=~"^(?:Pod.*)$",namespace=~"a|b",severity="warning"}'
    assert first.equal == ("cluster", "node")
    assert second.source.match({})


@pytest.mark.parametrize(
    ("rules", "fault"),
    [
        ("{source_match: {'a-b': c}}", '"a-b" in `source_match` is not a label name'),
        ("{target_match_re: {a: '('}}", "`inhibit_rules[0].target_match_re.a`: missing )"),
        ("{equal: ['']}", "`equal` holds an empty label name"),
        ("{target_matchers: ['a']}", "inhibit_rules[0].target_matchers[0]"),
        ("{sources: []}", "unknown key `sources`"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(rules: str, fault: str) -> None:
    _, problems = parse_document(f"inhibit_rules: [{rules}]", "f", Book)
    assert fault in "\n".join(map(str, problems))
