from __future__ import annotations

from pathlib import Path

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


def test_secrets_are_read_from_files_without_the_line_end(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql://db/farwatch\n")
    assert HubOptions(database_file=file).database_url == "postgresql://db/farwatch"
    assert HubOptions(bootstrap_token_file=file).bootstrap_token == "postgresql://db/farwatch"
    assert HubOptions(database="postgresql://a/b").database_url == "postgresql://a/b"
    assert HubOptions().database_url == ""


@pytest.mark.parametrize(
    ("content", "fault"), [(None, "No such file"), (b"\n", "is empty"), (b"\xff", "not UTF-8")]
)
def test_a_file_that_holds_no_secret_is_named(tmp_path: Path, content: bytes | None, fault: str) -> None:
    file = tmp_path / "url"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(OptionsError, match=rf"--database-file .*/url .*{fault}"):
        _ = HubOptions(database_file=file).database_url
    with pytest.raises(OptionsError, match=rf"--bootstrap-token-file .*/url .*{fault}"):
        _ = HubOptions(bootstrap_token_file=file).bootstrap_token


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (HubOptions(database="a", database_file=Path("b")), "--database and --database-file both"),
        (HubOptions(bootstrap_cluster="home"), "--bootstrap-token-file belong together"),
        (HubOptions(bootstrap_token_file=Path("a")), "--bootstrap-cluster and"),
        (HubOptions(alerting_reload_seconds=5), "--alerting-reload has no file to look at"),
        (HubOptions(alerting_editable=True), "--alerting-editable has no file to edit"),
        (HubOptions(alerting=Path("a"), alerting_reload_seconds=-1), "--alerting-reload -1 is not"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options: HubOptions, words: str) -> None:
    with pytest.raises(OptionsError, match=words):
        options.check()


def test_a_server_for_the_telemetry_is_named_once_by_flag_or_file(tmp_path: Path) -> None:
    assert HubOptions().telemetry_server is None
    named = HubOptions(telemetry="https://me:secret@ch/db").telemetry_server
    file = tmp_path / "url"
    file.write_text("https://me:secret@ch/db\n")
    assert HubOptions(telemetry_file=file).telemetry_server == named
    assert named
    assert (named.name, named.user, named.password) == ("https://ch:8443/db", "me", "secret")
    with pytest.raises(OptionsError, match="--telemetry and --telemetry-file both say where"):
        HubOptions(telemetry="https://ch/db", telemetry_file=file).check()


def test_a_file_for_the_telemetrys_server_that_says_nothing_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "url"
    empty.write_text(" \n")
    with pytest.raises(OptionsError, match=r"--telemetry-file .*url is empty"):
        _ = HubOptions(telemetry_file=empty).telemetry_server
    with pytest.raises(OptionsError, match=r"--telemetry-file .*gone cannot be read: No such file"):
        _ = HubOptions(telemetry_file=tmp_path / "gone").telemetry_server


def test_a_ca_goes_to_the_telemetrys_server_and_needs_one(tmp_path: Path) -> None:
    with pytest.raises(OptionsError, match="--telemetry-ca has no server to vouch for"):
        HubOptions(telemetry_ca=tmp_path / "ca.pem").check()
    found = HubOptions(telemetry="https://ch", telemetry_ca=tmp_path / "ca.pem").telemetry_server
    assert found
    assert found.ca == tmp_path / "ca.pem"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (HubOptions(trusted_proxies=("10.0.0.0/8", "proxy")), "--trusted-proxies 'proxy' is neither"),
        (HubOptions(trusted_proxies=("10.0.0.1/8",)), "has host bits set"),
        (HubOptions(session_idle_hours=0), "--session-idle-hours 0 is not from 0.1"),
        (HubOptions(session_days=1000), "--session-days 1000 is not from"),
        (HubOptions(session_days=float("nan")), "--session-days nan is not from"),
    ],
)
def test_what_makes_no_sense_for_people_is_refused(options: HubOptions, words: str) -> None:
    with pytest.raises(OptionsError, match=words):
        options.check()


def test_sessions_last_as_long_as_asked_for() -> None:
    settings = HubOptions(
        session_idle_hours=1, session_days=2, trusted_proxies=("10.0.0.0/8", "::1")
    ).sessions
    assert (settings.idle_seconds, settings.longest_seconds) == (3600, 2 * 86400)
