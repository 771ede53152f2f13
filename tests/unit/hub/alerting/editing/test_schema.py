"""The schema offers what will be taken, and nothing that is refused by name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from farwatch.hub.alerting.config import Config
from farwatch.hub.alerting.document import parse_document
from farwatch.hub.alerting.editing.schema import schema

CASES = Path(__file__).parents[1] / "test_config.py"


class Loader(yaml.SafeLoader):
    """As editors read YAML: dates are texts, and what is merged is written out."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def faults(text: str) -> list[str]:
    validator = jsonschema.Draft202012Validator(schema())
    loaded = yaml.load(text, Loader=Loader)  # noqa: S506 - a safe loader
    return [error.message for error in validator.iter_errors(loaded)]


def documents() -> list[str]:
    """Everything in the cases of the configuration that looks like one."""
    source = CASES.read_text()
    return [text for text in re.findall(r'"""(.*?)"""', source, re.DOTALL) if "receivers:" in text]


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_every_case_that_can_be_read_is_valid() -> None:
    read = [text for text in documents() if parse_document(text, "case", Config)[0] is not None]
    assert len(read) >= 3
    for text in read:
        assert faults(text) == [], text


@pytest.mark.parametrize(
    "text",
    [
        "route: {receiver: 1}\nreceivers: [{name: 1}]",
        "global:\nroute: {receiver: a, group_by: ['...'], routes: [{matchers: [a=b], continue: true}]}\nreceivers: [{name: a}]",
        "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: http://x, send_resolved: false, max_alerts: 3}]}]",
        "route: &r {receiver: a}\nreceivers: [{name: a}]\ninhibit_rules: [{source_match: {a: b}, target_match_re: {a: b.*}}]",
        "route: {receiver: a}\nreceivers: [{name: a}]\ntime_intervals: [{name: w, time_intervals: [{weekdays: [saturday]}]}]",
    ],
)
def test_what_can_be_read_is_valid(text: str) -> None:
    assert parse_document(text, "case", Config)[1] == []
    assert faults(text) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("route: {receiver: a, banana: 1}\nreceivers: []", "banana"),
        ("route: {receiver: a}\nreceivers: [{name: a, pager_configs: []}]", "pager_configs"),
        ("route: {receiver: a, continue: perhaps}\nreceivers: []", "perhaps"),
        ("route: {receiver: a}\nreceivers: [{webhook_configs: []}]", "not valid under any"),
        ("route: {receiver: a}", "not valid under any"),
        ("route: []\nreceivers: []", "not of type 'object'"),
        ("tracing: {}\nroute: {receiver: a}\nreceivers: []", "should not be valid"),
        (
            "global: {http_config: {tls_config: {min_version: TLS9}}}\nroute: {receiver: a}\nreceivers: []",
            "TLS9",
        ),
    ],
)
def test_what_is_refused_is_not_valid(text: str, word: str) -> None:
    assert parse_document(text, "case", Config)[1]
    assert any(word in fault for fault in faults(text)), faults(text)


def test_keys_are_explained_by_the_sections_that_read_them() -> None:
    definitions: dict[str, Any] = schema()["$defs"]
    assert definitions["GlobalConfig"]["properties"]["resolve_timeout"]["description"].startswith(
        "When an alert ends"
    )
    assert definitions["WebhookConfig"]["properties"]["url"]["format"] == "password"
    assert "labels" in definitions["RouteConfig"]["properties"]
