"""What people see and may change, by what they were granted: each route against the same fleet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from farwatch.hub.alerting import Alert
from farwatch.hub.auth.principal import Grant, Role, Scope
from farwatch.kube.objects import KubeObject, Namespace, Node, ObjectMeta, Pod
from farwatch.link.frames import Item

NOW = datetime.now(UTC)
IN_AN_HOUR = (NOW + timedelta(hours=1)).isoformat()

SHOP = Scope(("prod",), namespaces=("shop",))
DEV = Scope(cluster_labels={"env": "dev"})


def alert(name: str, **labels: str) -> Alert:
    return Alert(labels={"alertname": name, **labels}, annotations={}, starts_at=NOW - timedelta(minutes=1))


async def tell(hub: Any, cluster: str, *found: KubeObject) -> None:
    changes = []
    for thing in found:
        meta = thing.metadata
        item = Item(meta.namespace, meta.name, meta.uid, "", msgspec.msgpack.encode(thing), 0.0)
        changes += hub.inventory.apply(cluster, type(thing).__name__, [item])
    assert len(changes) == len(found)
    written = hub.change_log.append(changes)
    await hub.telemetry.flush()
    await written


def pod(namespace: str, name: str) -> Pod:
    return Pod(metadata=ObjectMeta(name=name, namespace=namespace, uid=f"{namespace}-{name}"))


@pytest.fixture
async def fleet(people: Any) -> Any:
    """Two clusters, each with the namespaces shop and bank."""
    hub = people.hub
    await hub.fleet.add("prod", {"env": "prod"})
    await hub.fleet.add("test", {"env": "dev"})
    for cluster in ("prod", "test"):
        await tell(
            hub,
            cluster,
            Node(metadata=ObjectMeta(name="n1", uid="n1")),
            Namespace(metadata=ObjectMeta(name="shop", uid="ns1")),
            Namespace(metadata=ObjectMeta(name="bank", uid="ns2")),
            pod("shop", "cart"),
            pod("bank", "vault"),
        )
    await hub.alerting.put(
        [
            alert("A", cluster=cluster, namespace=namespace)
            for cluster in ("prod", "test")
            for namespace in ("shop", "bank")
        ]
        + [alert("N", cluster="prod"), alert("W")]
    )
    await hub.telemetry.flush()
    return people


def places(items: list[Any]) -> set[tuple[str, str]]:
    labels = [item["labels"] for item in items]
    return {(one.get("cluster", ""), one.get("namespace", "")) for one in labels}


class TestReading:
    async def test_who_has_one_namespace_sees_its_alerts_alone(self, fleet: Any) -> None:
        reader = fleet.holder("reader", Grant(Role.VIEWER, SHOP))
        seen = {("prod", "shop")}
        assert places((await reader.get("/alerts"))["items"]) == seen
        assert places((await reader.ask("GET", "/api/v2/alerts")).json()) == seen
        groups = (await reader.ask("GET", "/api/v2/alerts/groups")).json()
        assert places([one for group in groups for one in group["alerts"]]) == seen
        assert (await reader.get("/alerts/groups"))["alerts"] == 1
        assert places((await reader.get("/history/alerts"))["items"]) == seen
        statistics = await reader.get("/history/statistics")
        assert statistics["totals"]["firings"] == 1
        assert [one["value"] for one in statistics["byCluster"]] == ["prod"]

    async def test_who_has_a_label_sees_the_clusters_that_have_it(self, fleet: Any) -> None:
        reader = fleet.holder("reader", Grant(Role.VIEWER, DEV))
        seen = {("test", "shop"), ("test", "bank")}
        assert places((await reader.get("/alerts"))["items"]) == seen
        assert places((await reader.get("/history/alerts"))["items"]) == seen
        assert [one["name"] for one in (await reader.get("/clusters"))["items"]] == ["test"]
        await fleet.hub.fleet.clusters.label("prod", {"env": "dev"})
        assert len((await reader.get("/clusters"))["items"]) == 2

    async def test_what_is_out_of_sight_does_not_exist(self, fleet: Any) -> None:
        reader = fleet.holder("reader", Grant(Role.ADMIN, SHOP))
        hidden = next(
            one for one in fleet.hub.alerting.active() if one.labels.get("namespace") == "bank"
        ).fingerprint
        for path in (
            f"/alerts/{hidden}",
            f"/alerts/{hidden}/explain",
            f"/alerts/{hidden}/evidence",
            "/clusters/test",
            "/clusters/prod/objects/pods/vault?namespace=bank",
            "/clusters/prod/objects/nodes/n1",
        ):
            assert (await reader.ask("GET", f"/api/v1{path}")).status_code == 404, path
        nothing = await reader.ask("POST", f"/api/v1/alerts/{hidden}/acknowledgement", {})
        unknown = await reader.ask("POST", "/api/v1/alerts/0000000000000000/acknowledgement", {})
        assert nothing.status_code == unknown.status_code == 409
        assert nothing.json()["detail"].replace(hidden, "?") == unknown.json()["detail"].replace(
            "0" * 16, "?"
        )

    async def test_objects_are_those_of_the_namespace_and_the_namespace_itself(self, fleet: Any) -> None:
        reader = fleet.holder("reader", Grant(Role.VIEWER, SHOP))

        async def names(kind: str) -> list[tuple[str, str]]:
            items = (await reader.get(f"/objects/{kind}"))["items"]
            return [(item["cluster"], item["object"]["metadata"]["name"]) for item in items]

        assert await names("pods") == [("prod", "cart")]
        assert await names("namespaces") == [("prod", "shop")]
        assert await names("nodes") == []
        changes = (await reader.get("/clusters/prod/changes"))["items"]
        assert {(one["kind"], one["name"]) for one in changes} == {("Pod", "cart"), ("Namespace", "shop")}
        assert (await reader.get("/clusters/test/changes"))["items"] == []
        (cluster,) = (await reader.get("/clusters"))["items"]
        assert (cluster["name"], cluster["pods"], cluster["nodes"], cluster["alerts"]) == ("prod", 1, 0, 1)

    async def test_labels_are_explained_to_who_may_see_such_alerts(self, fleet: Any) -> None:
        reader = fleet.holder("reader", Grant(Role.VIEWER, SHOP))
        own = {"labels": {"alertname": "A", "cluster": "prod", "namespace": "shop"}}
        answer = await reader.ask("POST", "/api/v1/alerting/explain", own)
        assert answer.status_code == 200
        assert {visit["verdict"] for visit in answer.json()["routes"]} <= {"taken", "passed"}
        missing = await reader.refusal("POST", "/alerting/explain", {"labels": {"cluster": "test"}})
        assert missing == {"permission": "alerts.read", "role": "viewer", "cluster": "test"}


class TestSilences:
    async def make(self, who: Any, matchers: str) -> Any:
        return await who.ask("POST", "/api/v1/silences", {"matchers": matchers, "endsAt": IN_AN_HOUR})

    async def test_are_made_where_their_matchers_keep_them_within_the_grant(self, fleet: Any) -> None:
        operator = fleet.holder("operator", Grant(Role.OPERATOR, SHOP))
        for matchers, made in (
            ('cluster="prod", namespace="shop"', True),
            ('cluster="prod", namespace=~"shop"', True),
            ('cluster="prod", namespace="shop", alertname="A"', True),
            ('cluster="prod"', False),
            ('namespace="shop"', False),
            ('cluster="prod", namespace=~"shop|bank"', False),
            ('cluster="prod", namespace=~"sho."', False),
            ('cluster="prod", namespace!="bank"', False),
            ('alertname="A"', False),
        ):
            answer = await self.make(operator, matchers)
            assert answer.status_code == (201 if made else 403), (matchers, answer.text)
            if not made:
                assert 'add cluster="prod" and namespace="shop"' in answer.json()["detail"]
                assert answer.json()["missing"]["permission"] == "silences.write"

    async def test_of_others_are_seen_where_they_may_hush_and_changed_by_nobody_else(
        self, fleet: Any
    ) -> None:
        admin = fleet.holder("admin", Grant(Role.ADMIN))
        operator = fleet.holder("operator", Grant(Role.OPERATOR, SHOP))
        wide = (await self.make(admin, 'alertname="A"')).json()
        away = (await self.make(admin, 'cluster="test"')).json()
        listed = (await operator.get("/silences"))["items"]
        assert [(one["id"], one["hushes"]) for one in listed] == [(wide["id"], 1)]
        assert [one["id"] for one in (await operator.ask("GET", "/api/v2/silences")).json()] == [wide["id"]]
        assert (await operator.ask("DELETE", f"/api/v1/silences/{wide['id']}")).status_code == 403
        assert (await operator.ask("DELETE", f"/api/v1/silences/{away['id']}")).status_code == 404
        assert (await operator.ask("DELETE", f"/api/v2/silence/{wide['id']}")).status_code == 403
        assert (await operator.ask("DELETE", f"/api/v2/silence/{away['id']}")).status_code == 404
        taken = {
            "id": away["id"],
            "matchers": [
                {"name": name, "value": value, "isRegex": False}
                for name, value in (("cluster", "prod"), ("namespace", "shop"))
            ],
            "startsAt": NOW.isoformat(),
            "endsAt": IN_AN_HOUR,
            "createdBy": "x",
            "comment": "x",
        }
        assert (await operator.ask("POST", "/api/v2/silences", taken)).status_code == 404
        assert (await admin.get(f"/silences/{away['id']}"))["state"] == "active"

    async def test_a_preview_counts_what_may_not_be_seen_and_shows_nothing_of_it(self, fleet: Any) -> None:
        reader = fleet.holder("reader", Grant(Role.VIEWER, SHOP))
        found = (await reader.ask("POST", "/api/v1/silences/preview", {"matchers": 'alertname="A"'})).json()
        assert (found["alerts"], found["hidden"], found["byCluster"]) == (1, 3, {"prod": 1})
        assert (places(found["examples"]), found["firedLately"]) == ({("prod", "shop")}, 1)


class TestWriting:
    async def test_who_may_only_read_is_told_which_grant_is_missing(self, fleet: Any) -> None:
        reader = fleet.holder("reader", Grant(Role.VIEWER, SHOP), Grant(Role.OPERATOR, Scope(("test",))))
        key = (await reader.get("/alerts", cluster="prod"))["items"][0]["fingerprint"]
        missing = await reader.refusal("POST", f"/alerts/{key}/acknowledgement", {})
        assert missing == {
            "permission": "alerts.write",
            "role": "operator",
            "cluster": "prod",
            "namespace": "shop",
        }
        await reader.refusal("POST", f"/alerts/{key}/snooze", {"until": IN_AN_HOUR})
        own = (await reader.get("/alerts", cluster="test"))["items"][0]["fingerprint"]
        answer = await reader.ask("POST", f"/api/v1/alerts/{own}/acknowledgement", {"note": "mine"})
        assert answer.status_code == 201

    async def test_alerts_are_posted_where_that_is_granted_or_none_is(self, fleet: Any) -> None:
        sender = fleet.holder("sender", Grant(Role.OPERATOR, SHOP))
        own = {"labels": {"alertname": "P", "cluster": "prod", "namespace": "shop"}}
        other = {"labels": {"alertname": "P", "cluster": "prod", "namespace": "bank"}}
        assert (await sender.ask("POST", "/api/v2/alerts", [own])).status_code == 200
        refused = await sender.ask("POST", "/api/v2/alerts", [own, other])
        assert refused.status_code == 403
        assert "alerts.post is missing" in refused.json()
        posted = [one for one in fleet.hub.alerting.active() if one.labels["alertname"] == "P"]
        assert places([{"labels": one.labels} for one in posted]) == {("prod", "shop")}

    async def test_clusters_are_managed_where_all_of_them_is_granted(self, fleet: Any) -> None:
        inside = fleet.holder("inside", Grant(Role.ADMIN, SHOP))
        assert await inside.refusal("GET", "/clusters/prod/tokens") == {
            "permission": "clusters.manage",
            "role": "admin",
        }
        owner = fleet.holder("owner", Grant(Role.ADMIN, DEV), Grant(Role.VIEWER))
        assert (await owner.ask("GET", "/api/v1/clusters/test/tokens")).status_code == 200
        assert (await owner.refusal("GET", "/clusters/prod/install"))["cluster"] == "prod"
        assert (await owner.refusal("POST", "/clusters", {"name": "new"}))["cluster"] == "new"
        made = await owner.ask("POST", "/api/v1/clusters", {"name": "new", "labels": {"env": "dev"}})
        assert made.status_code == 201
        await owner.refusal("PATCH", "/clusters/new", {"labels": {"env": None}})
        assert (await owner.ask("PATCH", "/api/v1/clusters/new", {"name": "newer"})).status_code == 200


class TestFleetWide:
    async def test_what_is_of_no_cluster_takes_a_grant_of_everything(self, fleet: Any) -> None:
        inside = fleet.holder("inside", Grant(Role.ADMIN, Scope(("prod", "test"))))
        for method, path in (
            ("GET", "/metrics"),
            ("GET", "/api/v1/alerting/config"),
            ("GET", "/api/v1/alerting/routes"),
            ("GET", "/api/v1/organisation-keys"),
            ("GET", "/api/v1/backups"),
            ("POST", "/-/reload"),
        ):
            answer = await inside.ask(method, path)
            assert answer.status_code == 403, path
            assert "everywhere" in answer.json()["detail"]

    async def test_the_configuration_is_left_out_of_what_others_may_read(self, fleet: Any) -> None:
        inside = fleet.holder("inside", Grant(Role.VIEWER, SHOP))
        status = (await inside.ask("GET", "/api/v2/status")).json()
        assert status["config"]["original"] == "# not shown: that takes alerting.read\n"

    async def test_a_token_may_be_for_metrics_alone(self, fleet: Any) -> None:
        scraper = fleet.holder("scraper", Grant(Role.VIEWER), permissions=frozenset({"metrics.read"}))
        assert (await scraper.ask("GET", "/metrics")).status_code == 200
        assert (await scraper.ask("GET", "/api/v1/alerts")).status_code == 403
