from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from farwatch.cli.views import keys as views
from farwatch.cli.views.keys import Key, key_table

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_each_key_is_a_line(show: Callable[..., str]) -> None:
    keys = [
        Key(
            id="0011",
            name="prod",
            cluster_names="prod-*",
            created_at=NOON,
            labels={"env": "prod"},
            last_used_at=NOON - timedelta(minutes=5),
        ),
        Key(id="0022", name="old", cluster_names="*", created_at=NOON, revoked_at=NOON),
    ]
    assert [line.split() for line in show(key_table(keys, NOON)).split("\n")] == [
        ["ID", "STATE", "CLUSTERS", "USED", "FOR", "LABELS"],
        ["0011", "valid", "prod-*", "5m", "ago", "prod", "env=prod"],
        ["0022", "revoked", "*", "never", "old", "-"],
    ]


async def test_a_new_key_is_printed_once_on_one_line(hub: Any, capsys: pytest.CaptureFixture[str]) -> None:
    hub.answer = {"id": "0011", "name": "fleet", "key": "fwo_" + "x" * 200}
    await views.create_key(hub.url, "t", "fleet", "prod-*", {"env": "prod"}, as_json=False)
    assert f"\n  {hub.answer['key']}\n" in capsys.readouterr().out
    assert hub.bodies == [{"name": "fleet", "clusterNames": "prod-*", "labels": {"env": "prod"}}]


async def test_an_empty_list_says_so(hub: Any, capsys: pytest.CaptureFixture[str]) -> None:
    hub.answer = {"items": []}
    await views.list_keys(hub.url, "t", as_json=False)
    assert capsys.readouterr().out.startswith("No organisation keys yet.")


async def test_revoking_asks_for_that(hub: Any) -> None:
    await views.revoke_key(hub.url, "t", "0011")
    assert hub.asked == [("DELETE", "/api/v1/organisation-keys/0011")]
