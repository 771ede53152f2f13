from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.kube.selectors import Selector, SelectorError

WEB = {"app": "web", "tier": "front", "example.com/owner": "me"}


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("", True),
        ("app=web", True),
        ("app==web", True),
        ("app=db", False),
        ("app!=db", True),
        ("app!=web", False),
        ("absent!=x", True),
        ("app in (web, db)", True),
        ("app in (db)", False),
        ("app notin (db,x)", True),
        ("app notin (web)", False),
        ("absent notin (x)", True),
        ("app", True),
        ("absent", False),
        ("!absent", True),
        ("!app", False),
        ("app=web,tier=front", True),
        ("app=web, tier=back", False),
        ("app=web,example.com/owner in (me),!x , tier", True),
        ("app=", False),
        (" app = web ", True),
        ("in in (in)", False),
    ],
)
def test_a_selector_selects_as_kubectl_does(text: str, selected: bool) -> None:
    assert Selector.parse(text).matches(WEB) is selected


def test_no_labels_are_selected_by_what_asks_for_none() -> None:
    assert Selector.parse("!app,app!=x").matches(None)
    assert not Selector.parse("app").matches(None)


@pytest.mark.parametrize(
    "text", ["=web", "app in web", "app in (", "app=web,,tier=x", "app=web,", "a b", "a>1", "(", "app=we'b"]
)
def test_what_cannot_be_read_is_refused_and_shown(text: str) -> None:
    with pytest.raises(SelectorError, match="label selector"):
        Selector.parse(text)


def test_a_selector_without_end_is_refused() -> None:
    with pytest.raises(SelectorError, match="at most 4096"):
        Selector.parse("a," * 4000)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(SelectorError):
        assert isinstance(Selector.parse(text).matches(WEB), bool)
