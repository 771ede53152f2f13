"""Which routes an alert takes: `amtool config routes test` against Farwatch, on trees and labels made up by hypothesis."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from farwatch.hub.alerting import load

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("alertmanager")]

TREES = 25
NAMES = ("team", "severity", "pod", "zone")
VALUES = ("", "a", "b", "ab", "a.b", "A b", 'say "x"', "back\\slash", "ü日", "1,2", "{x}")
PATTERNS = ("a|b", "a.*", ".+", ".*", "", "[ab]+", "(?i)AB", "a\\.b", "ü.", "^a$", "(a)(b)?")

names, values, patterns = map(st.sampled_from, (NAMES, VALUES, PATTERNS))


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


matchers = st.one_of(
    st.builds(
        lambda name, operator, value: f"{name}{operator}{quoted(value)}",
        names,
        st.sampled_from(["=", "!="]),
        values,
    ),
    st.builds(
        lambda name, operator, value: f"{name}{operator}{quoted(value)}",
        names,
        st.sampled_from(["=~", "!~"]),
        patterns,
    ),
)
leaves = st.fixed_dictionaries(
    {},
    optional={
        "matchers": st.lists(matchers, max_size=2),
        "match": st.dictionaries(names, values, max_size=1),
        "match_re": st.dictionaries(names, patterns, max_size=1),
        "continue": st.booleans(),
        "receiver": st.just(True),
    },
)
routes = st.recursive(
    leaves,
    lambda below: st.builds(
        lambda route, children: {**route, "routes": children}, leaves, st.lists(below, max_size=3)
    ),
    max_leaves=12,
)
trees = st.lists(routes, min_size=1, max_size=5).map(lambda below: {"receiver": True, "routes": below})
label_sets = st.lists(st.dictionaries(names, values.filter(bool), max_size=3), min_size=4, max_size=4)


def configuration(tree: dict[str, Any]) -> dict[str, Any]:
    """The tree with a receiver of its own for each route that has one, so that the receiver tells the route."""
    numbers = iter(range(1000))

    def named(route: dict[str, Any]) -> dict[str, Any]:
        found = {**route, "routes": [named(child) for child in route.get("routes", ())]}
        if "receiver" in route:
            found["receiver"] = f"r{next(numbers)}"
        return found

    tree = named(tree)
    return {"route": tree, "receivers": [{"name": name} for name in receivers(tree)]}


def receivers(route: dict[str, Any]) -> Iterator[str]:
    if "receiver" in route:
        yield route["receiver"]
    for child in route["routes"]:
        yield from receivers(child)


def ask_amtool(amtool: Path, file: Path, labels: dict[str, str]) -> str:
    done = subprocess.run(
        [
            amtool,
            "config",
            "routes",
            "test",
            f"--config.file={file}",
            *(f"{name}={quoted(value)}" for name, value in labels.items()),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{file.read_text()}\n{labels}\n{done.stderr}"
    return done.stdout.strip()


@settings(
    max_examples=TREES,
    deadline=None,
    derandomize=True,
    database=None,
    # Each example starts processes; without shrinking, a failure shows the tree at once.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(tree=trees, label_sets=label_sets)
def test_alerts_take_the_routes_that_amtool_says(
    amtool: Path, tree: dict[str, Any], label_sets: list[dict[str, str]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "alertmanager.yml"
        file.write_text(json.dumps(configuration(tree)))
        route = load(file).route.resolved()
        for labels in label_sets:
            found = ",".join(each.receiver for each in route.match(labels))
            assert found == ask_amtool(amtool, file, labels), f"{labels} in {file.read_text()}"
