"""Install links over HTTP, as curl and kubectl meet them."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import yaml

from farwatch.hub.install import Renderer
from farwatch.hub.install.strangers import WRONG_ALLOWED


@pytest.fixture
async def hub(api: Any) -> Any:
    """A hub that knows its address, with a cluster."""
    api.hub.installs._url = "https://hub.example"
    await api.add_cluster("prod")
    return api


async def make(hub: Any, **options: Any) -> dict[str, Any]:
    answer = await hub.ask("POST", "/api/v1/clusters/prod/install", options)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def path_of(link: dict[str, Any]) -> str:
    return str(link["url"]).removeprefix("https://hub.example")


async def test_the_link_delivers_yaml_once_without_an_api_token(hub: Any) -> None:
    link = await make(hub)
    answer = await hub.ask("GET", path_of(link), token=None)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/yaml; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert hashlib.sha256(answer.content).hexdigest() == link["sha256"]
    again = await hub.ask("GET", path_of(link), token=None)
    assert again.status_code == 410
    assert "was used at" in again.text
    assert "farwatch cluster install NAME" in again.text
    assert hub.hub.installs.counters.delivered == 1


async def test_head_tells_whether_there_is_something_and_leaves_it_there(hub: Any) -> None:
    link = await make(hub)
    for _ in range(2):
        answer = await hub.ask("HEAD", path_of(link), token=None)
        assert (answer.status_code, answer.content) == (200, b"")
    assert (await hub.ask("GET", path_of(link), token=None)).status_code == 200
    assert (await hub.ask("HEAD", path_of(link), token=None)).status_code == 410


@pytest.mark.parametrize("token", ["x", "fwi_" + "x" * 43, "$(id)", "%0Aid"])
async def test_what_cannot_be_had_is_a_comment_to_a_shell_and_nothing_to_kubectl(
    hub: Any, token: str
) -> None:
    answer = await hub.ask("GET", f"/install/{token}", token=None)
    assert answer.status_code == 404
    assert all(line.startswith("# ") for line in answer.text.splitlines())
    assert yaml.safe_load(answer.text) is None


async def test_who_guesses_is_told_to_stop_and_a_right_link_still_works(hub: Any) -> None:
    link = await make(hub)
    statuses = [
        (await hub.ask("GET", "/install/guess", token=None)).status_code for _ in range(WRONG_ALLOWED + 1)
    ]
    assert statuses == [404] * WRONG_ALLOWED + [429]
    answer = await hub.ask("GET", "/install/guess", token=None)
    assert int(answer.headers["retry-after"]) > 0
    assert answer.text.startswith("# ")
    assert (await hub.ask("GET", path_of(link), token=None)).status_code == 200


async def test_the_preview_is_yaml_without_the_token_and_needs_an_api_token(hub: Any) -> None:
    link = await make(hub)
    preview = str(link["previewUrl"]).removeprefix("https://hub.example")
    assert (await hub.ask("GET", preview, token=None)).status_code == 401
    answer = await hub.ask("GET", preview)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/yaml; charset=utf-8"
    assert answer.headers["x-farwatch-sha256"] == link["sha256"]
    assert "AGENT_TOKEN: ...the agent's token" in answer.text
    await hub.ask("GET", path_of(link), token=None)
    assert (await hub.fault("GET", preview.removeprefix("/api/v1")))[0] == 410


async def test_links_are_listed_with_what_became_of_them(hub: Any) -> None:
    used, left = await make(hub), await make(hub)
    await hub.ask("GET", path_of(used), token=None)
    items = (await hub.get("/clusters/prod/install"))["items"]
    assert {item["id"]: item["state"] for item in items} == {used["id"]: "used", left["id"]: "open"}
    assert used["url"] not in str(items)


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        ({"mode": "heavy"}, 400, "mode"),
        ({"nonsense": 1}, 400, "nonsense"),
        ({"namespace": "No"}, 400, "cannot be a namespace's name"),
        ({"values": {"agentToken": "x"}}, 400, "the hub sees to it"),
        ({"watchNamespaces": ["*"]}, 400, "is not a namespace's name"),
        ({"caBundle": "x" * 300_000}, 400, "caBundle"),
    ],
)
async def test_options_that_cannot_be_are_refused_by_name(
    hub: Any, options: dict[str, Any], status: int, words: str
) -> None:
    found = await hub.fault("POST", "/clusters/prod/install", options)
    assert found[0] == status
    assert words in found[1]


async def test_a_hub_that_does_not_know_its_address_names_the_flag(api: Any) -> None:
    await api.add_cluster("prod")
    status, detail = await api.fault("POST", "/clusters/prod/install", {})
    assert status == 409
    assert "--external-url https://hub.example.com" in detail


async def test_helm_needs_no_external_url_where_people_say_how_the_cluster_reaches_the_hub(api: Any) -> None:
    await api.add_cluster("prod")
    wanted = {"mode": "full", "hubUrl": "https://hub.lan/"}
    answer = await api.ask("POST", "/api/v1/clusters/prod/install/helm", wanted)
    assert answer.status_code == 200, answer.text
    assert answer.json()["hubUrl"] == "https://hub.lan"
    command = answer.json()["helmCommand"]
    assert " https://hub.lan/charts/farwatch-agent-" in command
    assert '\'hub={"url": "https://hub.lan"}\'' in command
    assert "'mode=\"daemonset\"'" in command
    assert (await api.get("/clusters/prod/install"))["items"] == []


async def test_helm_takes_the_external_url_where_there_is_one(hub: Any) -> None:
    answer = await hub.ask("POST", "/api/v1/clusters/prod/install/helm", {})
    assert answer.json()["hubUrl"] == "https://hub.example"
    assert answer.json()["helmCommand"] == (await make(hub))["helmCommand"]


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        ({}, 409, "--external-url https://hub.example.com"),
        ({"hubUrl": "hub.lan"}, 400, "hubUrl: 'hub.lan' is not an address"),
        ({"hubUrl": "https://[hub"}, 400, "hubUrl"),
        ({"hubUrl": "https://hub.lan?x=1"}, 400, "hubUrl"),
        ({"hubUrl": "http://hub.lan"}, 409, "no TLS"),
        ({"hubUrl": "https://hub.lan", "nonsense": 1}, 400, "nonsense"),
    ],
)
async def test_an_install_by_helm_that_cannot_be_says_why(
    api: Any, options: dict[str, Any], status: int, words: str
) -> None:
    await api.add_cluster("prod")
    found = await api.fault("POST", "/clusters/prod/install/helm", options)
    assert found[0] == status
    assert words in found[1]


async def test_what_is_asked_of_an_unknown_cluster_is_not_found(hub: Any) -> None:
    for method, path, body in (
        ("POST", "/clusters/nope/install", {}),
        ("POST", "/clusters/nope/install/helm", {"hubUrl": "https://hub.lan"}),
        ("GET", "/clusters/nope/install", None),
        ("GET", "/clusters/nope/install/x", None),
    ):
        assert (await hub.fault(method, path, body))[0] == 404


async def test_a_chart_that_cannot_be_rendered_is_the_hubs_fault(hub: Any) -> None:
    hub.hub.installs._renderer = Renderer(["/nonexistent/python"])
    status, detail = await hub.fault("POST", "/clusters/prod/install", {})
    assert status == 503
    assert "cannot be started" in detail


async def test_the_chart_is_there_for_helm_at_the_address_of_its_command(hub: Any) -> None:
    link = await make(hub)
    words = link["helmCommand"].split()
    address = words[words.index("farwatch-agent") + 1]
    answer = await hub.ask("GET", address.removeprefix("https://hub.example"), token=None)
    assert answer.status_code == 200
    assert answer.content.startswith(b"\x1f\x8b")
    for file in ("farwatch-agent-0.0.1.tgz", "..%2F..%2Fpyproject.toml", "x"):
        missing = await hub.ask("GET", f"/charts/{file}", token=None)
        assert missing.status_code == 404
