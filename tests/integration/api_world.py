"""A hub with something of everything in it: whom its operations can be about, and who asks."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from farwatch.hub.auth.cookies import NAME as COOKIE

from .conftest import Hub, Sim, Stage, ask, eventually

ANONYMOUS = "anonymous"
SCOPED = "viewer of one namespace"
SIGNED_IN = "admin who is signed in"
GRANTS: dict[str, list[dict[str, Any]]] = {
    SCOPED: [{"role": "viewer", "scope": {"clusters": ["shop"], "namespaces": ["shop"]}}],
    "viewer": [{"role": "viewer"}],
    "operator": [{"role": "operator"}],
    "admin": [{"role": "admin"}],
}
"""Who asks with an API token, from least to most."""

ROLES = (ANONYMOUS, *GRANTS, SIGNED_IN)
PERSON = "admin"
PASSWORD = "a password for one test run only"
ELSEWHERE = "127.0.0.9"
"""From where people sign in: where passwords are guessed, nobody may for a while."""

SILENCE = {"matchers": 'alertname="NotThere"', "endsAt": "2099-01-01T00:00:00Z", "comment": "a test"}

BODIES: dict[str, dict[str, Any]] = {
    "changeAccount": {"displayName": "Somebody Else"},
    "createApiToken": {"name": "one more", "kind": "service", "grants": [{"role": "viewer"}]},
    "changeUser": {"displayName": "Another"},
    "addUserGrant": {"role": "viewer", "scope": {"namespaces": ["shop"]}},
    "changeUserGrant": {"role": "viewer", "scope": {"clusters": ["shop"]}},
    "addTeamGrant": {"role": "viewer", "scope": {"namespaces": ["shop"]}},
    "changeTeamGrant": {"role": "viewer", "scope": {"clusters": ["shop"]}},
    "changeTeam": {"description": "who is on call"},
    "changeCluster": {"labels": {"stage": "test"}},
    "rotateAgentToken": {"overlapSeconds": 60},
    "createOrganisationKey": {"name": "for a pipeline", "clusterNames": "edge-*"},
    "createInstallLink": {},
    "writeHelmInstall": {},
    "acknowledgeAlert": {"note": "seen"},
    "snoozeAlert": {"until": "2099-01-01T00:00:00Z", "note": "later"},
    "acknowledgeAlerts": {"matchers": 'alertname="NotThere"'},
    "unacknowledgeAlerts": {"matchers": 'alertname="NotThere"'},
    "snoozeAlerts": {"matchers": 'alertname="Posted"', "until": "2099-01-01T00:00:00Z"},
    "validateAlertingConfig": {"text": "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"},
    "explainLabels": {"labels": {"alertname": "Any", "cluster": "shop"}},
    "createSilence": SILENCE,
    "changeSilence": SILENCE,
    "previewSilence": {"matchers": 'cluster="shop"'},
    "createBackup": {},
}
"""What each operation with a body is asked for before anything is made up."""

QUERIES: dict[str, dict[str, Any]] = {
    "getObject": {"namespace": "shop"},
    "describeObject": {"namespace": "shop"},
    "listObjectHistory": {"namespace": "shop", "documents": True},
    "listChanges": {"documents": True, "limit": 5},
    "readTable": {"facets": True, "limit": 5},
    "listAlerts": {"facets": True, "limit": 5},
    "searchFleet": {"q": "cart"},
    "drawTimeline": {"by": "cluster", "steps": 10},
}
"""What else their first request says; ``diffObject`` says since when."""


@dataclass
class Targets:
    """The path parameters of operations, and how a new one of each is had once it is used up."""

    made: dict[str, dict[str, str]] = field(default_factory=dict)
    makers: dict[str, Callable[[], dict[str, str]]] = field(default_factory=dict)

    def of(self, operation: str) -> dict[str, str]:
        if operation not in self.makers:
            return {}
        if operation not in self.made:
            self.made[operation] = self.makers[operation]()
        return self.made[operation]

    def use_up(self, operation: str) -> None:
        self.made.pop(operation, None)


class ApiWorld:
    """A running hub with a linked cluster in trouble, a spare one without an agent, people, tokens and silences."""

    def __init__(self, stage: Stage) -> None:
        stage.hub_environment = {**stage.hub_environment, "FARWATCH_ADMIN_PASSWORD": PASSWORD}
        self.hub: Hub = stage.hub("--alerting-editable", "--external-url", "https://hub.example.com")
        self._numbers = count(1)
        self._password = PASSWORD
        self._secret = ""
        self._shop: Sim = stage.sim(name="shop")
        stage.linked_agent(self.hub, "shop", self._shop.kubeconfig)
        self._fingerprint = self._make_alerts()
        self._pod = min(self.hub.names("pods", "shop", namespace="shop"))
        self._tokens = {
            role: self.hub.post("/tokens", {"name": role, "kind": "service", "grants": grants})["token"]
            for role, grants in GRANTS.items()
        }
        self.targets = Targets(makers=self._makers())
        self._bodies = self._make_bodies()

    # --- what a request says --------------------------------------------------------------------------------

    def path_of(self, operation: str, names: set[str]) -> dict[str, str]:
        """Path parameters that name what there is."""
        common = {"cluster": "shop", "name": "shop", "kind": "pods", "fingerprint": self._fingerprint}
        found = common | self.targets.of(operation)
        return {name: found[name] for name in names}

    def query_of(self, operation: str) -> dict[str, Any]:
        if operation == "diffObject":
            since = datetime.now(UTC) - timedelta(minutes=10)
            return {"namespace": "shop", "from": since.isoformat(timespec="seconds")}
        return dict(QUERIES.get(operation, {}))

    def body_of(self, operation: str) -> dict[str, Any]:
        """A body that can be used, once."""
        make = self._bodies.get(operation)
        return dict(BODIES[operation]) if make is None else make()

    def _make_bodies(self) -> dict[str, Callable[[], dict[str, Any]]]:
        return {
            "signIn": lambda: {"username": PERSON, "password": self._password},
            "changePassword": lambda: {
                "currentPassword": self._password,
                "newPassword": self._name(PASSWORD),
            },
            "createUser": lambda: {"name": self._name("user"), "password": PASSWORD},
            "createTeam": lambda: {"name": self._name("team")},
            "addCluster": lambda: {"name": self._name("cluster"), "labels": {"stage": "test"}},
            "saveAlertingConfig": self._edit_config,
            "rollBackAlertingConfig": lambda: {"version": self._version(-1), "note": "a test"},
        }

    def _edit_config(self) -> dict[str, Any]:
        text = self.hub.get("/alerting/config")["text"].partition("#")[0]
        return {"text": f"{text}# {self._name('version')}\n", "note": "a test"}

    def _version(self, place: int) -> int:
        return int(self.hub.get("/alerting/config/versions")["items"][place]["id"])

    def headers_of(self, role: str, operation: str) -> Mapping[str, str]:
        """How somebody shows who they are, and what an operation wants to be sure of."""
        if role == SIGNED_IN:
            shown = {"Sec-Fetch-Site": "same-origin"}
        else:
            shown = {"Authorization": f"Bearer {self._tokens[role]}"} if role in self._tokens else {}
        if operation in {"saveAlertingConfig", "rollBackAlertingConfig"}:
            shown["If-Match"] = self.hub.get("/alerting/config")["digest"]
        return shown

    def cookies_of(self, role: str) -> dict[str, str]:
        """What the browser of who is signed in sends."""
        return {COOKIE: self._secret or self._sign_in()} if role == SIGNED_IN else {}

    def take_note(self, operation: str, body: Any, cookies: Mapping[str, str]) -> None:
        """Keep up with what a request has done that was granted."""
        self.targets.use_up(operation)
        if operation == "changePassword":
            self._password = body["newPassword"]
        if operation == "signOut":
            self._secret = ""
        elif COOKIE in cookies:
            self._secret = cookies[COOKIE]

    # --- what there is --------------------------------------------------------------------------------------

    def _name(self, kind: str) -> str:
        return f"{kind}-{next(self._numbers)}"

    def _make_alerts(self) -> str:
        """One with evidence, whose fingerprint is given, and one that somebody posted."""
        self._shop.make_trouble("crash-loop", namespace="shop", workload="cart")
        alert = {"labels": {"alertname": "Posted", "cluster": "shop", "namespace": "shop"}}
        assert (
            self.hub.ask("POST", "/api/v2/alerts", [alert | {"endsAt": "2099-01-01T00:00:00Z"}]).status == 200
        )
        found: str = self.hub.wait_alert("KubePodCrashLooping", "shop")["fingerprint"]
        eventually(
            lambda: self.hub.ask("GET", f"/api/v1/alerts/{found}/evidence").status == 200, "there is evidence"
        )
        return found

    def _sign_in(self) -> str:
        parts = urlsplit(self.hub.url)
        assert parts.hostname
        connection = http.client.HTTPConnection(
            parts.hostname, parts.port, timeout=30, source_address=(ELSEWHERE, 0)
        )
        body = json.dumps({"username": PERSON, "password": self._password})
        connection.request("POST", "/api/v1/session", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode()
        assert answer.status == 200, text
        self._secret = SimpleCookie(answer.headers["Set-Cookie"])[COOKIE].value
        connection.close()
        return self._secret

    def _makers(self) -> dict[str, Callable[[], dict[str, str]]]:
        of_users = ("getUser", "deleteUser", "changeUser", "resetPassword", "endSessions", "listUserGrants")
        of_teams = ("getTeam", "removeTeam", "changeTeam", "listTeamGrants", "addTeamGrant")
        of_clusters = ("removeCluster", "changeCluster", "revokeAgentTokens", "rotateAgentToken")
        of_objects = ("getObject", "describeObject", "listObjectHistory", "diffObject")
        return {
            **dict.fromkeys((*of_users, "addUserGrant"), lambda: {"user_id": self._make_user()}),
            **dict.fromkeys(of_teams, lambda: {"team_id": self._make_team()}),
            **dict.fromkeys(of_clusters, lambda: {"name": self._make_cluster()}),
            **dict.fromkeys(of_objects, lambda: {"name": self._pod}),
            **dict.fromkeys(("changeUserGrant", "removeUserGrant"), self._grant_to_user),
            **dict.fromkeys(("changeTeamGrant", "removeTeamGrant"), self._grant_to_team),
            **dict.fromkeys(("getSilence", "changeSilence", "expireSilence"), self._make_silence),
            "addMember": lambda: {"team_id": self._make_team(), "user_id": self._make_user()},
            "removeMember": self._make_member,
            "revokeAgentToken": self._make_agent_token,
            "revokeApiToken": self._make_api_token,
            "revokeOrganisationKey": self._make_key,
            "previewInstallLink": self._make_install_link,
            "endOwnSession": self._make_session,
            "withdrawAcknowledgement": self._acknowledge,
            "listLabelValues": lambda: {"name": "alertname"},
            "readRunbook": lambda: {"alertname": "KubePodCrashLooping"},
            "tryReceiver": lambda: {"name": "sink"},
            "getAlertingVersion": lambda: {"version": str(self._version(0))},
        }

    def _make_user(self) -> str:
        made = self.hub.post("/users", {"name": self._name("user"), "password": PASSWORD})
        return str(made["user"]["id"])

    def _make_team(self) -> str:
        return str(self.hub.post("/teams", {"name": self._name("team")})["id"])

    def _make_cluster(self) -> str:
        name = self._name("spare")
        self.hub.add_cluster(name)
        return name

    def _grant_to_user(self) -> dict[str, str]:
        user = self._make_user()
        self.hub.post(f"/users/{user}/grants", {"role": "operator"})
        (held,) = self.hub.get(f"/users/{user}/grants")["items"]
        return {"user_id": user, "grant_id": held["id"]}

    def _grant_to_team(self) -> dict[str, str]:
        team = self._make_team()
        self.hub.post(f"/teams/{team}/grants", {"role": "operator"})
        (held,) = self.hub.get(f"/teams/{team}/grants")["items"]
        return {"team_id": team, "grant_id": held["id"]}

    def _make_member(self) -> dict[str, str]:
        found = {"team_id": self._make_team(), "user_id": self._make_user()}
        answer = self.hub.ask("PUT", f"/api/v1/teams/{found['team_id']}/members/{found['user_id']}")
        assert answer.status == 200, answer
        return found

    def _make_silence(self) -> dict[str, str]:
        return {"silence_id": self.hub.post("/silences", SILENCE)["id"]}

    def _make_agent_token(self) -> dict[str, str]:
        cluster = self._make_cluster()
        return {"name": cluster, "token_id": self.hub.get(f"/clusters/{cluster}/tokens")["items"][0]["id"]}

    def _make_api_token(self) -> dict[str, str]:
        wanted = {"name": self._name("token"), "kind": "service", "grants": GRANTS["viewer"]}
        return {"token_id": self.hub.post("/tokens", wanted)["id"]}

    def _make_key(self) -> dict[str, str]:
        return {"key_id": self.hub.post("/organisation-keys", {"name": self._name("key")})["id"]}

    def _make_install_link(self) -> dict[str, str]:
        cluster = self._make_cluster()
        return {"name": cluster, "link_id": self.hub.post(f"/clusters/{cluster}/install", {})["id"]}

    def _make_session(self) -> dict[str, str]:
        kept = self._secret or self._sign_in()
        shown = {"Cookie": f"{COOKIE}={self._sign_in()}"}
        self._secret = kept
        sessions = ask("GET", f"{self.hub.url}/api/v1/session/others", headers=shown).json["items"]
        return {"session_id": next(each["id"] for each in sessions if each["current"])}

    def _acknowledge(self) -> dict[str, str]:
        self.hub.post(f"/alerts/{self._fingerprint}/acknowledgement", {})
        return {"fingerprint": self._fingerprint}
