"""`farwatch audit`, against a hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from farwatch.cli.views import audit as views
from farwatch.client import ClientError
from farwatch.hub.audit.offline import verify_file
from farwatch.hub.audit.tables import entries

from ..conftest import ADMIN_TOKEN


async def test_lists_exports_and_verifies(
    served: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    await served.http.post("/api/v1/clusters", json={"name": "prod", "labels": {"env": "live"}})
    await views.list_entries(
        served.url, ADMIN_TOKEN, {"action": "cluster.*"}, since="1h", until="", limit=5, as_json=False
    )
    shown = capfd.readouterr().out
    assert "cluster.create" in shown
    assert 'prod labels={"env":"live"}' in shown

    file = tmp_path / "log"
    await views.export_log(served.url, ADMIN_TOKEN, file, form="ndjson", since="", until="")
    capfd.readouterr()
    await views.verify_at_hub(served.url, ADMIN_TOKEN, "", as_json=False)
    head = capfd.readouterr().out.splitlines()[-1]
    assert verify_file(file, head).ok

    await views.export_log(served.url, ADMIN_TOKEN, None, form="csv", since="", until="")
    assert capfd.readouterr().out.startswith("sequence,time,actor_kind")

    async with served.hub.audit._records.begin() as connection:
        await connection.execute(sa.delete(entries).where(entries.c.sequence == 1))
    with pytest.raises(ClientError, match="the audit log is not as it was written"):
        await views.verify_at_hub(served.url, ADMIN_TOKEN, "", as_json=False)
    assert "BROKEN at entry 1 (missing): entry 1 is missing" in capfd.readouterr().out


async def test_leaves_a_file_alone_where_the_hub_says_no(served: Any, tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text("precious")
    with pytest.raises(ClientError, match="refused"):
        await views.export_log(served.url, "a-wrong-token", file, form="ndjson", since="", until="")
    assert file.read_text() == "precious"
