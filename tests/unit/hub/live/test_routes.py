from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec

from farwatch.hub.alerting import Alert
from farwatch.hub.alerting.matchers import Matchers
from farwatch.hub.auth.principal import Grant, Role, Scope
from farwatch.hub.live.streams import LiveEvent
from farwatch.kube.objects import ObjectMeta, Pod
from farwatch.link.frames import Item


class Stream:
    """What a client reads of the stream, line by line."""

    def __init__(self, answer: Any) -> None:
        self._content = answer.content
        self.last_id = ""

    async def line(self) -> str:
        async with asyncio.timeout(30):
            return (await self._content.readline()).decode().rstrip("\r\n")

    async def event(self) -> tuple[str, Any]:
        """The next event: its type and decoded body; comments are passed over."""
        fields: dict[str, str] = {}
        while True:
            line = await self.line()
            name, _, value = line.partition(": ")
            if name:
                fields[name] = value
            elif "event" in fields:
                self.last_id = fields["id"]
                return fields["event"], msgspec.json.decode(fields["data"])


@asynccontextmanager
async def follow(served: Any, headers: dict[str, str] | None = None, **query: str) -> AsyncIterator[Stream]:
    async with served.http.get("/api/v1/stream", params=query, headers=headers or {}) as answer:
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        stream = Stream(answer)
        assert await stream.line() == ": following"
        yield stream


async def read_json(served: Any, path: str) -> Any:
    async with served.http.get(path) as answer:
        assert answer.status == 200
        return await answer.json()


def tell(hub: Any, cluster: str, name: str) -> None:
    pod = Pod(metadata=ObjectMeta(name=name, namespace="shop", uid="u", resource_version="1"))
    hub.inventory.apply(cluster, "Pod", [Item("shop", name, "u", "1", msgspec.msgpack.encode(pod), 0.0)])


async def alert(hub: Any, cluster: str, *, resolved: bool = False, **more: str) -> None:
    now = datetime.now(UTC)
    labels = {"alertname": "Broken", "cluster": cluster, **more}
    await hub.alerting.put(
        [Alert(labels=labels, annotations={}, starts_at=now, ends_at=now if resolved else None)]
    )


async def test_everything_that_happens_is_streamed_as_it_happens(served: Any) -> None:
    async with follow(served) as stream:
        tell(served.hub, "prod", "web-1")
        kind, change = await stream.event()
        assert kind == "change"
        assert (change["cluster"], change["kind"], change["name"], change["operation"]) == (
            "prod",
            "Pod",
            "web-1",
            "created",
        )
        await alert(served.hub, "prod")
        kind, fired = await stream.event()
        assert (kind, fired["status"], fired["labels"]["alertname"]) == ("alert", "firing", "Broken")
        await alert(served.hub, "prod", resolved=True)
        kind, over = await stream.event()
        assert (kind, over["status"], over["fingerprint"]) == ("alert", "resolved", fired["fingerprint"])

        await served.hub.fleet.add("dev")
        await served.hub.fleet.remove("dev")
        kind, removed = await stream.event()
        assert (kind, removed["cluster"], removed["kind"]) == ("cluster", "dev", "cluster_removed")


async def test_only_the_wanted_types_are_streamed(served: Any) -> None:
    async with follow(served, types="alert, cluster") as stream:
        tell(served.hub, "prod", "web-1")
        await alert(served.hub, "prod")
        assert (await stream.event())[0] == "alert"


async def test_only_the_wanted_cluster_is_streamed(served: Any) -> None:
    async with follow(served, cluster="dev") as stream:
        tell(served.hub, "prod", "web-1")
        await alert(served.hub, "prod")
        tell(served.hub, "dev", "web-2")
        assert (await stream.event())[1]["name"] == "web-2"


async def test_who_lost_events_is_told_whatever_was_asked_for(served: Any) -> None:
    async with follow(served, types="alert", cluster="dev") as stream:
        for number in range(1005):
            served.hub.streams.publish(LiveEvent("alert", "dev", b"%d" % number))
        assert await stream.event() == ("lost", {"reason": "slow", "events": 5})


async def test_a_change_carries_the_row_that_it_makes(served: Any) -> None:
    async with follow(served, types="change") as stream:
        tell(served.hub, "prod", "web-1")
        _, change = await stream.event()
    table = await read_json(served, "/api/v1/table/pods")
    assert change["row"] == table["rows"][0]


async def test_changes_of_the_wanted_kinds_alone_are_streamed(served: Any) -> None:
    async with follow(served, kinds="nodes,Deployment") as stream:
        tell(served.hub, "prod", "web-1")
        await alert(served.hub, "prod")
        assert (await stream.event())[0] == "alert"


async def test_who_comes_back_goes_on_where_it_was(served: Any) -> None:
    async with follow(served) as stream:
        tell(served.hub, "prod", "web-1")
        await stream.event()
        last = stream.last_id
    tell(served.hub, "prod", "web-2")
    async with follow(served, lastEventId=last) as stream:
        assert (await stream.event())[1]["name"] == "web-2"
    async with follow(served, headers={"Last-Event-ID": last}) as stream:
        assert (await stream.event())[1]["name"] == "web-2"
    async with follow(served, lastEventId="another-1".replace("another", "a1")) as stream:
        assert await stream.event() == ("lost", {"reason": "restarted"})


async def test_what_is_done_about_alerts_is_streamed(served: Any) -> None:
    async with follow(served, types="silence,acknowledgement") as stream:
        body = {"matchers": 'alertname="Broken"', "endsAt": "2100-01-01T00:00:00Z", "comment": "known"}
        async with served.http.post("/api/v1/silences", json=body) as answer:
            assert answer.status == 201, await answer.text()
        kind, silence = await stream.event()
        assert (kind, silence["change"], silence["matchers"]) == (
            "silence",
            "created",
            '{alertname="Broken"}',
        )
        await alert(served.hub, "prod")
        (known,) = served.hub.alerting.active()
        path = f"/api/v1/alerts/{known.fingerprint}/acknowledgement"
        async with served.http.post(path, json={"note": "mine"}) as answer:
            assert answer.status < 300, await answer.text()
        kind, made = await stream.event()
        assert (kind, made["fingerprint"], made["note"]) == ("acknowledgement", known.fingerprint, "mine")


async def test_the_stream_ends_with_its_readers_token(served: Any) -> None:
    token, secret = await served.hub.people.tokens.create("short-lived", grants=(Grant(Role.VIEWER),))
    async with follow(served, {"Authorization": f"Bearer {secret}"}) as stream:
        tell(served.hub, "prod", "cart-1")
        assert (await stream.event())[0] == "change"
        await served.hub.people.tokens.revoke(token.id)
        tell(served.hub, "prod", "cart-2")
        assert await stream.line() == ""


async def test_who_has_one_namespace_hears_of_that_alone(served: Any) -> None:
    hub = served.hub
    scope = Scope(("prod",), namespaces=("shop",))
    _, secret = await hub.people.tokens.create("scoped", grants=(Grant(Role.VIEWER, scope),))

    async def silence(matchers: str) -> None:
        await hub.alerting.set_silence(
            matchers=Matchers.parse(matchers), starts_at=0.0, ends_at=4e9, created_by="x", comment=matchers
        )

    async with follow(served, {"Authorization": f"Bearer {secret}"}) as stream:
        tell(hub, "dev", "unseen")
        for cluster, namespace in (("prod", "bank"), ("dev", "shop"), ("prod", "shop")):
            await alert(hub, cluster, namespace=namespace)
        await silence('cluster="dev"')
        await silence('alertname="Broken"')
        tell(hub, "prod", "seen")
        kind, body = await stream.event()
        assert (kind, body["labels"]["cluster"], body["labels"]["namespace"]) == ("alert", "prod", "shop")
        kind, body = await stream.event()
        assert (kind, body["matchers"]) == ("silence", '{alertname="Broken"}')
        kind, body = await stream.event()
        assert (kind, body["cluster"], body["name"]) == ("change", "prod", "seen")


async def test_who_leaves_is_no_listener_any_more(served: Any) -> None:
    async with follow(served):
        assert served.hub.streams.listeners == 1
    async with asyncio.timeout(30):
        while served.hub.streams.listeners:  # noqa: ASYNC110 - only the hub knows, and it need not tell
            await asyncio.sleep(0.01)


async def test_the_stream_ends_when_the_hub_stops(served: Any) -> None:
    async with follow(served) as stream:
        served.hub.streams.close()
        while await stream.line():
            pass
        assert await stream.line() == ""


async def test_what_makes_no_sense_is_refused(api: Any) -> None:
    for query, fault in (
        ({"types": "alerts"}, "types: 'alerts' is none of acknowledgement, alert, change, cluster"),
        ({"types": "change,x" * 100}, "types: "),
        ({"kinds": "secrets"}, "'secrets' is not a kind that is watched"),
        ({"kinds": ",".join(map(str, range(101)))}, "kinds: 101 names are more than the 100"),
        ({"lastEventId": "yesterday"}, "lastEventId: 'yesterday' is not the id of an event"),
    ):
        status, detail = await api.fault("GET", "/stream", **query)
        assert status == 400
        assert fault in detail
        assert len(detail) < 600


async def test_a_body_of_unknown_length_is_limited_as_well(served: Any) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 65_536

    async with served.http.post("/api/v1/clusters", data=chunks()) as answer:
        assert answer.status == 413
        assert answer.content_type == "application/problem+json"
