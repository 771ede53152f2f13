"""The API: what reads answer, and what bad input gets."""

from __future__ import annotations

from ..scenario import UTF8, Asked, Posted, SilencedByAmtool, fire, get, resolve, route, scenario

MIXED = (
    fire(
        "disk",
        pod="a",
        severity="critical",
        annotations={"summary": "s", "text": ""},
        url="http://x.example.com/1",
    ),
    fire("disk", pod="b", severity="warning"),
    fire("cpu", pod="a", severity="warning", path="a/b"),
    fire("cpu", pod="c", starts=-0.5, ends=40),
    fire("old", pod="a", starts=-50, ends=-40),
)

FILTERS = (
    (),
    ("alertname=disk",),
    ("alertname=~disk|cpu", 'severity="warning"'),
    ("alertname!=disk",),
    ("alertname!~d.+",),
    ('severity=""',),
    ("severity!=''",),
    ('nothing="x"',),
    ('{alertname="disk",pod="a"}',),
    ("path=a/b",),
)

SCENARIOS = [
    scenario(
        "alerts-are-read",
        group_by=["alertname"],
        routes=[route("one", 'severity="critical"', **{"continue": True}), route("two", 'alertname="disk"')],
    )
    .at(0, *MIXED, SilencedByAmtool("s", ["pod=c"], 60))
    .at(
        3,
        *(get("/api/v2/alerts", *filters) for filters in FILTERS),
        get("/api/v2/alerts", receiver="alerts-are-read"),
        get("/api/v2/alerts", receiver="alerts-are-read.one"),
        get("/api/v2/alerts", receiver=".*two|.*one"),
        get("/api/v2/alerts", receiver="one"),
        get("/api/v2/alerts", silenced="false"),
        get("/api/v2/alerts", active="false"),
        get("/api/v2/alerts", active="false", silenced="false"),
        get("/api/v2/alerts", unprocessed="false"),
    )
    .until(4),
    scenario(
        "groups-are-read",
        group_by=["alertname"],
        routes=[
            route("one", 'severity="critical"', **{"continue": True}),
            route("two", 'alertname="disk"', group_by=["pod"]),
            route("three", 'alertname="cpu"', group_by=["..."]),
        ],
    )
    .at(0, *MIXED, SilencedByAmtool("s", ["pod=c"], 60))
    .at(
        3,
        *(get("/api/v2/alerts/groups", *filters) for filters in FILTERS),
        get("/api/v2/alerts/groups", receiver="groups-are-read.two"),
        get("/api/v2/alerts/groups", receiver=".*t.*"),
        get("/api/v2/alerts/groups", silenced="false"),
        get("/api/v2/alerts/groups", active="false"),
        get("/api/v2/alerts/groups", inhibited="false"),
    )
    .until(4),
    scenario("alerts-that-ended-are-not-read")
    .at(0, fire("a"), fire("b"))
    .at(2, resolve("a"))
    .at(2.5, get("/api/v2/alerts"), get("/api/v2/alerts/groups"))
    .at(6, get("/api/v2/alerts"), get("/api/v2/alerts/groups"))
    .until(8),
    scenario("reads-that-are-refused").at(
        0,
        *(
            Asked("GET", f"/api/v2/{what}?{query}")
            for what in ("alerts", "alerts/groups")
            for query in (
                "filter=nonsense",
                "filter=a%3D~(",
                "filter=%7Ba%3D%22b%22",
                "receiver=(",
            )
        ),
        Asked("GET", "/api/v2/silences?filter=nonsense"),
        Asked("GET", "/api/v2/nothing"),
        Asked("PUT", "/api/v2/alerts", []),
        Asked("DELETE", "/api/v2/alerts"),
        Asked("POST", "/api/v2/receivers", {}),
        Asked("GET", "/api/v2/alerts?unknown=1&filter=nobody%3Dx"),
    ),
    scenario("reads-with-odd-booleans")
    .at(0, fire("a"))
    .at(
        2,
        *(get("/api/v2/alerts", active=word) for word in ("perhaps", "TRUE", "1", "yes", "on", "0", "f", "")),
        get("/api/v2/alerts/groups", active="perhaps"),
        get("/api/v2/alerts/groups", silenced=""),
    ),
    scenario("receivers-are-read").at(0, Asked("GET", "/api/v2/receivers")),
    scenario("health-is-read").at(0, Asked("GET", "/-/healthy"), Asked("GET", "/-/ready")),
    scenario("labels-that-are-empty-are-dropped", group_by=["..."])
    .at(0, fire("a", empty="", pod="1"), fire("b", pod="2"))
    .at(2, resolve("a", pod="1"), get("/api/v2/alerts"))
    .until(6),
    scenario("a-batch-that-is-partly-invalid")
    .at(
        0,
        fire("good"),
        Posted({"": "x"}),
        Posted({"alertname": "ends-early"}, starts=4, ends=2),
        Posted({"alertname": "a", "": ""}),
        fire("good-too"),
    )
    .at(2, get("/api/v2/alerts"))
    .until(6),
    scenario("alerts-that-are-not-even-json").at(
        0,
        *(
            Asked("POST", "/api/v2/alerts", body)
            for body in (
                b"",
                b"not json",
                b"{}",
                b"null",
                b"[]",
                b"[{}]",
                b'[{"labels": null}]',
                b'[{"labels": {}}]',
                b'[{"labels": []}]',
                b'[{"labels": {"alertname": 1}}]',
                b'[{"labels": {"alertname": null}}]',
                b'[{"labels": {"alertname": "a", "scenario": "nobody"}, "startsAt": "yesterday"}]',
                b'[{"labels": {"alertname": "a", "scenario": "nobody"}, "startsAt": 5}]',
                b'[{"labels": {"alertname": "a", "scenario": "nobody"}, "endsAt": null}]',
                b'[{"labels": {"alertname": "a", "scenario": "nobody"}, "generatorURL": ""}]',
                b'[{"labels": {"alertname": "a", "scenario": "nobody"}, "unknown": 1}]',
                b'[{"labels": {"alertname": "a", "scenario": "nobody"}, "annotations": {"x": 1}}]',
                b'[{"labels": {"alertname": "a", "scenario": "nobody"}}',
            )
        ),
    ),
    scenario("labels-of-any-name", differs="older ones let labels have plain names only", before=UTF8)
    .at(0, Posted({"alertname": "a", "a-b": "1", "é": "2"}, annotations={"c d": "3"}))
    .at(2, get("/api/v2/alerts"), get("/api/v2/alerts", "a-b=1"))
    .until(4),
    *(
        scenario(name, differs=reason).at(0, Asked("POST", "/api/v2/alerts", body))
        for name, reason, body in (
            (
                "a-time-that-is-empty",
                "Alertmanager takes it for one that is not told",
                b'[{"labels": {"alertname": "a", "scenario": "nobody"}, "startsAt": ""}]',
            ),
            (
                "an-address-that-is-none",
                "Alertmanager refuses the whole batch for it",
                b'[{"labels": {"alertname": "a", "scenario": "nobody"}, "generatorURL": "::"}]',
            ),
            (
                "text-that-is-not-utf-8",
                "Alertmanager takes it with other characters in its place",
                b'[{"labels": {"alertname": "\xff", "scenario": "nobody"}}]',
            ),
            (
                "something-behind-the-list",
                "Alertmanager reads as far as the list goes",
                b'[{"labels": {"alertname": "a", "scenario": "nobody"}}] x',
            ),
        )
    ),
    scenario("times-finer-than-microseconds", differs="Farwatch keeps microseconds")
    .at(0, fire("a", starts="2026-01-02T03:04:05.123456789Z"))
    .until(4),
    scenario("times-of-another-zone", differs="Farwatch writes every time in UTC")
    .at(0, fire("a", starts="2026-01-02T03:04:05+02:00"))
    .until(4),
    scenario("an-alert-that-is-null", differs="Alertmanager crashes on it, and closes the connection").at(
        0, Asked("POST", "/api/v2/alerts", b"[null]")
    ),
    scenario("times-in-many-notations", group_by=["alertname"])
    .at(
        0,
        *(
            fire(f"t{number}", starts=starts, ends=ends)
            for number, (starts, ends) in enumerate(
                [
                    ("2026-01-02T03:04:05Z", "2099-01-02T03:04:05Z"),
                    ("2026-01-02T03:04:05.123456Z", "2099-01-02T03:04:05.1Z"),
                    ("2026-01-02T03:04:05.100Z", None),
                    ("2026-01-02T03:04:05+00:00", "2099-01-02T03:04:05-00:00"),
                    ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
                    ("1970-01-01T00:00:00Z", None),
                ]
            )
        ),
    )
    .at(2, get("/api/v2/alerts"))
    .until(4),
    scenario("an-alert-without-a-name", group_by=["alertname"])
    .at(0, Posted({"pod": "a"}), Posted({}))
    .until(4),
]
