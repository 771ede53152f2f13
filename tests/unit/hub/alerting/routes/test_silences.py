from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from farwatch.hub.alerting import Alert

NOW = datetime.now(UTC)
IN_AN_HOUR = (NOW + timedelta(hours=1)).isoformat()


def alert(name: str, minutes: int = 1, **labels: str) -> Alert:
    return Alert(
        labels={"alertname": name, **labels}, annotations={}, starts_at=NOW - timedelta(minutes=minutes)
    )


async def create(api: Any, matchers: str, **more: Any) -> Any:
    answer = await api.ask(
        "POST", "/api/v1/silences", {"matchers": matchers, "endsAt": IN_AN_HOUR, "comment": "rollout", **more}
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_silence_is_made_in_the_name_of_the_token_and_shown(api: Any) -> None:
    await api.hub.alerting.put([alert("A", cluster="prod"), alert("B", cluster="prod"), alert("A")])
    made = await create(api, 'cluster="prod"')
    assert made["createdBy"] == "environment"
    assert (made["state"], made["matchers"], made["comment"]) == ("active", '{cluster="prod"}', "rollout")
    assert made["hushes"] == 2
    assert datetime.fromisoformat(made["endsAt"]) == datetime.fromisoformat(IN_AN_HOUR)
    assert await api.get(f"/silences/{made['id']}") == made
    assert (await api.get("/silences"))["items"] == [made]


async def test_a_preview_tells_what_would_be_hushed_and_makes_nothing(api: Any) -> None:
    await api.hub.alerting.put(
        [alert(f"A{number}", number, cluster="prod") for number in range(12)]
        + [alert("B", cluster="dev"), alert("C")]
    )
    await api.hub.telemetry.flush()
    answer = await api.ask("POST", "/api/v1/silences/preview", {"matchers": 'alertname!="B"'})
    assert answer.status_code == 200
    found = answer.json()
    assert found["matchers"] == '{alertname!="B"}'
    assert (found["alerts"], found["byCluster"], found["firedLately"]) == (13, {"": 1, "prod": 12}, 13)
    assert len(found["examples"]) == 10
    assert found["examples"][0]["labels"]["alertname"] == "A0"
    assert (await api.get("/silences"))["items"] == []


async def test_a_silence_that_hushes_comes_before_one_to_come_and_one_that_ended(api: Any) -> None:
    over = await create(api, 'a="over"')
    to_come = await create(api, 'a="later"', startsAt=(NOW + timedelta(minutes=30)).isoformat())
    hushing = await create(api, 'a="now"')
    assert (await api.ask("DELETE", f"/api/v1/silences/{over['id']}")).status_code == 204
    found = (await api.get("/silences"))["items"]
    assert [item["state"] for item in found] == ["active", "pending", "expired"]
    assert [item["id"] for item in found] == [hushing["id"], to_come["id"], over["id"]]
    assert [item["id"] for item in (await api.get("/silences", state="pending"))["items"]] == [to_come["id"]]


async def test_each_silence_of_the_list_tells_how_many_alerts_it_hushes_and_an_ended_one_none(
    api: Any,
) -> None:
    await api.hub.alerting.put(
        [alert("A", cluster="prod", pod=str(number)) for number in range(600)] + [alert("B", cluster="dev")]
    )
    made = [
        await create(api, matchers) for matchers in ('cluster="prod"', 'alertname=~"A|B"', 'cluster="dev"')
    ]
    await api.ask("DELETE", f"/api/v1/silences/{made[2]['id']}")
    found = {item["id"]: item["hushes"] for item in (await api.get("/silences"))["items"]}
    assert [found[one["id"]] for one in made] == [600, 601, 0]
    assert [one["hushes"] for one in made] == [600, 601, 1]
    assert (await api.get(f"/silences/{made[2]['id']}"))["hushes"] == 0


async def test_a_longer_end_changes_the_silence_and_other_matchers_make_another(api: Any) -> None:
    made = await create(api, 'a="b"')
    wanted = {"matchers": 'a="b"', "endsAt": (NOW + timedelta(hours=2)).isoformat(), "comment": "longer"}
    longer = (await api.ask("PUT", f"/api/v1/silences/{made['id']}", wanted)).json()
    assert (longer["id"], longer["comment"]) == (made["id"], "longer")
    other = (await api.ask("PUT", f"/api/v1/silences/{made['id']}", {**wanted, "matchers": 'a="c"'})).json()
    assert other["id"] != made["id"]
    assert (await api.get(f"/silences/{made['id']}"))["state"] == "expired"


async def test_what_happens_to_a_silence_is_kept_with_who_and_why(api: Any) -> None:
    made = await create(api, 'a="b"')
    await api.ask("DELETE", f"/api/v1/silences/{made['id']}")
    await api.hub.telemetry.flush()
    found = (await api.get("/history/silences", id=made["id"]))["items"]
    assert [item["change"] for item in found] == ["expired", "created"]
    assert {item["createdBy"] for item in found} == {"environment"}
    assert {item["comment"] for item in found} == {"rollout"}


async def test_who_ends_anothers_silence_is_kept(api: Any) -> None:
    body = {
        "matchers": [{"name": "a", "value": "b", "isRegex": False}],
        "startsAt": NOW.isoformat(),
        "endsAt": IN_AN_HOUR,
        "createdBy": "somebody else",
        "comment": "",
    }
    made = (await api.ask("POST", "/api/v2/silences", body)).json()["silenceID"]
    await api.ask("DELETE", f"/api/v2/silence/{made}")
    await api.hub.telemetry.flush()
    found = (await api.get("/history/silences", id=made))["items"]
    assert [(item["change"], item["createdBy"], item["author"]) for item in found] == [
        ("expired", "somebody else", "environment"),
        ("created", "somebody else", "environment"),
    ]


@pytest.mark.parametrize(
    ("request_", "body", "status", "detail"),
    [
        (("POST", "/silences"), {}, 400, "missing required field"),
        (("POST", "/silences"), {"matchers": "", "endsAt": IN_AN_HOUR}, 400, "give at least one"),
        (("POST", "/silences"), {"matchers": "=b", "endsAt": IN_AN_HOUR}, 400, "is not a matcher"),
        (("POST", "/silences"), {"matchers": 'a=~"("', "endsAt": IN_AN_HOUR}, 400, "regular expression"),
        (
            ("POST", "/silences"),
            {"matchers": 'a=""', "endsAt": IN_AN_HOUR},
            400,
            "at least one matcher must not",
        ),
        (
            ("POST", "/silences"),
            {"matchers": "a=b", "endsAt": "2020-01-01T00:00:00Z"},
            400,
            "a silence must start before it ends",
        ),
        (("POST", "/silences"), {"matchers": "a=b", "endsAt": "soon"}, 400, "endsAt"),
        (("POST", "/silences"), {"matchers": "a=b", "endsAt": "9999-12-31T23:59:59-14:00"}, 400, "year 2261"),
        (
            ("POST", "/silences"),
            {"matchers": "a=b", "endsAt": IN_AN_HOUR, "comment": "a\0b"},
            400,
            "the comment holds a NUL",
        ),
        (("POST", "/silences"), {"matchers": "a=b", "endsAt": IN_AN_HOUR, "commnt": ""}, 400, "commnt"),
        (("POST", "/silences/preview"), {"matchers": " "}, 400, "give at least one"),
        (("POST", "/silences/preview"), {"matchers": "a" * 30_000}, 400, "length <= 20000"),
        (("PUT", "/silences/nope"), {"matchers": "a=b", "endsAt": IN_AN_HOUR}, 404, "no silence 'nope'"),
        (("GET", "/silences/nope"), None, 404, "no silence 'nope'"),
        (("DELETE", "/silences/nope"), None, 404, "no silence 'nope'"),
    ],
)
async def test_what_cannot_be_a_silence_is_refused_by_name(
    api: Any, request_: tuple[str, str], body: Any, status: int, detail: str
) -> None:
    found = await api.fault(*request_, body)
    assert found[0] == status
    assert detail in found[1]
    assert (await api.get("/silences"))["items"] == []
