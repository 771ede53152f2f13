from __future__ import annotations

from typing import Any

import msgspec
import pytest

from farwatch.cli.views import backups as views

MADE = {
    "name": "20261121T021700Z",
    "createdAt": "2026-11-21T02:17:00Z",
    "version": "0.1.0",
    "bytes": 3 * 1024 * 1024 + 600_000,
    "records": True,
}


async def test_asking_for_one_says_what_was_written(hub: Any, capsys: pytest.CaptureFixture[str]) -> None:
    hub.answer = MADE
    await views.create_backup(hub.url, "t", None, 60, as_json=False)
    await views.create_backup(hub.url, "t", 7, 60, as_json=True)
    assert hub.asked == [("POST", "/api/v1/backups")] * 2
    assert hub.bodies == [{}, {"keep": 7}]
    plain, _, decoded = capsys.readouterr().out.partition("\n")
    assert plain == "Backup 20261121T021700Z is written: 3.6 MiB."
    assert msgspec.json.decode(decoded)["name"] == MADE["name"]


async def test_one_without_records_says_so(hub: Any, capsys: pytest.CaptureFixture[str]) -> None:
    hub.answer = MADE | {"records": False}
    await views.create_backup(hub.url, "t", None, 60, as_json=False)
    assert "without the records, which are in PostgreSQL" in capsys.readouterr().out


async def test_one_without_telemetry_says_so(hub: Any, capsys: pytest.CaptureFixture[str]) -> None:
    hub.answer = MADE | {"telemetry": False}
    await views.create_backup(hub.url, "t", None, 60, as_json=False)
    assert "without the telemetry, which is in ClickHouse" in capsys.readouterr().out


async def test_the_list_has_a_line_for_each(hub: Any, capsys: pytest.CaptureFixture[str]) -> None:
    hub.answer = {"items": [MADE, MADE | {"name": "20261120T021700Z", "records": False}]}
    await views.list_backups(hub.url, "t", as_json=False)
    heading, first, second = capsys.readouterr().out.strip().split("\n")
    assert heading.split() == ["BACKUP", "AGE", "SIZE", "RECORDS", "TELEMETRY", "VERSION"]
    assert "3.6 MiB" in first
    assert first.rstrip().endswith("0.1.0")
    assert "in PostgreSQL" in second


async def test_the_list_for_scripts_is_what_the_hub_said(
    hub: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.answer = {"items": [MADE | {"new": 1}]}
    await views.list_backups(hub.url, "t", as_json=True)
    assert msgspec.json.decode(capsys.readouterr().out) == hub.answer["items"]


async def test_an_empty_list_says_how_to_write_one(hub: Any, capsys: pytest.CaptureFixture[str]) -> None:
    hub.answer = {"items": []}
    await views.list_backups(hub.url, "t", as_json=False)
    assert capsys.readouterr().out == "No backups yet. Write one: farwatch backup create\n"
