"""The API as a whole: who gets in, what every error looks like, and whether its document tells the truth."""

from __future__ import annotations

from typing import Any

import pytest

from farwatch.hub.problems import MAX_BODY_BYTES

PROBLEM = "application/problem+json"

OPEN_PATHS = (
    "/",
    "/activez",
    "/console/plain.css",
    "/healthz",
    "/readyz",
    "/runbooks",
)
"""Served without a token."""

OPERATIONS = {
    "listApiTokens": ("GET", "/api/v1/tokens"),
    "createApiToken": ("POST", "/api/v1/tokens"),
    "getSession": ("GET", "/api/v1/session"),
    "signOut": ("DELETE", "/api/v1/session"),
    "changeAccount": ("PATCH", "/api/v1/session"),
    "changePassword": ("POST", "/api/v1/session/password"),
    "listOwnSessions": ("GET", "/api/v1/session/others"),
    "endOtherSessions": ("DELETE", "/api/v1/session/others"),
    "endOwnSession": ("DELETE", "/api/v1/session/others/{session_id}"),
    "listUsers": ("GET", "/api/v1/users"),
    "createUser": ("POST", "/api/v1/users"),
    "getUser": ("GET", "/api/v1/users/{user_id}"),
    "changeUser": ("PATCH", "/api/v1/users/{user_id}"),
    "resetPassword": ("POST", "/api/v1/users/{user_id}/password"),
    "endSessions": ("DELETE", "/api/v1/users/{user_id}/sessions"),
    "deleteUser": ("DELETE", "/api/v1/users/{user_id}"),
    "revokeApiToken": ("DELETE", "/api/v1/tokens/{token_id}"),
    "listRoles": ("GET", "/api/v1/roles"),
    "listUserGrants": ("GET", "/api/v1/users/{user_id}/grants"),
    "addUserGrant": ("POST", "/api/v1/users/{user_id}/grants"),
    "changeUserGrant": ("PUT", "/api/v1/users/{user_id}/grants/{grant_id}"),
    "removeUserGrant": ("DELETE", "/api/v1/users/{user_id}/grants/{grant_id}"),
    "listTeams": ("GET", "/api/v1/teams"),
    "createTeam": ("POST", "/api/v1/teams"),
    "getTeam": ("GET", "/api/v1/teams/{team_id}"),
    "changeTeam": ("PATCH", "/api/v1/teams/{team_id}"),
    "removeTeam": ("DELETE", "/api/v1/teams/{team_id}"),
    "addMember": ("PUT", "/api/v1/teams/{team_id}/members/{user_id}"),
    "removeMember": ("DELETE", "/api/v1/teams/{team_id}/members/{user_id}"),
    "listTeamGrants": ("GET", "/api/v1/teams/{team_id}/grants"),
    "addTeamGrant": ("POST", "/api/v1/teams/{team_id}/grants"),
    "changeTeamGrant": ("PUT", "/api/v1/teams/{team_id}/grants/{grant_id}"),
    "removeTeamGrant": ("DELETE", "/api/v1/teams/{team_id}/grants/{grant_id}"),
    "listClusters": ("GET", "/api/v1/clusters"),
    "addCluster": ("POST", "/api/v1/clusters"),
    "getCluster": ("GET", "/api/v1/clusters/{name}"),
    "changeCluster": ("PATCH", "/api/v1/clusters/{name}"),
    "listOrganisationKeys": ("GET", "/api/v1/organisation-keys"),
    "createOrganisationKey": ("POST", "/api/v1/organisation-keys"),
    "revokeOrganisationKey": ("DELETE", "/api/v1/organisation-keys/{key_id}"),
    "createInstallLink": ("POST", "/api/v1/clusters/{name}/install"),
    "writeHelmInstall": ("POST", "/api/v1/clusters/{name}/install/helm"),
    "listInstallLinks": ("GET", "/api/v1/clusters/{name}/install"),
    "previewInstallLink": ("GET", "/api/v1/clusters/{name}/install/{link_id}"),
    "removeCluster": ("DELETE", "/api/v1/clusters/{name}"),
    "listAgentTokens": ("GET", "/api/v1/clusters/{name}/tokens"),
    "rotateAgentToken": ("POST", "/api/v1/clusters/{name}/tokens"),
    "revokeAgentTokens": ("DELETE", "/api/v1/clusters/{name}/tokens"),
    "revokeAgentToken": ("DELETE", "/api/v1/clusters/{name}/tokens/{token_id}"),
    "listObjects": ("GET", "/api/v1/objects/{kind}"),
    "getObject": ("GET", "/api/v1/clusters/{cluster}/objects/{kind}/{name}"),
    "describeObject": ("GET", "/api/v1/clusters/{cluster}/objects/{kind}/{name}/detail"),
    "diffObject": ("GET", "/api/v1/clusters/{cluster}/objects/{kind}/{name}/diff"),
    "listObjectHistory": ("GET", "/api/v1/clusters/{cluster}/objects/{kind}/{name}/history"),
    "readOverview": ("GET", "/api/v1/overview"),
    "readTable": ("GET", "/api/v1/table/{kind}"),
    "searchFleet": ("GET", "/api/v1/search"),
    "countChanges": ("GET", "/api/v1/clusters/{cluster}/activity"),
    "listChanges": ("GET", "/api/v1/clusters/{cluster}/changes"),
    "listAlerts": ("GET", "/api/v1/alerts"),
    "getAlert": ("GET", "/api/v1/alerts/{fingerprint}"),
    "getAlertEvidence": ("GET", "/api/v1/alerts/{fingerprint}/evidence"),
    "explainAlert": ("GET", "/api/v1/alerts/{fingerprint}/explain"),
    "acknowledgeAlert": ("POST", "/api/v1/alerts/{fingerprint}/acknowledgement"),
    "withdrawAcknowledgement": ("DELETE", "/api/v1/alerts/{fingerprint}/acknowledgement"),
    "snoozeAlert": ("POST", "/api/v1/alerts/{fingerprint}/snooze"),
    "explainLabels": ("POST", "/api/v1/alerting/explain"),
    "getRoutes": ("GET", "/api/v1/alerting/routes"),
    "tryReceiver": ("POST", "/api/v1/alerting/receivers/{name}/test"),
    "listSilences": ("GET", "/api/v1/silences"),
    "getSilence": ("GET", "/api/v1/silences/{silence_id}"),
    "previewSilence": ("POST", "/api/v1/silences/preview"),
    "createSilence": ("POST", "/api/v1/silences"),
    "changeSilence": ("PUT", "/api/v1/silences/{silence_id}"),
    "expireSilence": ("DELETE", "/api/v1/silences/{silence_id}"),
    "listAlertHistory": ("GET", "/api/v1/history/alerts"),
    "listNotificationHistory": ("GET", "/api/v1/history/notifications"),
    "listSilenceHistory": ("GET", "/api/v1/history/silences"),
    "getStatistics": ("GET", "/api/v1/history/statistics"),
    "getAlertingConfig": ("GET", "/api/v1/alerting/config"),
    "reloadAlerting": ("POST", "/api/v1/alerting/reload"),
    "listNotifications": ("GET", "/api/v1/notifications"),
    "acknowledgeAlerts": ("POST", "/api/v1/alerts/acknowledge"),
    "unacknowledgeAlerts": ("POST", "/api/v1/alerts/unacknowledge"),
    "snoozeAlerts": ("POST", "/api/v1/alerts/snooze"),
    "listAlertGroups": ("GET", "/api/v1/alerts/groups"),
    "listLabelNames": ("GET", "/api/v1/alerts/labels"),
    "listLabelValues": ("GET", "/api/v1/alerts/labels/{name}/values"),
    "listRelatedAlerts": ("GET", "/api/v1/alerts/{fingerprint}/related"),
    "getAlertTimeline": ("GET", "/api/v1/alerts/{fingerprint}/timeline"),
    "drawTimeline": ("GET", "/api/v1/history/timeline"),
    "reportNoise": ("GET", "/api/v1/history/noise"),
    "saveAlertingConfig": ("PUT", "/api/v1/alerting/config"),
    "validateAlertingConfig": ("POST", "/api/v1/alerting/config/validate"),
    "rollBackAlertingConfig": ("POST", "/api/v1/alerting/config/rollback"),
    "listAlertingVersions": ("GET", "/api/v1/alerting/config/versions"),
    "getAlertingVersion": ("GET", "/api/v1/alerting/config/versions/{version}"),
    "compareAlertingVersions": ("GET", "/api/v1/alerting/config/diff"),
    "getAlertingSchema": ("GET", "/api/v1/alerting/config/schema"),
    "listReceivers": ("GET", "/api/v1/alerting/receivers"),
    "readRunbook": ("GET", "/api/v1/runbooks/{alertname}"),
    "listDetectors": ("GET", "/api/v1/detectors"),
    "getSettings": ("GET", "/api/v1/settings"),
    "listAgents": ("GET", "/api/v1/agents"),
    "getAgentProcess": ("GET", "/api/v1/agents/{cluster}/process"),
    "listAuditEntries": ("GET", "/api/v1/audit"),
    "exportAuditLog": ("GET", "/api/v1/audit/export"),
    "verifyAuditLog": ("GET", "/api/v1/audit/verify"),
    "listBackups": ("GET", "/api/v1/backups"),
    "createBackup": ("POST", "/api/v1/backups"),
    "followStream": ("GET", "/api/v1/stream"),
    "metrics": ("GET", "/metrics"),
}
"""What needs a token, by the name that it has in generated clients."""


class TestTokens:
    async def test_every_operation_refuses_who_has_none_or_a_bad_one(self, api: Any) -> None:
        for method, path in (
            *OPERATIONS.values(),
            ("GET", "/api/schema"),
            ("GET", "/api/schema/openapi.json"),
        ):
            for token, error in ((None, "this needs an API token"), ("a-bad-guess", "unknown or revoked")):
                answer = await api.ask(method, path, token=token)
                assert answer.status_code == 401, (method, path)
                assert answer.headers["content-type"] == PROBLEM
                assert answer.headers["www-authenticate"].startswith("Bearer")
                assert error in answer.json()["detail"]

    @pytest.mark.parametrize(
        "header", ["", "Bearer", "Bearer ", "Basic the-token-of-the-test", "the-token-of-the-test"]
    )
    async def test_only_a_bearer_token_opens(self, api: Any, header: str) -> None:
        answer = await api.client.get("/api/v1/clusters", headers={"Authorization": header})
        assert answer.status_code == 401

    async def test_the_scheme_is_read_in_any_case(self, api: Any) -> None:
        answer = await api.client.get(
            "/api/v1/clusters", headers={"Authorization": "bearer the-token-of-the-test"}
        )
        assert answer.status_code == 200

    async def test_what_people_need_before_they_have_one_is_open(self, api: Any) -> None:
        for path in OPEN_PATHS:
            assert (await api.ask("GET", path, token=None)).status_code == 200, path

    async def test_a_revoked_token_is_refused_at_once(self, api: Any) -> None:
        made = (await api.ask("POST", "/api/v1/tokens", {"name": "mine"})).json()
        assert (await api.ask("GET", "/api/v1/alerts", token=made["token"])).status_code == 200
        assert (await api.ask("DELETE", f"/api/v1/tokens/{made['id']}")).status_code == 204
        assert (await api.ask("GET", "/api/v1/alerts", token=made["token"])).status_code == 401


class TestErrors:
    @pytest.mark.parametrize(
        ("request_", "status", "detail"),
        [
            (("GET", "/nope", None), 404, "nothing is served at /nope: GET /api/schema lists what is"),
            (("GET", "/api/v1/nope", None), 404, "nothing is served at /api/v1/nope"),
            (("PUT", "/api/v1/clusters", b"{}"), 405, "PUT is not served at /api/v1/clusters; what is: "),
            (("GET", "/link", None), 405, "GET is not served at /link; what is: websocket"),
            (("POST", "/api/v1/clusters", None), 400, "the body is missing"),
            (("POST", "/api/v1/clusters", b"{"), 400, "the body is not JSON: Input data was truncated"),
            (("POST", "/api/v1/clusters", b"\xff\x00"), 400, "the body is not JSON: "),
            (("POST", "/api/v1/clusters", b"[]"), 400, "body: Expected `object`, got `array`"),
            (("POST", "/api/v1/clusters", b"{}"), 400, "body: Object missing required field `name`"),
            (("POST", "/api/v1/clusters", b'{"name": 1}'), 400, "name: Expected `str`, got `int`"),
            (
                ("POST", "/api/v1/clusters", b'{"name": "a", "x": 1}'),
                400,
                "body: Object contains unknown field `x`",
            ),
            (("POST", "/api/v1/tokens", b'{"name": ""}'), 400, "name: Expected `str` of length >= 1"),
            (("POST", "/api/v1/clusters", b" " * (MAX_BODY_BYTES + 1)), 413, "larger than 1048576 bytes"),
        ],
    )
    async def test_is_a_problem_that_says_what_is_wrong(
        self, api: Any, request_: tuple[str, str, bytes | None], status: int, detail: str
    ) -> None:
        answer = await api.ask(*request_)
        assert answer.status_code == status
        assert answer.headers["content-type"] == PROBLEM
        problem = answer.json()
        assert problem.keys() == {"status", "title", "detail"}
        assert problem["status"] == status
        assert detail in problem["detail"]

    async def test_a_fault_of_the_hub_tells_nothing_of_its_inside(
        self, api: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail() -> None:
            raise RuntimeError("a secret path")

        monkeypatch.setattr(api.hub.alerting, "known", fail)
        answer = await api.ask("GET", "/api/v1/alerts")
        assert answer.status_code == 500
        assert answer.headers["content-type"] == PROBLEM
        assert answer.json()["detail"] == "the hub failed on this request; its log has the details"

    async def test_answers_are_not_stored_on_the_way(self, api: Any) -> None:
        assert (await api.ask("GET", "/api/v1/clusters")).headers["cache-control"] == "no-store"


class TestDocument:
    async def test_names_every_operation_as_clients_call_it(self, api: Any) -> None:
        found = {
            operation["operationId"]: (method.upper(), path)
            for path, operations in (await self.read(api))["paths"].items()
            for method, operation in operations.items()
        }
        assert found == OPERATIONS | {
            "signIn": ("POST", "/api/v1/session"),
            "getSignInOptions": ("GET", "/api/v1/session/options"),
            "healthz": ("GET", "/healthz"),
            "readyz": ("GET", "/readyz"),
            "activez": ("GET", "/activez"),
        }

    async def test_every_operation_is_described_and_tells_its_errors(self, api: Any) -> None:
        document = await self.read(api)
        assert document["security"] == [{"token": []}]
        for path, operations in document["paths"].items():
            for operation in operations.values():
                assert operation["summary"], path
                assert operation["description"], path
                assert operation["tags"], path
                is_open = path in OPEN_PATHS
                assert operation.get("security") == ([{}] if is_open else None), path
                assert ("401" in operation["responses"]) is not is_open, path
                for status, response in operation["responses"].items():
                    if int(status) >= 400 and not is_open:
                        schema = response["content"][PROBLEM]["schema"]
                        assert schema == {"$ref": "#/components/schemas/Problem"}, (path, status)
                for parameter in operation.get("parameters", ()):
                    assert parameter["in"] == "path" or parameter["description"], (path, parameter["name"])

    async def test_tells_the_media_types_that_are_not_json(self, api: Any) -> None:
        paths = (await self.read(api))["paths"]
        assert "text/event-stream" in paths["/api/v1/stream"]["get"]["responses"]["200"]["content"]
        (metrics,) = paths["/metrics"]["get"]["responses"]["200"]["content"]
        assert metrics.startswith("text/plain; version=0.0.4")

    async def test_is_the_same_at_both_addresses(self, api: Any) -> None:
        other = await api.ask("GET", "/api/schema/openapi.json")
        assert other.json() == await self.read(api)

    @staticmethod
    async def read(api: Any) -> Any:
        answer = await api.ask("GET", "/api/schema")
        assert answer.status_code == 200
        return answer.json()
