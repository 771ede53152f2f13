from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.alerting.gostrings import quote, unquote


@given(st.text())
def test_what_is_quoted_comes_back(text: str) -> None:
    assert unquote(quote(text)) == text


def test_every_way_to_escape_is_known() -> None:
    assert unquote(r'"\a\b\f\n\r\t\v\\\"\x41\101\u00e9\U0001F642\xc3\xa9"') == '\a\b\f\n\r\t\v\\"AA\xe9🙂\xe9'


@pytest.mark.parametrize(
    "text", ['"', "a", '"a', r'"\q"', '"\n"', '"a"b"', r'"\xff"', r'"\UFFFFFFFF"', r'"\400"']
)
def test_what_is_wrongly_quoted_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"quotes|escaped|UTF-8|no character"):
        unquote(text)
