from __future__ import annotations

import pytest

from farwatch.hub.options import HubOptions, OptionsError
from farwatch.hub.store import Table


@pytest.mark.parametrize(
    "url", ["", "https://hub.example.com", "http://10.0.0.1:8080/farwatch", "http://[::1]:8080"]
)
def test_an_address_that_people_can_open_is_taken(url: str) -> None:
    HubOptions(external_url=url).check()


@pytest.mark.parametrize(
    "url",
    [
        "hub.example.com",
        "hub:8080",
        "ftp://hub",
        "https://",
        "http://[::1",
        "https://hub/?a=1",
        "https://hub/#a",
    ],
)
def test_any_other_address_is_refused_by_name(url: str) -> None:
    with pytest.raises(OptionsError, match=r"--external-url .* is not an address such as https://"):
        HubOptions(external_url=url).check()


@pytest.mark.parametrize("url", ["", "https://ping.example/secret?a=1", "http://127.0.0.1:9/x"])
def test_an_address_for_the_heartbeat_is_taken(url: str) -> None:
    HubOptions(heartbeat_url=url).check()


@pytest.mark.parametrize("url", ["ping.example/secret", "ftp://ping/secret", "https://ping/secret#a"])
def test_any_other_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(OptionsError, match="--heartbeat-url is not an address") as refused:
        HubOptions(heartbeat_url=url).check()
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("seconds", [0, -1, 0.5, float("inf"), float("nan")])
def test_a_heartbeat_has_a_rhythm(seconds: float) -> None:
    with pytest.raises(OptionsError, match="--heartbeat-interval"):
        HubOptions(heartbeat_seconds=seconds).check()


@pytest.mark.parametrize("seconds", [-1, 31, float("inf"), float("nan")])
def test_a_message_waits_for_evidence_within_bounds(seconds: float) -> None:
    HubOptions(evidence_wait_seconds=0).check()
    with pytest.raises(OptionsError, match=r"--evidence-wait .* is not from 0 to 30 seconds"):
        HubOptions(evidence_wait_seconds=seconds).check()


def test_levels_are_read_in_any_case_and_others_refused() -> None:
    HubOptions(log_level="WARNING").check()
    with pytest.raises(OptionsError, match="--log-level 'loud' is none of debug, info, warning, error"):
        HubOptions(log_level="loud").check()


@pytest.mark.parametrize(
    ("words", "changes", "alert_events"),
    [
        ((), 14, 14),
        (("7",), 7, 7),
        (("alert_events=30",), 14, 30),
        (("7", "alert_events=30"), 7, 30),
        (("alert_events=30", "7"), 7, 7),
    ],
)
def test_retention_is_for_every_table_or_for_one(
    words: tuple[str, ...], changes: int, alert_events: int
) -> None:
    found = HubOptions(retention=words).retention_days
    assert set(found) == set(Table)
    assert found.pop(Table.ALERT_EVENTS) == alert_events
    assert set(found.values()) == {changes}


@pytest.mark.parametrize(
    "word", ["", "0", "-1", "14d", "changes=", "changes=0", "metrics=7", "=7", "a=b=7", "36500"]
)
def test_any_other_retention_is_refused_by_name(word: str) -> None:
    with pytest.raises(OptionsError, match=r"--retention .* one of the tables changes, alert_events"):
        HubOptions(retention=(word,)).check()


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
def test_a_grace_that_is_no_span_of_time_is_refused_by_name(seconds: float) -> None:
    HubOptions(agent_grace_seconds=0).check()
    with pytest.raises(OptionsError, match=r"--agent-grace .* is not zero or more seconds"):
        HubOptions(agent_grace_seconds=seconds).check()


@pytest.mark.parametrize("auth", ["token", "none"])
def test_alertmanagers_address_wants_a_token_or_nothing(auth: str) -> None:
    HubOptions(alertmanager_auth=auth).check()
    with pytest.raises(OptionsError, match=r"--alertmanager-auth 'basic' is none of token, none"):
        HubOptions(alertmanager_auth="basic").check()
