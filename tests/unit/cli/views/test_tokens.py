from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from farwatch.cli.views import tokens as views
from farwatch.cli.views.tokens import ApiToken, Wanted, token_table

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_each_token_is_a_line(show: Callable[..., str]) -> None:
    scope = {"clusters": ["prod"], "clusterLabels": {"env": "x"}, "namespaces": ["shop"]}
    tokens = [
        ApiToken(
            id="0011", name="ci", kind="service", state="valid", grants=[{"role": "admin", "scope": {}}]
        ),
        ApiToken(
            id="0022",
            name="mine",
            kind="personal",
            state="expiring",
            owner_name="ada",
            grants=[{"role": "viewer", "scope": scope}],
            scopes=["alerts.read"],
            expires_at=NOON,
            last_used_at=NOON - timedelta(minutes=5),
        ),
        ApiToken(id="0033", name="all", kind="personal", state="valid", owner_name="bob"),
    ]
    lines = [" ".join(line.split()) for line in show(token_table(tokens, NOON)).split("\n")]
    assert lines == [
        "ID STATE ENDS USED ACTS AS FOR MAY",
        "0011 valid never never service ci admin",
        "0022 expiring 2026-11-20 5m ago ada mine viewer of prod env=x /shop; only alerts.read",
        "0033 valid never never bob all all that its owner may",
    ]


async def test_a_new_token_is_printed_once_on_one_line(hub: Any, capsys: pytest.CaptureFixture[str]) -> None:
    hub.answer = {"id": "0011", "name": "ci", "token": "fwt_" + "x" * 200}
    wanted = Wanted("ci", "operator", clusters=("prod",), scopes=("alerts.write",))
    await views.create_token(hub.url, "t", wanted, as_json=False)
    assert f"\n  {hub.answer['token']}\n" in capsys.readouterr().out
    assert hub.bodies == [
        {
            "name": "ci",
            "kind": "service",
            "grants": [{"role": "operator", "scope": {"clusters": ["prod"]}}],
            "scopes": ["alerts.write"],
        }
    ]


def test_days_are_counted_from_now() -> None:
    assert Wanted("ci", "viewer", days=1.5).body(NOON)["expiresAt"] == "2026-11-22T00:00:00+00:00"


async def test_tokens_that_ended_are_shown_when_asked_for(
    hub: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.answer = {"items": [{"id": "0011", "name": "old", "kind": "service", "state": "revoked"}]}
    await views.list_tokens(hub.url, "t", everything=False, as_json=False)
    assert capsys.readouterr().out.startswith("No API tokens of yours.")
    await views.list_tokens(hub.url, "t", everything=True, as_json=False)
    assert "0011" in capsys.readouterr().out


async def test_revoking_asks_for_that(hub: Any) -> None:
    await views.revoke_token(hub.url, "t", "0011")
    assert hub.asked == [("DELETE", "/api/v1/tokens/0011")]
