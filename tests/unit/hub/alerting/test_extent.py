from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.alerting.extent import Extent, reaches, spell
from farwatch.hub.alerting.matchers import Matcher, Matchers, Operator
from farwatch.hub.auth.areas import EVERYTHING, Area, Areas, covers, to_sql

NAMES = ("", "a", "b", "c")
VALUES = ("", "a", "b", "a|b", "b|c|", "a.*", ".*", "[ab]", "(a|b)", "a|b.", "A|a", "(?i)a")

matchers = st.lists(
    st.builds(
        Matcher,
        st.sampled_from(("cluster", "namespace", "alertname")),
        st.sampled_from(Operator),
        st.sampled_from(VALUES),
    ),
    max_size=4,
).map(Matchers)
names = st.none() | st.lists(st.sampled_from(NAMES[1:]), unique=True, max_size=3).map(tuple)
some_areas = st.lists(st.builds(Area, names, names), max_size=3).map(tuple)
labels = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(NAMES) for name in ("cluster", "namespace", "alertname")}
)


def is_in(areas: Areas, alert: dict[str, str]) -> bool:
    return covers(areas, alert.get("cluster", ""), alert.get("namespace", ""))


@given(matchers, some_areas, labels)
def test_what_is_said_to_stay_within_areas_fits_no_alert_outside(
    wanted: Matchers, areas: Areas, alert: dict[str, str]
) -> None:
    if Extent.of(wanted).within(areas) and wanted.match(alert):
        assert is_in(areas, alert)


@given(matchers, some_areas, labels)
def test_what_fits_an_alert_in_an_area_is_said_to_reach_it(
    wanted: Matchers, areas: Areas, alert: dict[str, str]
) -> None:
    if wanted.match(alert) and is_in(areas, alert):
        assert reaches(wanted, areas)


@given(matchers)
def test_everything_holds_whatever_there_is(wanted: Matchers) -> None:
    assert Extent.of(wanted).within(EVERYTHING)
    assert not Extent.of(wanted).within(())
    assert not reaches(wanted, ())


@given(some_areas)
def test_what_is_proposed_stays_within(areas: Areas) -> None:
    for way in spell(areas).split(", or ") if spell(areas) else ():
        assert Extent.of(Matchers.parse(way.replace(" and ", ", "))).within(areas)


@pytest.mark.parametrize(
    ("text", "clusters", "namespaces"),
    [
        ('cluster="a"', ("a",), None),
        ('cluster=~"a|b", namespace="x"', ("a", "b"), ("x",)),
        ('cluster=~"a|b", cluster="a"', ("a",), None),
        ('cluster=~"a.*", namespace!="x"', None, None),
        ('cluster=""', ("",), None),
    ],
)
def test_only_names_that_are_spelled_out_count(
    text: str, clusters: tuple[str, ...] | None, namespaces: tuple[str, ...] | None
) -> None:
    assert Extent.of(Matchers.parse(text)) == Extent(clusters, namespaces)


@pytest.mark.parametrize(
    ("areas", "condition", "bound"),
    [
        (EVERYTHING, "true", {}),
        ((), "(false)", {}),
        ((Area(clusters=()),), "(false)", {}),
        (
            (Area(("a", "b")), Area(namespaces=("x",))),
            (
                "((has(splitByChar(',', {area_0_clusters:String}), cluster)) OR "
                "(has(splitByChar(',', {area_1_namespaces:String}), namespace)))"
            ),
            {"area_0_clusters": "a,b", "area_1_namespaces": "x"},
        ),
        ((Area(("a",)), Area()), "true", {}),
    ],
)
def test_areas_are_conditions_in_the_stores_words(
    areas: Areas, condition: str, bound: dict[str, str]
) -> None:
    found, values = to_sql(areas)
    assert found == condition
    assert bound.items() <= values.items()
