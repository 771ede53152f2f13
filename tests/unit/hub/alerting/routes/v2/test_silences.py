from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

NOW = datetime.now(UTC)


def wanted(**changes: Any) -> dict[str, Any]:
    return {
        "matchers": [{"name": "alertname", "value": "Disk", "isRegex": False, "isEqual": True}],
        "startsAt": NOW.isoformat(),
        "endsAt": (NOW + timedelta(hours=1)).isoformat(),
        "createdBy": "somebody",
        "comment": "because",
        **changes,
    }


async def make(api: Any, **changes: Any) -> str:
    answer = await api.ask("POST", "/api/v2/silences", wanted(**changes))
    assert answer.status_code == 200, answer.text
    found: str = answer.json()["silenceID"]
    return found


async def test_a_silence_comes_back_in_alertmanagers_shape(api: Any) -> None:
    made = await make(
        api,
        matchers=[
            {"name": "pod", "value": "a|b", "isRegex": True, "isEqual": False},
            {"name": "x", "value": "y", "isRegex": False},
        ],
    )
    silence = (await api.ask("GET", f"/api/v2/silence/{made}")).json()
    assert silence.pop("updatedAt").endswith("Z")
    assert silence.pop("startsAt").endswith("Z")
    assert silence == {
        "id": made,
        "status": {"state": "active"},
        "comment": "because",
        "createdBy": "somebody",
        "endsAt": (NOW + timedelta(hours=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "matchers": [
            {"name": "pod", "value": "a|b", "isRegex": True, "isEqual": False},
            {"name": "x", "value": "y", "isRegex": False, "isEqual": True},
        ],
        "annotations": {},
    }


async def test_annotations_are_kept_and_outlive_a_change_by_the_hubs_own_api(api: Any) -> None:
    made = await make(api, annotations={"ticket": "OPS-1"})
    wish = {"matchers": 'alertname="Disk"', "endsAt": (NOW + timedelta(hours=2)).isoformat()}
    assert (await api.ask("PUT", f"/api/v1/silences/{made}", wish)).json()["id"] == made
    assert (await api.ask("GET", f"/api/v2/silence/{made}")).json()["annotations"] == {"ticket": "OPS-1"}


async def test_alerts_tell_what_silences_them(api: Any) -> None:
    made = await make(api)
    await api.ask(
        "POST", "/api/v2/alerts", [{"labels": {"alertname": "Disk"}}, {"labels": {"alertname": "Cpu"}}]
    )
    alerts = {
        one["labels"]["alertname"]: one["status"] for one in (await api.ask("GET", "/api/v2/alerts")).json()
    }
    assert (alerts["Disk"]["silencedBy"], alerts["Disk"]["state"]) == ([made], "suppressed")
    assert (alerts["Cpu"]["silencedBy"], alerts["Cpu"]["state"]) == ([], "active")
    (active,) = (await api.ask("GET", "/api/v2/alerts", silenced="false")).json()
    assert active["labels"] == {"alertname": "Cpu"}


async def test_silences_are_chosen_by_state_and_matcher_and_come_in_upstreams_order(api: Any) -> None:
    later = await make(api, startsAt=(NOW + timedelta(minutes=30)).isoformat())
    long = await make(api, endsAt=(NOW + timedelta(hours=9)).isoformat())
    short = await make(api, comment="short")
    over = await make(api, comment="over")
    assert (await api.ask("DELETE", f"/api/v2/silence/{over}")).text == ""

    async def ids(**query: Any) -> list[str]:
        return [silence["id"] for silence in (await api.ask("GET", "/api/v2/silences", **query)).json()]

    assert await ids() == [short, long, later, over]
    assert await ids(active="false") == [later, over]
    assert await ids(expired="false", pending="false") == [short, long]
    assert await ids(filter='alertname="Disk"', active="false", pending="false") == [over]
    assert await ids(filter='alertname=~"Disk"') == []


async def test_a_change_that_rewrites_what_was_hushed_makes_a_new_silence(api: Any) -> None:
    made = await make(api)
    same = await make(
        api,
        id=made,
        startsAt=(await api.ask("GET", f"/api/v2/silence/{made}")).json()["startsAt"],
        comment="longer",
    )
    other = await make(api, id=made, matchers=[{"name": "a", "value": "b", "isRegex": False}])
    assert (same == made, other == made) == (True, False)
    assert (await api.ask("GET", f"/api/v2/silence/{made}")).json()["status"] == {"state": "expired"}


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        (
            {"endsAt": NOW.isoformat(), "startsAt": (NOW + timedelta(hours=1)).isoformat()},
            400,
            "must start before it ends",
        ),
        (
            {"startsAt": "2020-01-01T00:00:00Z", "endsAt": "2020-01-02T00:00:00Z"},
            400,
            "cannot end in the past",
        ),
        ({"matchers": []}, 400, "without matchers"),
        ({"matchers": [{"name": "a", "value": "(" * 10_001, "isRegex": True}]}, 400, "matcher 0 is too long"),
        ({"matchers": [{"name": "a", "value": "(", "isRegex": True}] * 101}, 400, "100 are the most"),
        ({"annotations": {"a": 1}}, 400, "annotations"),
        ({"annotations": {"a": "b" * 10_000}}, 400, "1 annotations have 10001 characters"),
        ({"createdBy": "a\0b"}, 400, "holds a NUL"),
        ({"matchers": [{"name": "a", "value": "(", "isRegex": True}]}, 400, "is not a regular expression"),
        (
            {"matchers": [{"name": "a", "value": "", "isRegex": False}]},
            400,
            "at least one matcher must not be",
        ),
        ({"matchers": [{"name": "a"}]}, 400, "matchers[0]"),
        ({"endsAt": "9999-12-31T23:59:59-07:30"}, 400, "not in the years 1970 to 2261"),
        ({"comment": 5}, 400, "$.comment"),
        ({"id": "00000000-0000-0000-0000-000000000000"}, 404, "there is no silence"),
    ],
)
async def test_a_silence_that_cannot_be_is_refused_in_words(
    api: Any, changes: dict[str, Any], status: int, words: str
) -> None:
    answer = await api.ask("POST", "/api/v2/silences", wanted(**changes))
    assert answer.status_code == status
    assert words in answer.json()


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_silence_that_is_not_there_is_not_found(api: Any, method: str) -> None:
    answer = await api.ask(method, "/api/v2/silence/00000000-0000-0000-0000-000000000000")
    assert answer.status_code == 404


async def test_a_list_longer_than_is_sent_at_once_is_whole_and_in_order(api: Any) -> None:
    ends = [(NOW + timedelta(hours=1, seconds=number)).isoformat() for number in range(501)]
    made = await asyncio.gather(*(make(api, endsAt=end) for end in ends))
    found = (await api.ask("GET", "/api/v2/silences")).json()
    assert [one["id"] for one in found] == list(made)
    assert (await api.ask("GET", "/api/v2/silences", active="false")).json() == []
