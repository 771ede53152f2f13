"""Requests that become entries, and what is answered where they cannot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from httpx import ASGITransport, AsyncClient
from litestar import Litestar, Request, get, post
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers.base import BaseRouteHandler
from litestar.params import FromPath, JSONBody
from litestar.response import Stream
from sqlalchemy.exc import OperationalError

from farwatch.hub import problems
from farwatch.hub.audit import (
    Action,
    Actor,
    ActorKind,
    Audit,
    AuditNotKeptError,
    Target,
    audit_details,
    audits,
    not_audited,
)
from farwatch.hub.audit.entries import AuditEntry
from farwatch.hub.audit.marks import list_unmarked
from farwatch.hub.audit.middleware import AuditMiddleware, note_intent
from farwatch.hub.store import Records

AnyRequest = Request[Any, Any, State]


class Principal(msgspec.Struct):
    kind: str
    id: str
    name: str
    token_id: str = ""
    session_id: str = ""


class Wish(msgspec.Struct):
    matchers: str


def let_in(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Stands for the hub's guard."""
    who = connection.headers.get("who", "")
    if handler.opt.get("access") == "open":
        return
    if not who:
        raise NotAuthorizedException("this needs an API token")
    connection.state["principal"] = Principal("user", f"id-{who}", who, session_id="s1")
    if who == "eve":
        raise PermissionDeniedException("eve may not make silences")


@post(
    "/silences/{cluster:str}",
    opt={"access": "silences.write"} | audits(Action.SILENCE_CREATE, cluster="cluster"),
)
async def make(
    state: State, request: AnyRequest, cluster: FromPath[str], data: JSONBody[Wish]
) -> dict[str, str]:
    audit_details(request, matchers=data.matchers)
    state.done.append(cluster)
    if data.matchers == "break":
        raise RuntimeError("broken")
    if data.matchers == "stop":
        raise asyncio.CancelledError
    audit_details(request, target=Target(id="s-1"), comment="")
    return {"id": "s-1"}


@post("/session", opt={"access": "open"} | audits(Action.SESSION_CREATE))
async def sign_in(request: AnyRequest, data: JSONBody[dict[str, str]]) -> None:
    audit_details(request, username=data["username"])
    if data["password"] != "right":
        raise NotAuthorizedException("name or password is wrong")
    audit_details(request, actor=Actor(kind=ActorKind.USER, id="u7", name=data["username"]))


@post("/stream", opt={"access": "open"} | audits(Action.BACKUP_CREATE))
async def pour() -> Stream:
    async def parts() -> AsyncIterator[bytes]:
        for part in (b"a", b"b", b"c"):
            yield part

    return Stream(parts())


@post("/alerts", opt={"access": "open"} | not_audited("machines post them"))
async def take(request: AnyRequest) -> None:
    audit_details(request, nobody="reads this")


@get("/read", opt={"access": "open"} | audits(Action.SILENCE_END))
async def read_something() -> str:
    return ""


@post("/forgotten")
async def forgotten() -> None: ...


class Site:
    def __init__(self, audit: Audit, client: AsyncClient, app: Litestar) -> None:
        self.audit = audit
        self.client = client
        self.app = app

    async def silence(self, matchers: str = "a=b", who: str = "ada", **headers: str) -> Any:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post(
            "/silences/prod", json={"matchers": matchers}, headers={"who": who} | names
        )

    async def entries(self) -> list[AuditEntry]:
        return [entry async for batch in self.audit.batches() for entry in batch][1:]

    async def last(self) -> AuditEntry:
        return (await self.entries())[-1]


@pytest.fixture
async def site(audit: Audit) -> AsyncIterator[Site]:
    app = Litestar(
        [make, sign_in, pour, take, read_something, forgotten],
        guards=[let_in, note_intent],
        middleware=[AuditMiddleware],
        exception_handlers=problems.handlers({AuditNotKeptError: 503}),
        state=State({"audit": audit, "done": []}),
        openapi_config=None,
        logging_config=None,
    )
    transport = ASGITransport(app, client=("192.0.2.9", 1234), raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://hub.test") as client:
        yield Site(audit, client, app)


def break_records(records: Records, monkeypatch: pytest.MonkeyPatch, after: int = 0) -> None:
    """Records that can be written so many times more."""
    left, begin = after, records.begin

    @asynccontextmanager
    async def begin_or_fail() -> AsyncIterator[Any]:
        nonlocal left
        if left <= 0:
            raise OperationalError("INSERT", {}, Exception("disk is full"))
        left -= 1
        async with begin() as connection:
            yield connection

    monkeypatch.setattr(records, "begin", begin_or_fail)


async def test_what_was_done_is_told_with_who_from_where_what_and_how_it_ended(site: Site) -> None:
    answer = await site.silence(user_agent="curl/8", x_request_id="abc-1")
    assert answer.status_code == 201
    assert answer.headers["x-request-id"] == "abc-1"
    entry = await site.last()
    assert msgspec.to_builtins(entry) | {"time": "", "hash": "", "former": ""} == {
        "sequence": 2,
        "former": "",
        "hash": "",
        "time": "",
        "actor": {"kind": "user", "id": "id-ada", "name": "ada", "session": "s1"},
        "action": "silence.create",
        "result": "ok",
        "status": 201,
        "source": {"address": "192.0.2.9", "userAgent": "curl/8"},
        "target": {"kind": "silence", "cluster": "prod", "id": "s-1"},
        "permission": "silences.write",
        "request": "abc-1",
        "details": {"matchers": "a=b"},
    }


async def test_a_request_without_an_id_that_can_be_kept_gets_one(site: Site) -> None:
    for header in ("", "x" * 65, 'a"b', "ä"):
        answer = await site.client.post(
            "/silences/a", json={"matchers": "a"}, headers={"who": "ada", "x-request-id": header.encode()}
        )
        assert len(answer.headers["x-request-id"]) == 16
        assert (await site.last()).request == answer.headers["x-request-id"]


async def test_who_may_not_is_told_with_their_name_and_the_reason(site: Site) -> None:
    assert (await site.silence(who="eve")).status_code == 403
    entry = await site.last()
    assert (entry.actor.name, entry.result, entry.status) == ("eve", "denied", 403)
    assert entry.details == {"reason": "eve may not make silences"}
    assert site.app.state.done == []


async def test_who_is_nobody_is_told_as_such(site: Site) -> None:
    assert (await site.silence(who="")).status_code == 401
    entry = await site.last()
    assert (entry.actor.kind, entry.result) == (ActorKind.ANONYMOUS, "denied")


async def test_what_could_not_be_done_is_told_with_the_reason(site: Site) -> None:
    answer = await site.client.post("/silences/prod", json={}, headers={"who": "ada"})
    assert answer.status_code == 400
    entry = await site.last()
    assert (entry.result, entry.status) == ("failed", 400)
    assert "missing required field" in entry.details["reason"]


async def test_a_fault_of_the_hub_is_told_as_one(site: Site) -> None:
    assert (await site.silence("break")).status_code == 500
    entry = await site.last()
    assert (entry.result, entry.status, entry.details["matchers"]) == ("failed", 500, "break")


async def test_a_request_that_is_broken_off_is_told(site: Site) -> None:
    with pytest.raises(asyncio.CancelledError):
        await site.silence("stop")
    entry = await site.last()
    assert (entry.result, entry.status) == ("failed", 0)
    assert entry.details["reason"] == "the request was broken off"


async def test_signing_in_is_told_with_who_did_or_wanted_to(site: Site) -> None:
    for password in ("wrong", "right"):
        await site.client.post("/session", json={"username": "ada", "password": password})
    failed, succeeded = await site.entries()
    assert (failed.actor.kind, failed.result, failed.details["username"]) == ("anonymous", "denied", "ada")
    assert (succeeded.actor.kind, succeeded.actor.id, succeeded.result) == ("user", "u7", "ok")
    assert "wrong" not in str(failed.details).replace("password is wrong", "")


async def test_an_answer_in_parts_comes_whole_and_after_its_entry(site: Site) -> None:
    answer = await site.client.post("/stream")
    assert answer.content == b"abc"
    assert (await site.last()).action == Action.BACKUP_CREATE


async def test_reading_and_what_is_exempt_leave_no_entry(site: Site) -> None:
    await site.client.get("/read")
    await site.client.post("/alerts")
    await site.client.post("/nothing-here")
    assert await site.entries() == []


async def test_nothing_is_done_that_cannot_be_written(
    site: Site, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        break_records(records, broken)
        answer = await site.silence()
    assert answer.status_code == 503
    assert answer.json()["detail"].startswith("the audit log cannot be written: disk is full")
    assert site.app.state.done == []
    await site.silence()
    assert len(await site.entries()) == 1, "what was not begun is not told"


async def test_what_was_done_but_could_not_be_written_is_not_told_as_done_and_written_later(
    site: Site, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        break_records(records, broken, after=1)  # the intent
        answer = await site.silence("first")
    assert answer.status_code == 503
    assert answer.json()["detail"].startswith("this was done, but its entry is not in the audit log yet")
    assert "s-1" not in answer.text
    await site.silence("second")
    assert [entry.details["matchers"] for entry in await site.entries()] == ["first", "second"]


async def test_nobody_is_signed_in_without_an_entry(
    site: Site, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_records(records, monkeypatch)
    answer = await site.client.post("/session", json={"username": "ada", "password": "right"})
    assert answer.status_code == 503
    assert "set-cookie" not in answer.headers


async def test_many_at_once_make_one_chain(site: Site) -> None:
    await asyncio.gather(*(site.silence(f"n{number}") for number in range(30)))
    assert len({entry.details["matchers"] for entry in await site.entries()}) == 30
    assert (await site.audit.verify()).ok


def test_a_route_that_writes_and_says_nothing_of_it_is_found(site: Site) -> None:
    assert list_unmarked(site.app) == ["POST /forgotten"]


def test_a_mark_that_names_what_no_target_has_is_refused() -> None:
    with pytest.raises(TypeError, match="a target has no colour"):
        audits(Action.SILENCE_END, colour="red")
