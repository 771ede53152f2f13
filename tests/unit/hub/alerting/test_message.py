from __future__ import annotations

import pytest

from farwatch.hub.alerting.message import common


@pytest.mark.parametrize(
    ("sets", "expected"),
    [
        ([{"a": "1", "b": "2"}], {"a": "1", "b": "2"}),
        ([{"a": "1", "b": "2"}, {"a": "1", "b": "3"}, {"a": "1"}], {"a": "1"}),
        ([{"a": ""}, {"b": ""}], {"a": ""}),
        ([{"b": "1"}, {"a": "", "b": "1"}], {"b": "1"}),
        ([{"a": ""}, {"a": "1"}], {}),
    ],
)
def test_alerts_have_in_common_what_alertmanager_says(
    sets: list[dict[str, str]], expected: dict[str, str]
) -> None:
    assert common(sets) == expected
