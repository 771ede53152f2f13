"""What each service is sent: the fields that Alertmanager's integration sends it (``notify/<kind>`` upstream)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer

from farwatch.hub.alerting.dispatch import NotifyReason
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.receivers import DeliveryError, build_receivers

from ..conftest import Sink, alert, configuration

FIRING = Message(
    receiver="team",
    reason=NotifyReason.FIRST,
    group_key='{}:{alertname="KubePodCrashLooping"}',
    group_labels={"alertname": "KubePodCrashLooping"},
    alerts=(alert("a", cluster="x"),),
    external_url="https://hub.example",
)
RESOLVED = msgspec.structs.replace(FIRING, alerts=(alert("a", cluster="x", ends=60),))
ID = FIRING.group_hash
TITLE = "[FIRING:1] KubePodCrashLooping (x a)"
ENDED = "[RESOLVED] KubePodCrashLooping (x a)"


class Desk:
    """Sends messages by an entry of a kind, and shows the requests that arrive."""

    def __init__(self, sink: Sink, http: aiohttp.ClientSession) -> None:
        self._sink = sink
        self._http = http

    async def send(self, kind: str, message: Message, entry: dict[str, Any]) -> Any:
        """The body of the last request."""
        url = str(self._sink.server.make_url("/"))
        text = yaml.safe_dump({f"{kind}_configs": [entry]}).replace("URL", url)
        receiver = {"name": "team", **yaml.safe_load(text)}
        config = configuration(yaml.safe_dump({"route": {"receiver": "team"}, "receivers": [receiver]}))
        ((_, built),) = build_receivers(config, self._http)["team"]
        await built.send(message)
        return self._sink.requests[-1][1]

    @property
    def targets(self) -> list[tuple[str, str]]:
        return self._sink.targets


@pytest.fixture
def desk(sink: Sink, http: aiohttp.ClientSession) -> Desk:
    return Desk(sink, http)


class TestPagerDuty:
    async def test_an_event_is_triggered_with_all_that_is_known(self, desk: Desk) -> None:
        entry = {
            "routing_key": "key",
            "url": "URL",
            "description": "{{ .Status }}: {{ .CommonLabels.pod }}",
            "severity": "critical",
            "source": "hub",
            "class": "crash",
            "component": "{{ .CommonLabels.pod }}",
            "group": "team",
            "details": {"firing": "{{ .Alerts.Firing | len }}", "runbook": "see wiki"},
            "images": [{"src": "https://a/{{ .Status }}.png", "alt": "graph"}, {"alt": "none"}],
            "links": [{"href": "https://b", "text": "dashboard"}, {"text": "none"}],
        }
        assert await desk.send("pagerduty", FIRING, entry) == {
            "routing_key": "key",
            "event_action": "trigger",
            "dedup_key": ID,
            "client": "Alertmanager",
            "client_url": "https://hub.example/#/alerts?receiver=team",
            "images": [{"src": "https://a/firing.png", "alt": "graph", "href": ""}],
            "links": [{"href": "https://b", "text": "dashboard"}],
            "payload": {
                "summary": "firing: a",
                "source": "hub",
                "severity": "critical",
                "class": "crash",
                "component": "a",
                "group": "team",
                "custom_details": {
                    "firing": 1,
                    "resolved": [],
                    "num_firing": 1,
                    "num_resolved": 0,
                    "runbook": "see wiki",
                },
            },
        }

    async def test_alerts_are_told_as_a_list_in_the_details(self, desk: Desk) -> None:
        event = await desk.send("pagerduty", FIRING, {"routing_key": "key", "url": "URL"})
        [told] = event["payload"]["custom_details"]["firing"]
        assert told["labels"]["pod"] == "a"
        assert event["payload"]["summary"] == TITLE
        assert event["payload"]["severity"] == "error"

    async def test_the_same_event_is_resolved(self, desk: Desk) -> None:
        event = await desk.send("pagerduty", RESOLVED, {"routing_key": "key", "url": "URL"})
        assert (event["event_action"], event["dedup_key"]) == ("resolve", ID)

    async def test_details_may_be_nested(self, desk: Desk) -> None:
        details = {"where": {"pod": "{{ .CommonLabels.pod }}", "all": ["{{ .Status }}", 1, True]}}
        entry = {"routing_key": "key", "url": "URL", "details": details}
        event = await desk.send("pagerduty", FIRING, entry)
        assert event["payload"]["custom_details"]["where"] == {"pod": "a", "all": ["firing", 1, True]}

    async def test_a_summary_is_cut_and_details_that_are_too_long_are_left_out(self, desk: Desk) -> None:
        alerts = tuple(alert(str(number), summary="é" * 2_000) for number in range(300))
        message = msgspec.structs.replace(FIRING, alerts=alerts)
        entry = {
            "routing_key": "key",
            "url": "URL",
            "description": "{{ range .Alerts }}{{ .Annotations.summary }}{{ end }}",
        }
        event = await desk.send("pagerduty", message, entry)
        assert len(event["payload"]["summary"]) == 1_024
        assert event["payload"]["custom_details"] == {"error": "Left out: the event was larger than 512 kB."}

    async def test_a_key_that_comes_out_empty_is_refused(self, desk: Desk) -> None:
        with pytest.raises(DeliveryError, match="`routing_key` is empty"):
            await desk.send("pagerduty", FIRING, {"routing_key": "{{ .CommonLabels.none }}", "url": "URL"})

    async def test_services_of_the_older_api_have_a_key_of_their_own(self, desk: Desk) -> None:
        event = await desk.send(
            "pagerduty", FIRING, {"service_key": "key", "url": "URL", "details": {"a": "b"}}
        )
        assert event == {
            "service_key": "key",
            "event_type": "trigger",
            "incident_key": ID,
            "description": TITLE,
            "client": "Alertmanager",
            "client_url": "https://hub.example/#/alerts?receiver=team",
            "details": event["details"],
        }
        assert event["details"]["a"] == "b"
        ended = await desk.send("pagerduty", RESOLVED, {"service_key": "key", "url": "URL"})
        assert (ended["event_type"], "client" in ended) == ("resolve", False)

    @pytest.mark.parametrize(("key", "retryable"), [("service_key", True), ("routing_key", False)])
    async def test_the_older_api_says_403_for_too_many_events(
        self, desk: Desk, sink: Sink, key: str, retryable: bool
    ) -> None:
        sink.otherwise = web.Response(status=403)
        with pytest.raises(DeliveryError, match="status 403") as error:
            await desk.send("pagerduty", FIRING, {key: "key", "url": "URL"})
        assert error.value.retryable is retryable


class TestOpsgenie:
    ENTRY: dict[str, Any] = {"api_key": "key", "api_url": "URL"}  # noqa: RUF012

    async def test_an_alert_is_made_with_all_that_is_known(self, desk: Desk) -> None:
        entry = self.ENTRY | {
            "message": "m {{ .Status }}",
            "description": "d",
            "source": "s",
            "entity": "e",
            "note": "n",
            "priority": "P1",
            "tags": "a,{{ .CommonLabels.pod }},",
            "actions": "x,y",
            "details": {"more": "{{ .Status }}"},
            "responders": [
                {"name": "one", "type": "team"},
                {"name": "two,three", "type": "teams"},
                {"username": "{{ .CommonLabels.none }}", "type": "user"},
                {"id": "4", "type": "schedule"},
            ],
        }
        assert await desk.send("opsgenie", FIRING, entry) == {
            "alias": ID,
            "message": "m firing",
            "description": "d",
            "source": "s",
            "entity": "e",
            "note": "n",
            "priority": "P1",
            "tags": ["a", "a"],
            "actions": ["x", "y"],
            "details": {"alertname": "KubePodCrashLooping", "cluster": "x", "pod": "a", "more": "firing"},
            "responders": [
                {"name": "one", "type": "team"},
                {"name": "two", "type": "team"},
                {"name": "three", "type": "team"},
                {"id": "4", "type": "schedule"},
            ],
        }
        assert desk.targets == [("POST", "/v2/alerts")]

    async def test_it_is_closed_by_its_alias(self, desk: Desk) -> None:
        assert await desk.send("opsgenie", RESOLVED, self.ENTRY | {"source": "s"}) == {"source": "s"}
        assert desk.targets == [("POST", f"/v2/alerts/{ID}/close?identifierType=alias")]

    async def test_it_is_updated_where_that_is_wanted(self, desk: Desk) -> None:
        entry = self.ENTRY | {"update_alerts": True, "message": "m", "description": "d"}
        assert await desk.send("opsgenie", FIRING, entry) == {"description": "d"}
        assert desk.targets == [
            ("POST", "/v2/alerts"),
            ("PUT", f"/v2/alerts/{ID}/message?identifierType=alias"),
            ("PUT", f"/v2/alerts/{ID}/description?identifierType=alias"),
        ]

    async def test_what_is_empty_is_not_updated(self, desk: Desk) -> None:
        await desk.send("opsgenie", FIRING, self.ENTRY | {"update_alerts": True, "description": ""})
        assert [path.split("?")[0] for _, path in desk.targets] == ["/v2/alerts", f"/v2/alerts/{ID}/message"]

    async def test_a_long_message_is_cut(self, desk: Desk) -> None:
        body = await desk.send("opsgenie", FIRING, self.ENTRY | {"message": "é" * 200})
        assert len(body["message"]) == 130


class TestTeams:
    async def test_a_connector_of_old_gets_a_message_card(self, desk: Desk) -> None:
        entry = {"webhook_url": "URL", "title": "t", "summary": "s", "text": "x {{ .Status }}"}
        assert await desk.send("msteams", FIRING, entry) == {
            "@context": "http://schema.org/extensions",
            "type": "MessageCard",
            "title": "t",
            "summary": "s",
            "text": "x firing",
            "themeColor": "8C1A1A",
        }
        ended = await desk.send("msteams", RESOLVED, entry)
        assert ended["themeColor"] == "2DC72D"

    async def test_a_workflow_gets_an_adaptive_card(self, desk: Desk) -> None:
        entry = {"webhook_url": "URL", "title": "t", "text": "x {{ .Status }}"}
        card = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.2",
            "body": [
                {
                    "type": "TextBlock",
                    "text": "t",
                    "weight": "Bolder",
                    "size": "Medium",
                    "wrap": True,
                    "style": "heading",
                    "color": "Attention",
                },
                {"type": "TextBlock", "text": "x firing", "wrap": True},
            ],
            "msteams": {"width": "full"},
        }
        assert await desk.send("msteamsv2", FIRING, entry) == {
            "type": "message",
            "attachments": [
                {
                    "contentType": "application/vnd.microsoft.card.adaptive",
                    "contentUrl": None,
                    "content": card,
                }
            ],
        }
        ended = await desk.send("msteamsv2", RESOLVED, {"webhook_url": "URL"})
        heading = ended["attachments"][0]["content"]["body"][0]
        assert (heading["color"], heading["text"]) == ("Good", ENDED)


class TestDiscord:
    async def test_a_message_has_one_coloured_embed(self, desk: Desk) -> None:
        entry = {
            "webhook_url": "URL",
            "content": "@here {{ .Status }}",
            "title": "t",
            "message": "m",
            "username": "hub",
            "avatar_url": "https://a/b.png",
        }
        assert await desk.send("discord", FIRING, entry) == {
            "content": "@here firing",
            "username": "hub",
            "avatar_url": "https://a/b.png",
            "embeds": [{"title": "t", "description": "m", "color": 0x992D22}],
        }
        ended = await desk.send("discord", RESOLVED, {"webhook_url": "URL"})
        assert ended["content"] == ""
        assert (ended["embeds"][0]["color"], ended["embeds"][0]["title"]) == (0x2ECC71, ENDED)


class TestTelegram:
    ENTRY: dict[str, Any] = {"api_url": "URL", "bot_token": "7:key", "chat_id": -100}  # noqa: RUF012

    async def test_a_message_goes_to_the_chat_and_its_thread(self, desk: Desk) -> None:
        entry = self.ENTRY | {
            "message_thread_id": 3,
            "disable_notifications": True,
            "message": "<b>{{ .CommonLabels.pod }}</b>",
        }
        assert await desk.send("telegram", FIRING, entry) == {
            "chat_id": -100,
            "message_thread_id": 3,
            "text": "<b>a</b>",
            "parse_mode": "HTML",
            "disable_notification": True,
            "disable_web_page_preview": True,
        }
        assert desk.targets == [("POST", "/bot7:key/sendMessage")]

    async def test_markup_in_labels_is_escaped_where_the_text_is_html(self, desk: Desk) -> None:
        message = msgspec.structs.replace(FIRING, alerts=(alert("<i>&"),))
        entry = self.ENTRY | {"message": "{{ .CommonLabels.pod }}"}
        assert (await desk.send("telegram", message, entry))["text"] == "&lt;i&gt;&amp;"
        plain = await desk.send("telegram", message, entry | {"parse_mode": ""})
        assert (plain["text"], "parse_mode" in plain) == ("<i>&", False)

    async def test_html_that_is_too_long_is_not_cut_in_the_middle(self, desk: Desk) -> None:
        entry = self.ENTRY | {"message": "<b>" + "x" * 5_000 + "</b>"}
        assert "<b>" not in (await desk.send("telegram", FIRING, entry))["text"]
        markdown = await desk.send("telegram", FIRING, entry | {"parse_mode": "Markdown"})
        assert len(markdown["text"]) == 4_096

    async def test_html_that_is_too_long_is_replaced_by_what_is_wrong(self, desk: Desk) -> None:
        text = (await desk.send("telegram", FIRING, self.ENTRY | {"message": "x" * 5_000}))["text"]
        assert text.startswith("[FIRING:1] KubePodCrashLooping\n")
        assert "longer than Telegram takes" in text

    @pytest.mark.parametrize("mode", ["Markdown", "MarkdownV2"])
    @pytest.mark.parametrize("template", ["{{ .Nope.Nope }}", "*" + "x" * 5_000 + "*"])
    async def test_plain_words_and_what_was_cut_are_not_read_as_markdown(
        self, desk: Desk, mode: str, template: str
    ) -> None:
        whole = await desk.send("telegram", FIRING, self.ENTRY | {"parse_mode": mode, "message": "*x*"})
        assert whole["parse_mode"] == mode
        body = await desk.send("telegram", FIRING, self.ENTRY | {"parse_mode": mode, "message": template})
        assert "parse_mode" not in body

    async def test_the_chat_may_stand_in_a_file(self, desk: Desk, tmp_path: Any) -> None:
        path = tmp_path / "chat"
        entry = {"api_url": "URL", "bot_token": "7:key", "chat_id_file": str(path)}
        path.write_text("here")
        with pytest.raises(DeliveryError, match="holds no chat's number"):
            await desk.send("telegram", FIRING, entry)
        path.write_text("-5\n")
        assert (await desk.send("telegram", FIRING, entry))["chat_id"] == -5


class TestPushover:
    ENTRY: dict[str, Any] = {"api_url": "URL", "user_key": "me", "token": "key"}  # noqa: RUF012

    async def test_a_message_carries_how_urgent_it_is(self, desk: Desk) -> None:
        entry = self.ENTRY | {
            "title": "t",
            "message": "m",
            "url": "https://a",
            "url_title": "open",
            "device": "phone",
            "sound": "siren",
            "retry": "1m",
            "expire": "1h",
            "ttl": "1d",
            "monospace": True,
        }
        assert await desk.send("pushover", FIRING, entry) == {
            "token": "key",
            "user": "me",
            "title": "t",
            "message": "m",
            "url": "https://a",
            "url_title": "open",
            "priority": "2",
            "retry": "60",
            "expire": "3600",
            "ttl": "86400",
            "device": "phone",
            "sound": "siren",
            "monospace": "1",
        }
        assert (await desk.send("pushover", RESOLVED, entry))["priority"] == "0"

    async def test_markup_in_labels_is_escaped_where_the_text_is_html(self, desk: Desk) -> None:
        message = msgspec.structs.replace(FIRING, alerts=(alert("<i>"),))
        entry = self.ENTRY | {"html": True, "message": "<b>{{ .CommonLabels.pod }}</b>"}
        body = await desk.send("pushover", message, entry)
        assert (body["message"], body["html"]) == ("<b>&lt;i&gt;</b>", "1")

    async def test_a_priority_that_fails_is_that_of_a_page(self, desk: Desk) -> None:
        entry = self.ENTRY | {"priority": "{{ .Nope.Nope }}"}
        assert (await desk.send("pushover", FIRING, entry))["priority"] == "2"
        assert (await desk.send("pushover", RESOLVED, entry))["priority"] == "0"

    async def test_an_empty_message_says_so(self, desk: Desk) -> None:
        assert (await desk.send("pushover", FIRING, self.ENTRY | {"message": " "}))[
            "message"
        ] == "(no details)"


class TestVictorOps:
    ENTRY: dict[str, Any] = {"api_url": "URL", "api_key": "key", "routing_key": "team/{{ .Receiver }}"}  # noqa: RUF012

    async def test_an_alert_says_how_bad_it_is(self, desk: Desk) -> None:
        entry = self.ENTRY | {
            "message_type": "WARNING",
            "entity_display_name": "e",
            "state_message": "s",
            "monitoring_tool": "hub",
            "custom_fields": {"pod": "{{ .CommonLabels.pod }}"},
        }
        assert await desk.send("victorops", FIRING, entry) == {
            "message_type": "WARNING",
            "entity_id": ID,
            "entity_display_name": "e",
            "state_message": "s",
            "monitoring_tool": "hub",
            "pod": "a",
        }
        assert desk.targets == [("POST", "/key/team%2Fteam")]

    @pytest.mark.parametrize(
        ("message", "wanted", "told"),
        [(FIRING, "NONSENSE", "CRITICAL"), (FIRING, "INFO", "INFO"), (RESOLVED, "INFO", "RECOVERY")],
    )
    async def test_what_it_cannot_say_is_critical_and_an_end_is_recovery(
        self, desk: Desk, message: Message, wanted: str, told: str
    ) -> None:
        body = await desk.send("victorops", message, self.ENTRY | {"message_type": wanted})
        assert body["message_type"] == told


async def test_webex_gets_markdown_for_a_room(desk: Desk) -> None:
    entry = {
        "api_url": "URL",
        "room_id": "room-{{ .Receiver }}",
        "message": "**{{ .Status }}**",
        "http_config": {"authorization": {"credentials": "key"}},
    }
    assert await desk.send("webex", FIRING, entry) == {"roomId": "room-team", "markdown": "**firing**"}


@pytest.mark.parametrize(
    ("kind", "entry", "field"),
    [
        ("discord", {"webhook_url": "URL", "message": "{{ .Nope.Nope }}"}, ("embeds", 0, "description")),
        ("msteams", {"webhook_url": "URL", "text": "{{ .Nope.Nope }}"}, ("text",)),
        (
            "msteamsv2",
            {"webhook_url": "URL", "text": "{{ .Nope.Nope }}"},
            ("attachments", 0, "content", "body", 1, "text"),
        ),
        ("opsgenie", TestOpsgenie.ENTRY | {"description": "{{ .Nope.Nope }}"}, ("description",)),
        ("pushover", TestPushover.ENTRY | {"message": "{{ .Nope.Nope }}"}, ("message",)),
        ("telegram", TestTelegram.ENTRY | {"message": "{{ .Nope.Nope }}"}, ("text",)),
        ("victorops", TestVictorOps.ENTRY | {"state_message": "{{ .Nope.Nope }}"}, ("state_message",)),
        (
            "pagerduty",
            {"routing_key": "key", "url": "URL", "source": "{{ .Nope.Nope }}"},
            ("payload", "custom_details", "template_error"),
        ),
    ],
)
async def test_a_template_that_fails_does_not_hold_the_page_back(
    desk: Desk, kind: str, entry: dict[str, Any], field: tuple[str | int, ...]
) -> None:
    body = await desk.send(kind, FIRING, entry)
    for step in field:
        body = body[step]
    assert "Nope" in body


async def test_the_receipt_says_what_the_service_answered(sink: Sink, http: aiohttp.ClientSession) -> None:
    sink.otherwise = web.Response(status=202)
    config = configuration(
        "route: {receiver: team}\n"
        f"receivers: [{{name: team, discord_configs: [{{webhook_url: '{sink.url}'}}]}}]\n"
    )
    ((_, receiver),) = build_receivers(config, http)["team"]
    assert await receiver.send(FIRING) == "status 202"


class TestWebhook:
    async def test_a_payload_of_ones_own_takes_the_place_of_the_usual_one(self, desk: Desk) -> None:
        own = {
            "text": "{{ .Status }} {{ .CommonLabels.pod }}",
            "alerts": "{{ .Alerts | toJson }}",
            "count": "{{ .Alerts | len }}",
            "fixed": [1, True, None, "a: b"],
        }
        body = await desk.send("webhook", FIRING, {"url": "URL", "payload": own})
        assert [told["labels"]["pod"] for told in body.pop("alerts")] == ["a"]
        assert body == {"text": "firing a", "count": 1, "fixed": [1, True, None, {"a": "b"}]}

    async def test_one_that_fails_is_replaced_by_the_usual_one(self, desk: Desk) -> None:
        entry = {"url": "URL", "payload": {"text": "{{ .Nope.Nope }}"}}
        assert (await desk.send("webhook", FIRING, entry))["version"] == "4"


class TestMattermost:
    async def test_a_message_has_one_attachment(self, desk: Desk) -> None:
        entry = {
            "webhook_url": "URL",
            "channel": "town",
            "username": "hub",
            "text": "x {{ .Status }}",
            "title": "t",
            "title_link": "https://a",
            "fallback": "f",
            "fields": [{"title": "pod", "value": "{{ .CommonLabels.pod }}", "short": True}],
            "priority": {"priority": "urgent", "requested_ack": True},
            "props": {"card": "c"},
        }
        assert await desk.send("mattermost", FIRING, entry) == {
            "channel": "town",
            "username": "hub",
            "priority": {"priority": "urgent", "requested_ack": True, "persistent_notifications": False},
            "props": {"card": "c"},
            "attachments": [
                {
                    "fallback": "f",
                    "color": "danger",
                    "text": "x firing",
                    "title": "t",
                    "title_link": "https://a",
                    "fields": [{"title": "pod", "value": "a", "short": True}],
                }
            ],
        }
        ended = await desk.send("mattermost", RESOLVED, {"webhook_url": "URL"})
        assert (ended["attachments"][0]["color"], ended["attachments"][0]["title"]) == ("good", ENDED)
        assert ended["username"] == "Alertmanager"

    @pytest.mark.parametrize(
        ("wanted", "told"),
        [
            (("Urgent", True, True), ("urgent", True, True)),
            (("important", True, True), ("important", True, False)),
            (("standard", True, True), ("standard", False, False)),
            (("critical", True, False), ("standard", False, False)),
        ],
    )
    async def test_a_priority_is_one_that_the_service_takes(
        self, desk: Desk, wanted: tuple[str, bool, bool], told: tuple[str, bool, bool]
    ) -> None:
        names = ("priority", "requested_ack", "persistent_notifications")
        entry = {"webhook_url": "URL", "priority": dict(zip(names, wanted, strict=True))}
        body = await desk.send("mattermost", FIRING, entry)
        assert body["priority"] == dict(zip(names, told, strict=True))

    async def test_or_attachments_of_its_own_beside_the_text(self, desk: Desk) -> None:
        attachments = [{"title": "one", "color": "{{ .Status }}"}, {"text": "two"}]
        entry = {"webhook_url": "URL", "text": "x", "username": "", "attachments": attachments}
        assert await desk.send("mattermost", FIRING, entry) == {
            "text": "x",
            "attachments": [{"title": "one", "color": "firing"}, {"text": "two"}],
        }


class TestRocketchat:
    ENTRY: dict[str, Any] = {"api_url": "URL", "token": "key", "token_id": "me"}  # noqa: RUF012

    async def test_a_message_has_one_attachment(self, desk: Desk, sink: Sink) -> None:
        sink.otherwise = web.json_response({"success": True})
        entry = self.ENTRY | {
            "channel": "#alerts",
            "emoji": ":fire:",
            "title": "t",
            "title_link": "https://a",
            "text": "x {{ .Status }}",
            "short_fields": True,
            "fields": [{"title": "pod", "value": "{{ .CommonLabels.pod }}"}, {"title": "b", "short": False}],
            "actions": [{"text": "open", "url": "https://b"}],
        }
        assert await desk.send("rocketchat", FIRING, entry) == {
            "channel": "#alerts",
            "emoji": ":fire:",
            "attachments": [
                {
                    "title": "t",
                    "title_link": "https://a",
                    "text": "x firing",
                    "color": "red",
                    "fields": [
                        {"title": "pod", "value": "a", "short": True},
                        {"title": "b", "value": "", "short": False},
                    ],
                    "actions": [{"type": "button", "text": "open", "url": "https://b"}],
                }
            ],
        }
        assert desk.targets == [("POST", "/api/v1/chat.postMessage")]
        assert (sink.headers[0]["X-Auth-Token"], sink.headers[0]["X-User-Id"]) == ("key", "me")
        ended = await desk.send("rocketchat", RESOLVED, self.ENTRY)
        assert ended["attachments"][0]["color"] == "green"

    async def test_a_failure_under_status_200_is_one(self, desk: Desk, sink: Sink) -> None:
        sink.otherwise = web.json_response({"success": False, "error": "[error-no-such-room]"})
        with pytest.raises(DeliveryError, match="error-no-such-room") as error:
            await desk.send("rocketchat", FIRING, self.ENTRY)
        assert not error.value.retryable

    @pytest.mark.parametrize(
        ("answer", "retryable"), [('{"success": false}', False), ("<html>Please log in</html>", True)]
    )
    async def test_nothing_but_success_is_success(
        self, desk: Desk, sink: Sink, answer: str, retryable: bool
    ) -> None:
        sink.otherwise = web.Response(text=answer)
        with pytest.raises(DeliveryError, match=r"Rocket\.Chat") as error:
            await desk.send("rocketchat", FIRING, self.ENTRY)
        assert error.value.retryable is retryable

    async def test_an_answer_that_repeats_a_long_message_is_read_to_its_end(
        self, desk: Desk, sink: Sink
    ) -> None:
        sink.otherwise = web.json_response({"message": "x" * 60_000, "success": True})
        await desk.send("rocketchat", FIRING, self.ENTRY)


class TestIncidentio:
    ENTRY: dict[str, Any] = {"url": "URL", "alert_source_token": "key"}  # noqa: RUF012

    async def test_alerts_go_as_webhooks_have_them(self, desk: Desk, sink: Sink) -> None:
        body = await desk.send("incidentio", FIRING, self.ENTRY)
        assert (body["version"], body["groupKey"], body["status"]) == ("1", FIRING.group_key, "firing")
        assert [told["labels"]["pod"] for told in body["alerts"]] == ["a"]
        assert sink.headers[0]["Authorization"] == "Bearer key"

    async def test_of_too_many_the_first_is_told(self, desk: Desk) -> None:
        alerts = tuple(alert(str(number), summary="x" * 3_000) for number in range(300))
        body = await desk.send("incidentio", msgspec.structs.replace(FIRING, alerts=alerts), self.ENTRY)
        assert (len(body["alerts"]), body["truncatedAlerts"]) == (1, 299)


class WechatService:
    """Gives tokens, and takes messages."""

    def __init__(self) -> None:
        self.token: dict[str, Any] = {"access_token": "token"}
        self.answer: dict[str, Any] = {"errcode": 0}
        self.asked: list[dict[str, str]] = []
        self.taken: list[tuple[dict[str, str], Any]] = []
        app = web.Application()
        app.router.add_get("/gettoken", self._give)
        app.router.add_post("/message/send", self._take)
        self.server = TestServer(app)

    async def _give(self, request: web.Request) -> web.Response:
        self.asked.append(dict(request.query))
        return web.json_response(self.token)

    async def _take(self, request: web.Request) -> web.Response:
        self.taken.append((dict(request.query), await request.json()))
        return web.json_response(self.answer)


class TestWechat:
    @pytest.fixture
    async def service(self) -> AsyncIterator[WechatService]:
        service = WechatService()
        async with service.server:
            yield service

    @pytest.fixture
    def receiver(self, service: WechatService, http: aiohttp.ClientSession) -> Any:
        def build(**more: str) -> Any:
            entry = {"api_url": str(service.server.make_url("/")), "api_secret": "key", "corp_id": "corp"}
            entries = [{"name": "team", "wechat_configs": [entry | more]}]
            config = configuration(yaml.safe_dump({"route": {"receiver": "team"}, "receivers": entries}))
            ((_, built),) = build_receivers(config, http)["team"]
            return built

        return build

    async def test_messages_go_out_with_one_token(self, service: WechatService, receiver: Any) -> None:
        built = receiver(message="x {{ .Status }}", to_user="u", agent_id="1")
        await built.send(FIRING)
        await built.send(FIRING)
        assert service.asked == [{"corpsecret": "key", "corpid": "corp"}]
        expected = {
            "touser": "u",
            "agentid": "1",
            "safe": "0",
            "msgtype": "text",
            "text": {"content": "x firing"},
            "markdown": {"content": ""},
        }
        assert service.taken == [({"access_token": "token"}, expected)] * 2
        await receiver(message="**x**", message_type="markdown").send(FIRING)
        assert service.taken[-1][1]["markdown"] == {"content": "**x**"}

    async def test_an_expired_token_is_fetched_anew(self, service: WechatService, receiver: Any) -> None:
        service.answer = {"errcode": 42_001, "errmsg": "expired"}
        built = receiver()
        for _ in range(2):
            with pytest.raises(DeliveryError, match="WeChat answered: expired") as error:
                await built.send(FIRING)
            assert error.value.retryable
        assert len(service.asked) == 2

    async def test_another_failure_is_final(self, service: WechatService, receiver: Any) -> None:
        service.answer = {"errcode": 40_003, "errmsg": "no such user"}
        with pytest.raises(DeliveryError, match="no such user") as error:
            await receiver().send(FIRING)
        assert not error.value.retryable

    async def test_without_a_token_nothing_is_sent(self, service: WechatService, receiver: Any) -> None:
        service.token = {"errcode": 40_001, "errmsg": "invalid credential"}
        with pytest.raises(DeliveryError, match="WeChat gives no token: invalid credential"):
            await receiver().send(FIRING)
        assert not service.taken
