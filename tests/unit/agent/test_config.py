from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.agent.config import SETTINGS, AgentConfig, LogLevel, load
from farwatch.agent.errors import ConfigError
from farwatch.calls import Method

ENOUGH = {"hub": "https://hub.example.com", "token": "t0ken"}


def refusal(
    flags: dict[str, object], environment: dict[str, str] | None = None, file: Path | None = None
) -> str:
    with pytest.raises(ConfigError) as refused:
        load(flags, environment or {}, file)
    message = str(refused.value)
    assert "\n" not in message
    return message


def write(folder: Path, text: str) -> Path:
    file = folder / "agent.yaml"
    file.write_text(text)
    return file


def test_hub_and_token_are_enough() -> None:
    config = load(ENOUGH, {})

    assert config.hub == "https://hub.example.com"
    assert config.read_token() == "t0ken"
    assert config.link_down_liveness == 300
    assert config.health_listen.port == 13133
    assert config.metrics_listen is None
    assert config.allowed_calls == (Method.AGENT_STATUS, Method.POD_LOGS)


def test_flags_win_over_environment_and_environment_over_file(tmp_path: Path) -> None:
    file = write(tmp_path, "log_level: error\npoll: 10s\ncluster_name: from-file\n")
    environment = {"FARWATCH_LOG_LEVEL": "warning", "FARWATCH_POLL": "20s"}

    config = load(ENOUGH | {"log_level": "debug"}, environment, file)

    assert config.log_level is LogLevel.DEBUG
    assert config.poll == 20
    assert config.cluster_name == "from-file"


def test_the_environment_may_name_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, "hub: https://hub.example.com\ntoken: t0ken\nnamespaces: [a, b]\n")

    assert load({}, {"FARWATCH_CONFIG": str(file)}).namespaces == ("a", "b")


def test_namespaces_are_left_out_and_events_switched_off_by_the_environment() -> None:
    config = load(ENOUGH, {"FARWATCH_EXCLUDE_NAMESPACES": "kube-system,dev", "FARWATCH_EVENTS": "false"})

    assert (config.namespaces, config.exclude_namespaces) == ((), ("kube-system", "dev"))
    assert not config.events
    assert load(ENOUGH, {}).events


@pytest.mark.parametrize("value", ["a,b", " a , b ,"])
def test_lists_are_written_with_commas(value: str) -> None:
    assert load(ENOUGH, {"FARWATCH_NAMESPACES": value}).namespaces == ("a", "b")


@pytest.mark.parametrize("name", ["a b", "Shop", "-a", "a/../b", "a" * 64])
def test_what_can_be_no_namespace_is_refused_since_watching_it_would_show_nothing(name: str) -> None:
    message = refusal(ENOUGH, {"FARWATCH_NAMESPACES": f"shop,{name}"})
    assert message.startswith("FARWATCH_NAMESPACES: '")
    assert message.endswith("not a namespace's name such as kube-system")


def test_an_empty_variable_is_not_given_but_an_empty_list_is_empty() -> None:
    config = load(ENOUGH, {"FARWATCH_POLL": "", "FARWATCH_HUB": "", "FARWATCH_ALLOWED_CALLS": ""})

    assert config.poll is None
    assert config.allowed_calls == ()


@pytest.mark.parametrize("value", ["true", "True", "1"])
def test_booleans_are_read_from_text(value: str) -> None:
    assert load(ENOUGH, {"FARWATCH_ALLOW_INSECURE": value}).allow_insecure is True


def test_an_unknown_flag_is_named_with_what_is_allowed() -> None:
    message = refusal(ENOUGH | {"cluser_name": "x"})
    assert message.startswith("--cluser-name: unknown")
    assert "--cluster-name" in message


def test_an_unknown_variable_is_named_with_what_is_allowed() -> None:
    message = refusal(ENOUGH, {"FARWATCH_LOGLEVEL": "debug"})
    assert message.startswith("FARWATCH_LOGLEVEL: unknown")
    assert "FARWATCH_LOG_LEVEL" in message


@pytest.mark.parametrize(
    "variable",
    [
        "FARWATCH_ADMIN_TOKEN",
        "FARWATCH_DATA",
        "FARWATCH_TEST_KUBECONFIG",
        "FARWATCH_HUB_SERVICE_HOST",
        "FARWATCH_HUB_PORT_8080_TCP_ADDR",
        "FARWATCH_SERVICE_PORT_HTTP",
        "FARWATCH_PORT",
    ],
)
def test_other_commands_and_kubernetes_own_variables_are_left_alone(variable: str) -> None:
    assert isinstance(load(ENOUGH, {variable: "x"}), AgentConfig)


def test_an_unknown_key_in_the_file_is_named_with_file_and_what_is_allowed(tmp_path: Path) -> None:
    file = write(tmp_path, "hub: https://hub.example.com\npol: 60s\n")
    message = refusal({}, file=file)
    assert message.startswith(f"{file}: unknown setting 'pol'; allowed: hub, token")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("hub: [", "not YAML"),
        ("- hub", "expected settings"),
        ("hub: 5", "hub: 5: a text is expected"),
        ("namespaces: {a: b}", "namespaces"),
        ("log_level: loud", "log_level: 'loud': allowed: debug, info, warning, error"),
        ("1: x", "unknown setting 1"),
        ("hub: \x00", "not YAML"),
    ],
)
def test_a_bad_file_is_refused_in_one_line(tmp_path: Path, content: str, problem: str) -> None:
    message = refusal({"token": "t0ken"}, file=write(tmp_path, content))
    assert str(tmp_path) in message
    assert problem in message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "No such file" in refusal(ENOUGH, file=tmp_path / "absent.yaml")


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        ({"poll": "60"}, "--poll: '60': not a duration such as 500ms, 60s"),
        ({"poll": "10ms"}, "--poll: must be at least 1s"),
        ({"hub": "hub"}, "--hub: 'hub': not a URL"),
        (
            {"hub": "http://hub.example.com"},
            "--hub: http://hub.example.com would send the token in the clear",
        ),
        ({"role": "boss"}, "--role: 'boss': allowed: cluster"),
        ({"log_level": "loud"}, "allowed: debug, info, warning, error"),
        ({"metrics_listen": "9090"}, "--metrics-listen: '9090': not an address"),
        ({"allowed_calls": "pods.delete"}, "--allowed-calls: 'pods.delete': allowed: agent.status, pod.logs"),
        ({"allow_insecure": "maybe"}, "allowed: true, false"),
        ({"namespaces": "a/b"}, "--namespaces: 'a/b': not a namespace's name"),
        ({"exclude_namespaces": "A"}, "--exclude-namespaces: 'A': not a namespace's name"),
        (
            {"namespaces": "a,b", "exclude_namespaces": "b"},
            "--exclude-namespaces: b cannot be left out of the 2 given by --namespaces; give one or the other",
        ),
        ({"events": "some"}, "--events: 'some': allowed: true, false"),
        ({"link_down_liveness": "0s"}, "--link-down-liveness: must be more than 0s"),
        ({"token_file": "/x"}, "--token: give either the token or token_file"),
    ],
)
def test_a_bad_value_is_named_with_its_place_and_what_is_allowed(
    flags: dict[str, object], problem: str
) -> None:
    assert problem in refusal(ENOUGH | flags)


def test_a_bad_proxy_is_named_without_its_password() -> None:
    message = refusal(ENOUGH, {"HTTPS_PROXY": "socks5://me:secret@proxy:1080"})
    assert (
        message == "HTTPS_PROXY: 'socks5://proxy:1080' is not a proxy such as http://proxy.example.com:3128"
    )


def test_a_missing_hub_or_token_says_how_to_give_it() -> None:
    assert (
        refusal({"token": "x"})
        == "hub: not set; give --hub, FARWATCH_HUB or `hub:` in the configuration file"
    )
    assert "FARWATCH_TOKEN" in refusal({"hub": "https://hub"})


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "münchen", " "])
def test_a_token_that_cannot_be_one_is_refused_and_never_shown(token: str) -> None:
    message = refusal({"hub": "https://hub", "token": token})
    assert "not a token" in message
    assert token not in message or token == " "


def test_plain_http_is_allowed_to_this_machine_or_when_asked_for() -> None:
    assert load(ENOUGH | {"hub": "http://127.0.0.1:8080"}, {}).hub == "http://127.0.0.1:8080"
    assert load(ENOUGH | {"hub": "http://hub", "allow_insecure": True}, {}).hub == "http://hub"


def test_a_token_file_is_read_anew_each_time(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first\n")
    config = load({"hub": "https://hub", "token_file": str(file)}, {})
    assert config.read_token() == "first"
    file.write_text("second\n")
    assert config.read_token() == "second"


@pytest.mark.parametrize("key", ["AGENT_TOKEN", "API_KEY"])
def test_a_mounted_secret_holds_the_token_under_one_of_two_keys(tmp_path: Path, key: str) -> None:
    (tmp_path / "other").write_text("no-token")
    (tmp_path / key).write_text("t0ken\n")
    config = load({"hub": "https://hub", "token_file": str(tmp_path)}, {})
    assert config.read_token() == "t0ken"


@pytest.mark.parametrize(("keys", "held"), [((), "neither"), (("AGENT_TOKEN", "API_KEY"), "both")])
def test_a_mounted_secret_without_a_token_or_with_two_is_refused(
    tmp_path: Path, keys: tuple[str, ...], held: str
) -> None:
    for key in keys:
        (tmp_path / key).write_text("t0ken")
    config = load({"hub": "https://hub", "token_file": str(tmp_path)}, {})
    with pytest.raises(ConfigError, match=f"holds {held} of AGENT_TOKEN and API_KEY; one is expected"):
        config.read_token()


def test_a_token_file_of_a_higher_layer_replaces_a_token_of_a_lower(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("from-file")
    config = load({"hub": "https://hub", "token_file": str(file)}, {"FARWATCH_TOKEN": "from-environment"})
    assert config.read_token() == "from-file"


@pytest.mark.parametrize(("content", "problem"), [(None, "cannot read"), ("", "not a token")])
def test_a_token_file_without_a_token_is_an_error(tmp_path: Path, content: str | None, problem: str) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_text(content)
    config = load({"hub": "https://hub", "token_file": str(file)}, {})
    with pytest.raises(ConfigError, match=problem):
        config.read_token()


def test_the_token_does_not_show_in_the_configuration() -> None:
    config = load(ENOUGH, {"HTTPS_PROXY": "http://me:secret@proxy:3128"})
    assert "t0ken" not in repr(config)
    assert "secret" not in repr(config)


@given(st.sampled_from(sorted(SETTINGS)), st.text(max_size=20))
def test_any_text_for_any_setting_is_taken_or_refused_in_one_line(name: str, text: str) -> None:
    try:
        load(ENOUGH | {name: text}, {})
    except ConfigError as error:
        message = str(error)
    else:
        message = ""
    assert len(message.splitlines()) <= 1


def test_a_home_that_nobody_has_is_refused_in_one_line() -> None:
    with pytest.raises(ConfigError, match=r"--ca-file: '~0/ca.pem': nobody here is called '0'"):
        load(ENOUGH | {"ca_file": "~0/ca.pem"}, {})


def test_the_documentation_explains_every_setting() -> None:
    page = (Path(__file__).parents[3] / "docs" / "agent.md").read_text()
    assert [name for name in SETTINGS if f"`{name}`" not in page] == []
