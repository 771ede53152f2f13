"""Issues are opened, found again, brought up to date and closed, at a small Jira that remembers them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer

from farwatch.hub.alerting import Config
from farwatch.hub.alerting.dispatch import NotifyReason
from farwatch.hub.alerting.document import parse_document
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.receivers import DeliveryError, build_receivers

from ..conftest import alert, configuration

FIRING = Message(
    receiver="team",
    reason=NotifyReason.FIRST,
    group_key="{}:{}",
    group_labels={},
    alerts=(alert("a", severity="critical"),),
)
RESOLVED = msgspec.structs.replace(FIRING, alerts=(alert("a", severity="critical", ends=60),))
LABEL = f"ALERT{{{FIRING.group_hash}}}"
ENTRY = {"project": "OPS", "issue_type": "Bug"}


class Service:
    """Keeps issues by their key, each with its fields and state."""

    def __init__(self) -> None:
        self.issues: dict[str, dict[str, Any]] = {}
        self.searches: list[tuple[str, str]] = []
        self.failure: web.Response | None = None
        app = web.Application(middlewares=[self._fail])
        for version in ("2", "3"):
            base = f"/rest/api/{version}"
            app.router.add_post(f"{base}/search", self._search)
            app.router.add_post(f"{base}/search/jql", self._search)
            app.router.add_post(f"{base}/issue", self._create)
            app.router.add_put(f"{base}/issue/{{key}}", self._update)
            app.router.add_get(f"{base}/issue/{{key}}/transitions", self._ways)
            app.router.add_post(f"{base}/issue/{{key}}/transitions", self._move)
        self.server = TestServer(app)

    @web.middleware
    async def _fail(self, request: web.Request, handler: Any) -> web.StreamResponse:
        return self.failure or await handler(request)

    async def _search(self, request: web.Request) -> web.Response:
        jql = (await request.json())["jql"]
        self.searches.append((request.path, jql))
        open_only = "statusCategory != Done" in jql
        found = [
            {"key": key, "fields": {"status": {"name": "x", "statusCategory": {"key": issue["state"]}}}}
            for key, issue in self.issues.items()
            if any(label in jql for label in issue["labels"] if label.startswith("ALERT"))
            and not (open_only and issue["state"] == "done")
        ]
        return web.json_response({"issues": found, "padding": "x" * 10_000})

    async def _create(self, request: web.Request) -> web.Response:
        key = f"OPS-{len(self.issues) + 1}"
        self.issues[key] = {"state": "new", **(await request.json())["fields"]}
        return web.json_response({"key": key}, status=201)

    async def _update(self, request: web.Request) -> web.Response:
        self.issues[request.match_info["key"]].update((await request.json())["fields"])
        return web.Response(status=204)

    async def _ways(self, request: web.Request) -> web.Response:
        done = self.issues[request.match_info["key"]]["state"] == "done"
        return web.json_response({"transitions": [{"id": "1", "name": "Reopen" if done else "Done"}]})

    async def _move(self, request: web.Request) -> web.Response:
        assert (await request.json()) == {"transition": {"id": "1"}}
        issue = self.issues[request.match_info["key"]]
        issue["state"] = "new" if issue["state"] == "done" else "done"
        return web.Response(status=204)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    service = Service()
    async with service.server:
        yield service


@pytest.fixture
def send(service: Service, http: aiohttp.ClientSession) -> Any:
    async def send(message: Message, version: str = "2", **more: Any) -> str:
        entry = {"api_url": str(service.server.make_url(f"/rest/api/{version}")), **ENTRY, **more}
        receivers = [{"name": "team", "jira_configs": [entry]}]
        config = configuration(yaml.safe_dump({"route": {"receiver": "team"}, "receivers": receivers}))
        ((_, receiver),) = build_receivers(config, http)["team"]
        receipt: str = await receiver.send(message)
        return receipt

    return send


async def test_a_group_gets_an_issue(service: Service, send: Any) -> None:
    fields = {"customfield_1": {"value": "{{ .CommonLabels.pod }}"}, "customfield_2": 7}
    receipt = await send(FIRING, labels=["alert", "{{ .CommonLabels.pod }}"], fields=fields)
    assert receipt == "issue OPS-1"
    issue = service.issues["OPS-1"]
    assert issue["project"] == {"key": "OPS"}
    assert issue["issuetype"] == {"name": "Bug"}
    assert issue["summary"] == "[FIRING:1] (KubePodCrashLooping a critical)"
    assert issue["labels"] == [LABEL, "a", "alert"]
    assert issue["priority"] == {"name": "High"}
    assert "a crashes" in issue["description"]
    assert (issue["customfield_1"], issue["customfield_2"]) == ({"value": "a"}, 7)


async def test_the_same_issue_is_brought_up_to_date(service: Service, send: Any) -> None:
    await send(FIRING, summary="one")
    summary = {"template": "two", "enable_update": False}
    assert await send(FIRING, summary=summary, description="new") == "issue OPS-1"
    assert (service.issues["OPS-1"]["summary"], service.issues["OPS-1"]["description"]) == ("one", "new")
    assert len(service.issues) == 1


async def test_it_is_closed_with_the_group_and_opened_again_with_it(service: Service, send: Any) -> None:
    ways = {"resolve_transition": "Done", "reopen_transition": "Reopen", "reopen_duration": "2h"}
    await send(FIRING, **ways)
    await send(RESOLVED, **ways)
    assert service.issues["OPS-1"]["state"] == "done"
    await send(FIRING, **ways)
    assert (len(service.issues), service.issues["OPS-1"]["state"]) == (1, "new")
    assert "resolutiondate >= -120m" in service.searches[-1][1]


async def test_without_a_way_back_a_new_one_is_opened(service: Service, send: Any) -> None:
    await send(FIRING, resolve_transition="Done")
    await send(RESOLVED, resolve_transition="Done")
    await send(FIRING, resolve_transition="Done")
    assert sorted(service.issues) == ["OPS-1", "OPS-2"]


async def test_an_end_opens_no_issue(service: Service, send: Any) -> None:
    assert await send(RESOLVED) == "no open issue"
    assert not service.issues


async def test_a_transition_that_is_not_there_is_told(service: Service, send: Any) -> None:
    await send(FIRING)
    with pytest.raises(DeliveryError, match='has no transition "Close" now, but Done') as error:
        await send(RESOLVED, resolve_transition="Close")
    assert not error.value.retryable


async def test_texts_of_people_cannot_change_a_search(service: Service, send: Any) -> None:
    await send(FIRING, project='O"PS', wont_fix_resolution="Won't \\ do")
    ((_, jql),) = service.searches
    assert 'project="O\\"PS"' in jql
    assert 'resolution != "Won\'t \\\\ do"' in jql


@pytest.mark.parametrize(
    ("version", "api_type", "path"),
    [
        ("2", "auto", "/rest/api/2/search"),
        ("2", "datacenter", "/rest/api/2/search"),
        ("2", "cloud", "/rest/api/3/search/jql"),
        ("3", "cloud", "/rest/api/3/search/jql"),
    ],
)
async def test_each_kind_of_server_is_searched_in_its_own_way(
    service: Service, send: Any, version: str, api_type: str, path: str
) -> None:
    await send(FIRING, version, api_type=api_type)
    assert [searched for searched, _ in service.searches] == [path]


async def test_version_3_gets_documents(service: Service, send: Any) -> None:
    await send(FIRING, "3", description="one\n\ntwo")
    assert service.issues["OPS-1"]["description"] == {
        "type": "doc",
        "version": 1,
        "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": "one"}]},
            {"type": "paragraph", "content": [{"type": "text", "text": "two"}]},
        ],
    }
    await send(FIRING, "3", description='{"type": "doc", "version": 1, "content": []}')
    assert service.issues["OPS-1"]["description"]["content"] == []


async def test_long_texts_are_cut(service: Service, send: Any) -> None:
    await send(FIRING, summary="é" * 300, description="é" * 40_000)
    assert len(service.issues["OPS-1"]["summary"]) == 255
    assert len(service.issues["OPS-1"]["description"]) == 32_767


async def test_a_template_that_fails_does_not_hold_the_issue_back(service: Service, send: Any) -> None:
    await send(FIRING, description="{{ .Nope.Nope }}")
    assert service.issues["OPS-1"]["description"].startswith("Not as you wrote it, a template failed: ")


@pytest.mark.parametrize(("status", "retryable"), [(503, True), (429, True), (400, False), (401, False)])
async def test_failures_are_told_apart(service: Service, send: Any, status: int, retryable: bool) -> None:
    service.failure = web.Response(status=status, text="no")
    with pytest.raises(DeliveryError, match=f"status {status}: no") as error:
        await send(FIRING)
    assert error.value.retryable is retryable


async def test_an_answer_that_is_none_is_told(service: Service, send: Any) -> None:
    service.failure = web.Response(text="<html>")
    with pytest.raises(DeliveryError, match="Jira's answer is not what it must be"):
        await send(FIRING)


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({"project": "a", "issue_type": "b"}, "no address: set `api_url`, or `jira_api_url` in `global`"),
        ({"project": "a", "api_url": "http://a"}, "`issue_type` is missing"),
        (ENTRY | {"api_url": "http://a", "api_type": "x"}, '"x" is none of auto, cloud, datacenter'),
        (ENTRY | {"api_url": "http://a", "summary": {"text": "x"}}, "a mapping of `template` and"),
        (ENTRY | {"api_url": "http://a", "summary": "{{"}, "jira_configs[0].summary"),
        (ENTRY | {"api_url": "http://a", "fields": {"a": "{{"}}, "jira_configs[0].fields"),
    ],
)
def test_what_is_wrong_is_refused(entry: dict[str, Any], fault: str) -> None:
    receivers = [{"name": "team", "jira_configs": [entry]}]
    text = yaml.safe_dump({"route": {"receiver": "team"}, "receivers": receivers})
    _, problems = parse_document(text, "f", Config)
    assert fault in "\n".join(map(str, problems))
