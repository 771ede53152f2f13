from __future__ import annotations

from typing import Any

import msgspec
import pytest

from farwatch.cli.views.finding import fetch_all, find_alert, find_silence
from farwatch.client import ClientError, HubClient

ALERTS = {"items": [{"fingerprint": "0011223344556677"}, {"fingerprint": "00aabbccddeeff00"}]}


async def find(hub: Any, beginning: str) -> str:
    async with HubClient(hub.url, "t") as client:
        return await find_alert(client, beginning)


async def test_a_beginning_that_one_alert_has_names_it(hub: Any) -> None:
    hub.answer = ALERTS
    assert await find(hub, "00a") == "00aabbccddeeff00"
    assert hub.asked == [("GET", "/api/v1/alerts?status=all")]


async def test_a_whole_fingerprint_is_not_looked_up(hub: Any) -> None:
    assert await find(hub, "00AABBCCDDEEFF00") == "00aabbccddeeff00"
    assert hub.asked == []


@pytest.mark.parametrize(
    ("beginning", "words"),
    [
        ("00", "2 of them begin with '00'"),
        ("ff", "there is no alert 'ff': 'farwatch alerts' lists them"),
        ("xyz", "is not the beginning of a fingerprint"),
        ("../x", "is not the beginning of a fingerprint"),
        ("", "is not the beginning of a fingerprint"),
    ],
)
async def test_what_names_no_single_alert_is_refused(hub: Any, beginning: str, words: str) -> None:
    hub.answer = ALERTS
    with pytest.raises(ClientError, match=words):
        await find(hub, beginning)


async def test_a_silence_is_found_by_the_beginning_of_its_id(hub: Any) -> None:
    hub.answer = {"items": [{"id": "aa-1"}, {"id": "bb-2"}]}
    async with HubClient(hub.url, "t") as client:
        assert await find_silence(client, "b") == "bb-2"
        with pytest.raises(ClientError, match="there is no silence 'c'"):
            await find_silence(client, "c")


async def test_a_list_is_fetched_page_by_page_until_there_are_enough(
    hub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = {"": {"items": [1, 2], "cursor": "a"}, "a": {"items": [3, 4], "cursor": "b"}, "b": {"items": [5]}}

    async def get(_: HubClient, path: str, answer: Any, **query: str) -> Any:
        assert path == "/things"
        assert query.pop("cluster") == "prod"
        return msgspec.convert(pages[query.get("cursor", "")], answer)

    monkeypatch.setattr(HubClient, "get", get)
    async with HubClient(hub.url, "t") as client:
        assert await fetch_all(client, "/things", int, cluster="prod") == [1, 2, 3, 4, 5]
        assert await fetch_all(client, "/things", int, limit=3, cluster="prod") == [1, 2, 3]
