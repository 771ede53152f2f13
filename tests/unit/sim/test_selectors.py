from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.sim.errors import StatusError
from farwatch.sim.resources import RESOURCES
from farwatch.sim.selectors import (
    Operator,
    Requirement,
    Selector,
    from_label_selector,
    parse_field_selector,
    parse_label_selector,
)

keys = st.sampled_from(["app", "tier", "example.com/role", "in", "notin"])
values = st.sampled_from(["web", "db", "1", "v1.2_x", ""])
requirements = st.one_of(
    st.builds(Requirement, keys, st.sampled_from([Operator.EXISTS, Operator.DOES_NOT_EXIST])),
    st.builds(
        Requirement,
        keys,
        st.sampled_from([Operator.IN, Operator.NOT_IN]),
        st.frozensets(values, min_size=1, max_size=3),
    ),
    st.builds(
        Requirement,
        keys,
        st.sampled_from([Operator.GREATER, Operator.LESS]),
        st.integers(0, 9).map(lambda n: frozenset((str(n),))),
    ),
)
labels = st.dictionaries(keys, values)


def write(requirement: Requirement, spaces: str) -> str:
    inside = ",".join(sorted(requirement.values))
    match requirement.operator:
        case Operator.EXISTS:
            return requirement.key
        case Operator.DOES_NOT_EXIST:
            return f"!{spaces}{requirement.key}"
        case Operator.IN:
            return f"{requirement.key} in{spaces}({inside})"
        case Operator.NOT_IN:
            return f"{requirement.key} notin{spaces}({inside})"
        case Operator.GREATER:
            return f"{requirement.key}{spaces}>{spaces}{inside}"
        case Operator.LESS:
            return f"{requirement.key}{spaces}<{spaces}{inside}"


@given(st.lists(requirements, max_size=4), st.sampled_from(["", " ", "  "]))
def test_what_is_written_is_what_is_parsed(wanted: list[Requirement], spaces: str) -> None:
    text = f"{spaces},{spaces}".join(write(each, spaces) for each in wanted)
    assert parse_label_selector(text) == Selector(tuple(wanted))


@given(st.text("ab=!<>(), in.-_/1", max_size=12), labels)
def test_any_text_is_a_selector_or_a_bad_request(text: str, given_labels: dict[str, str]) -> None:
    selector, code = Selector(), 400
    try:
        selector = parse_label_selector(text)
    except StatusError as error:
        code = error.code
    assert code == 400
    assert selector.matches(given_labels) in (True, False)


@given(requirements, labels)
def test_in_and_notin_and_exists_are_opposites(
    requirement: Requirement, given_labels: dict[str, str]
) -> None:
    opposites = {
        Operator.IN: Operator.NOT_IN,
        Operator.NOT_IN: Operator.IN,
        Operator.EXISTS: Operator.DOES_NOT_EXIST,
        Operator.DOES_NOT_EXIST: Operator.EXISTS,
    }
    if requirement.operator in opposites:
        other = Requirement(requirement.key, opposites[requirement.operator], requirement.values)
        assert requirement.matches(given_labels) != other.matches(given_labels)


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("app=web", True),
        ("app==web,tier", True),
        ("app!=web", False),
        ("app in (web,db)", True),
        ("app notin (web)", False),
        ("!absent", True),
        ("absent", False),
        ("absent!=x", True),
        ("count>4", True),
        ("count<5", False),
        ("app>4", False),
        ("empty=", True),
        ("empty in ()", True),
        ("", True),
    ],
)
def test_labels_are_matched(text: str, matches: bool) -> None:
    given_labels = {"app": "web", "tier": "front", "count": "5", "empty": ""}
    assert parse_label_selector(text).matches(given_labels) is matches


@pytest.mark.parametrize("text", ["=", "a in web", "a in (web", "a,", "a b", "!", "a>x", "a=(b)", "$"])
def test_a_malformed_label_selector_is_a_bad_request(text: str) -> None:
    with pytest.raises(StatusError) as caught:
        parse_label_selector(text)
    assert (caught.value.code, caught.value.reason) == (400, "BadRequest")


def test_fields_are_matched() -> None:
    selector = parse_field_selector("spec.nodeName=n1,status.phase!=Failed", RESOURCES["pods"])
    assert selector.matches({"spec.nodeName": "n1", "status.phase": "Running"})
    assert not selector.matches({"spec.nodeName": "n1", "status.phase": "Failed"})
    assert not selector.matches({"spec.nodeName": "n2", "status.phase": "Running"})


@given(st.text("ab,=\\", max_size=6))
def test_an_escaped_value_is_matched_literally(value: str) -> None:
    escaped = value.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=")
    selector = parse_field_selector(f"metadata.name={escaped}", RESOURCES["pods"])
    assert selector.matches({"metadata.name": value})
    assert not selector.matches({"metadata.name": value + "x"})


def test_a_field_that_cannot_be_selected_by_is_told_in_the_servers_words() -> None:
    with pytest.raises(StatusError) as caught:
        parse_field_selector("spec.priority=1", RESOURCES["pods"])
    assert caught.value.message == (
        'Unable to find "/v1, Resource=pods" that match label selector "", '
        'field selector "spec.priority=1": field label not supported: spec.priority'
    )


@pytest.mark.parametrize("text", ["spec.nodeName", "spec.nodeName=a=b"])
def test_a_malformed_field_selector_is_a_bad_request(text: str) -> None:
    with pytest.raises(StatusError) as caught:
        parse_field_selector(text, RESOURCES["pods"])
    assert caught.value.code == 400


def test_a_label_selector_object_is_read() -> None:
    written: dict[str, Any] = {
        "matchLabels": {"app": "web"},
        "matchExpressions": [{"key": "tier", "operator": "In", "values": ["front", "back"]}],
    }
    selector = from_label_selector(written)
    assert selector.matches({"app": "web", "tier": "front"})
    assert not selector.matches({"app": "web"})
    assert from_label_selector(None).matches({})
