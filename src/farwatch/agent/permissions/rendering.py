"""The table in the forms that charts and people read."""

from __future__ import annotations

import textwrap
from typing import Any

import yaml

from farwatch.agent.permissions.table import (
    ACT_ACCOUNT,
    CAPABILITIES,
    SWITCHES,
    Capability,
    Rule,
    Scope,
)

_CHART_HEAD = f"""\
# Made by `farwatch agent permissions --format chart`; the table is src/farwatch/agent/permissions/table.py
# The resource name {ACT_ACCOUNT} stands for the name of the ServiceAccount that acts.
"""

_PLACES = {
    Scope.CLUSTER: "the cluster",
    Scope.NAMESPACED: "the cluster, or each watched namespace",
    Scope.KUBE_SYSTEM: "kube-system",
    Scope.OWN: "the agent's namespace",
}

_LINE_WIDTH = 110


class _Dumper(yaml.SafeDumper):
    """Writes lists of words in one line, and repeats nothing by reference."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - is asked for each value
        return True


def _represent_list(dumper: yaml.SafeDumper, values: list[Any]) -> yaml.Node:
    plain = all(isinstance(value, str) for value in values)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=plain)


_Dumper.add_representer(list, _represent_list)


def render_chart() -> str:
    """The table as the agent's chart reads it: ``files/permissions.yaml``."""
    capabilities = [
        {
            "name": capability.name,
            "why": capability.why,
            "scope": capability.scope.value,
            "account": capability.account.value,
            "when": capability.when,
            "rules": [write_rule(rule) for rule in capability.rules],
        }
        for capability in CAPABILITIES
    ]
    return _CHART_HEAD + dump_yaml({"capabilities": capabilities})


def render_markdown() -> str:
    """The table for docs/permissions.md."""
    lines = ["| capability | rights | where | whose | granted | why |", "|---|---|---|---|---|---|"]
    for capability in CAPABILITIES:
        rights = "<br>".join(_mark_right(rule) for rule in capability.rules)
        switch = f"`{capability.when}`" if capability.when else ""
        granted = f"{switch}, {_default(capability)}" if switch else "always"
        lines.append(
            f"| `{capability.name}` | {rights} | {_PLACES[capability.scope]} | {capability.account} | {granted} "
            f"| {capability.why} |"
        )
    return "\n".join(lines) + "\n"


def render_text() -> str:
    """The table for a terminal."""
    blocks = []
    for capability in CAPABILITIES:
        when = f"{capability.when}, {_default(capability)}" if capability.when else "always"
        head = f"{capability.name}  (account: {capability.account}; in {_PLACES[capability.scope]}; {when})"
        body = [capability.why, *(describe_rule(rule) for rule in capability.rules)]
        blocks.append("\n".join([head, *(_indent(text) for text in body)]))
    return "\n\n".join(blocks) + "\n"


def describe_rule(rule: Rule) -> str:
    """``get, list, watch on pods, services``; with the group behind each resource that has one."""
    resources = [
        f"{resource} ({group})" if group else resource for group in rule.groups for resource in rule.resources
    ]
    names = f" named {', '.join(rule.names)}" if rule.names else ""
    return f"{', '.join(rule.verbs)} on {', '.join(resources)}{names}"


def write_rule(rule: Rule) -> dict[str, list[str]]:
    """The rule as a Role has it."""
    written = {"apiGroups": list(rule.groups), "resources": list(rule.resources)}
    if rule.names:
        written["resourceNames"] = list(rule.names)
    return written | {"verbs": list(rule.verbs)}


def dump_yaml(*documents: Any) -> str:
    """YAML as this project writes it, keys in their order."""
    return yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False, width=_LINE_WIDTH, allow_unicode=True)


def _mark_right(rule: Rule) -> str:
    verbs = ", ".join(rule.verbs)
    resources = ", ".join(f"`{resource}`" for resource in rule.resources)
    groups = "".join(f" (`{group}`)" for group in rule.groups if group)
    names = ", ".join(
        "as the account that acts" if name == ACT_ACCOUNT else f"`{name}`" for name in rule.names
    )
    return f"{verbs} on {resources}{groups}" + (f" named {names}" if names else "")


def _default(capability: Capability) -> str:
    return "on by default" if SWITCHES[capability.when] else "off by default"


def _indent(text: str) -> str:
    return textwrap.fill(text, _LINE_WIDTH, initial_indent="    ", subsequent_indent="      ")
