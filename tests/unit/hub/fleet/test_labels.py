"""Which labels a cluster can have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.fleet import ClusterLabelError
from farwatch.hub.fleet.labels import MAX_LABELS, RESERVED_NAMES, change_labels, check_labels


def test_labels_are_kept_in_the_order_of_their_names() -> None:
    assert list(check_labels({"team": "payments", "env": "prod"})) == ["env", "team"]


@pytest.mark.parametrize("name", ["env", "_x", "Region2", "a" * 64])
def test_a_name_that_prometheus_takes_is_taken(name: str) -> None:
    assert check_labels({name: "x"}) == {name: "x"}


@pytest.mark.parametrize("name", ["", "2env", "my-env", "env.x", "a b", "ä", "env\n", "a" * 65])
def test_another_name_is_refused_with_the_rule(name: str) -> None:
    with pytest.raises(ClusterLabelError, match="at most 64 letters, digits and '_'") as refused:
        check_labels({name: "x"})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", sorted(RESERVED_NAMES))
def test_a_name_that_alerts_have_themselves_is_refused(name: str) -> None:
    with pytest.raises(ClusterLabelError, match=f"the label '{name}' is the alerts' own"):
        check_labels({name: "x"})


def test_a_name_that_prometheus_keeps_for_itself_is_refused() -> None:
    with pytest.raises(ClusterLabelError, match="begins with '__'"):
        check_labels({"__meta": "x"})


@pytest.mark.parametrize("value", ["", "x" * 257])
def test_a_value_has_1_to_256_characters(value: str) -> None:
    with pytest.raises(ClusterLabelError, match=f"'env' has {len(value)} characters: use 1 to 256"):
        check_labels({"env": value})


@pytest.mark.parametrize("value", ["a\nb", "\x00", "\x1b[31m", "\ud800"])
def test_a_value_that_cannot_be_shown_is_refused(value: str) -> None:
    with pytest.raises(ClusterLabelError, match="cannot be shown"):
        check_labels({"env": value})


def test_there_is_a_limit_to_their_number() -> None:
    full = {f"l{number}": "x" for number in range(MAX_LABELS)}
    assert check_labels(full)
    with pytest.raises(ClusterLabelError, match="33 labels are more than the 32"):
        change_labels(full, {"one_more": "x"})


def test_a_change_sets_takes_away_and_leaves_what_it_does_not_name() -> None:
    before = {"env": "prod", "region": "eu", "team": "a"}
    assert change_labels(before, {"team": "b", "region": None, "none": None}) == {"env": "prod", "team": "b"}


NAMES = st.from_regex(r"[a-z]{1,8}", fullmatch=True).filter(lambda name: name not in RESERVED_NAMES)
CHANGES = st.dictionaries(NAMES, st.none() | st.text("abc", min_size=1), max_size=6)


@given(st.dictionaries(NAMES, st.text("abc", min_size=1), max_size=6), CHANGES)
def test_the_same_change_twice_is_as_good_as_once(
    before: dict[str, str], changes: dict[str, str | None]
) -> None:
    once = change_labels(before, changes)
    assert change_labels(once, changes) == once
    for name, value in changes.items():
        assert once.get(name) == value
