"""Backups over HTTP."""

from __future__ import annotations

import asyncio

from ..conftest import Api


async def test_a_backup_is_written_and_listed(api: Api) -> None:
    assert await api.get("/backups") == {"items": []}
    answer = await api.ask("POST", "/api/v1/backups", {"keep": 3})
    assert answer.status_code == 201
    made = answer.json()
    assert made["records"] is True
    assert (await api.get("/backups"))["items"] == [made]


async def test_a_second_one_at_a_time_is_a_conflict(api: Api) -> None:
    first = asyncio.create_task(api.ask("POST", "/api/v1/backups", {}))
    while api.hub.backups._running is None:  # noqa: ASYNC110 - nobody is told
        await asyncio.sleep(0)
    assert await api.fault("POST", "/backups", {}) == (
        409,
        "a backup is being written: ask again when it is done",
    )
    assert (await first).status_code == 201


async def test_nobody_is_served_without_a_token_and_bad_wishes_are_refused(api: Api) -> None:
    assert (await api.ask("POST", "/api/v1/backups", {}, token=None)).status_code == 401
    assert (await api.fault("POST", "/backups", {"keep": 0}))[0] == 400
    assert (await api.fault("POST", "/backups", {"kep": 1}))[0] == 400


async def test_a_directory_that_takes_none_is_told(api: Api) -> None:
    path = api.hub.backups._folder.path
    path.write_text("a file where the directory should be")
    status, detail = await api.fault("POST", "/backups", {})
    assert status == 503
    assert f"backups cannot be written to {path}" in detail
