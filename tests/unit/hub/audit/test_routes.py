"""The audit log of a whole hub, over HTTP."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from httpx import ASGITransport, AsyncClient
from litestar.routes import HTTPRoute

from farwatch.hub.app import create_alertmanager_app, create_app
from farwatch.hub.audit.export import verify_lines
from farwatch.hub.audit.marks import EXEMPT, list_unmarked
from farwatch.hub.audit.tables import entries
from farwatch.hub.options import ListenerAuth

from ..conftest import Api

NOT_WRITTEN_DOWN = {
    "POST /api/v1/alerting/config/validate",
    "POST /api/v1/alerting/explain",
    "POST /api/v1/clusters/{name}/install/helm",
    "POST /api/v1/silences/preview",
    "POST /api/v2/alerts",
}
"""Routes with a body that change nothing, and the one by which machines post alerts."""


async def act(api: Api) -> None:
    """What people do on a Monday morning."""
    await api.add_cluster("prod")
    ends = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    silence = {"matchers": 'cluster="prod"', "endsAt": ends, "comment": "upgrade"}
    made = await api.ask("POST", "/api/v1/silences", silence)
    await api.ask("DELETE", f"/api/v1/silences/{made.json()['id']}")
    await api.ask("POST", "/api/v1/clusters", {"name": "prod"})
    await api.ask("DELETE", "/api/v1/clusters/prod", token=None)


async def find(api: Api, **query: Any) -> list[tuple[str, str]]:
    return [(entry["action"], entry["result"]) for entry in (await api.get("/audit", **query))["items"]]


async def test_what_people_do_can_be_read_searched_exported_and_verified(api: Api) -> None:
    await act(api)
    assert (await find(api))[:5] == [
        ("cluster.remove", "denied"),
        ("cluster.create", "failed"),
        ("silence.end", "ok"),
        ("silence.create", "ok"),
        ("cluster.create", "ok"),
    ]
    assert await find(api, action="silence.*") == [("silence.end", "ok"), ("silence.create", "ok")]
    assert await find(api, cluster="prod", result="ok") == [("cluster.create", "ok")]
    assert await find(api, text="UPGRADE") == [("silence.create", "ok")]
    assert await find(api, actor="environment", action="cluster.create", limit=1) == [
        ("cluster.create", "failed")
    ]
    assert await find(api, until="2020-01-01T00:00:00") == []

    verdict = await api.get("/audit/verify")
    assert verdict["ok"], verdict
    exported = await api.ask("GET", "/api/v1/audit/export")
    assert exported.headers["content-disposition"] == 'attachment; filename="farwatch-audit.ndjson"'
    lines = exported.content.splitlines(keepends=True)
    assert len(lines) == verdict["entries"]
    assert verify_lines(lines, verdict["head"]["hash"]).ok

    table = await api.ask("GET", "/api/v1/audit/export", format="csv")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [row["action"] for row in rows[-5:-3]] == ["cluster.create", "silence.create"]
    assert rows[-4]["actor"] == "environment"
    assert rows[-1]["hash"] == verdict["head"]["hash"]


async def test_no_token_that_was_made_stands_in_the_log(api: Api) -> None:
    made = (await api.ask("POST", "/api/v1/tokens", {"name": "ci"})).json()
    cluster_token = await api.add_cluster("prod")
    exported = (await api.ask("GET", "/api/v1/audit/export")).text
    assert made["id"] in exported
    assert made["token"] not in exported
    assert cluster_token not in exported


async def test_a_log_that_was_changed_is_told_as_such(api: Api) -> None:
    await act(api)
    async with api.hub.audit._records.begin() as connection:
        await connection.execute(
            sa.update(entries).where(entries.c.action == "silence.create").values(result="denied")
        )
    verdict = await api.get("/audit/verify")
    assert not verdict["ok"]
    assert verdict["fault"]["kind"] == "changed"
    assert "its column result says something else" in verdict["fault"]["detail"]


async def test_a_head_that_is_not_there_any_more_is_told(api: Api) -> None:
    head = (await api.get("/audit/verify"))["head"]["hash"]
    assert (await api.get("/audit/verify", head=head))["ok"]
    verdict = await api.get("/audit/verify", head="0" * 64)
    assert verdict["fault"]["kind"] == "missing"


async def test_what_cannot_be_asked_is_refused(api: Api) -> None:
    for query, fault in (
        ({"cursor": "x"}, "cursor 'x' is none that the page before gave"),
        ({"cursor": "9" * 30}, "cursor"),
        ({"limit": 0}, "limit"),
        ({"result": "maybe"}, "result"),
        ({"since": "yesterday"}, "since"),
        ({"text": "x" * 201}, "text"),
    ):
        status, detail = await api.fault("GET", "/audit", **query)
        assert status == 400
        assert fault in detail
    assert (await api.fault("GET", "/audit/export", format="xlsx"))[0] == 400


async def test_nobody_reads_it_who_may_not(api: Api) -> None:
    body = {"name": "reader", "kind": "service", "grants": [{"role": "operator"}]}
    reader = (await api.ask("POST", "/api/v1/tokens", body)).json()["token"]
    for path in ("", "/export", "/verify"):
        assert (await api.ask("GET", f"/api/v1/audit{path}", token=reader)).status_code == 403
        assert (await api.ask("GET", f"/api/v1/audit{path}", token=None)).status_code == 401


async def test_who_was_not_seen_for_long_has_signed_out_by_the_clock(api: Api) -> None:
    people = api.hub.people
    user = await people.users.create("ada")
    session, _ = await people.sessions.open(user.id)
    session.seen_at = session.expires_at = 0.0
    await people.sessions.flush()
    (entry,) = (await api.get("/audit", action="session.expire"))["items"]
    assert entry["actor"] == {"kind": "system", "name": "system"}
    assert entry["target"] == {"kind": "session", "id": session.id, "name": "ada"}


async def test_who_comes_by_a_listener_that_is_open_is_nobody(api: Api) -> None:
    app = create_alertmanager_app(api.hub, ListenerAuth.NONE)
    times = {"startsAt": "2031-01-01T00:00:00Z", "endsAt": "2031-01-02T00:00:00Z"}
    matcher = {"name": "a", "value": "b", "isRegex": False}
    silence = {"matchers": [matcher], "createdBy": "amtool", "comment": "", **times}
    async with AsyncClient(transport=ASGITransport(app), base_url="http://am.test") as client:
        assert (await client.post("/api/v2/silences", json=silence)).status_code == 200
        assert (await client.post("/api/v2/alerts", json=[])).status_code == 200
    (entry,) = (await api.get("/audit", action="silence.create"))["items"]
    assert entry["actor"] == {"kind": "anonymous"}
    assert entry["details"]["createdBy"] == "amtool"


async def test_is_told_in_metrics(api: Api) -> None:
    await act(api)
    metrics = (await api.ask("GET", "/metrics")).text.splitlines()
    assert 'farwatch_audit_entries_total{result="failed"} 1' in metrics
    assert 'farwatch_audit_entries_total{result="denied"} 1' in metrics
    assert "farwatch_audit_waiting 0" in metrics


async def test_every_route_that_changes_something_is_written_down(api: Api) -> None:
    app = create_app(api.hub)
    assert list_unmarked(app) == []
    exempt = {
        f"{method} {route.path_format}"
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if EXEMPT in handler.opt
        for method in handler.http_methods
    }
    assert exempt <= NOT_WRITTEN_DOWN, "name it here, if it is sure that it changes nothing"
