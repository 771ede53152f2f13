"""The charts' READMEs are made from their values."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from .charts import CHARTS


@pytest.fixture(scope="module")
def readme() -> Iterator[Any]:
    spec = importlib.util.spec_from_file_location("readme", CHARTS / "readme.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["readme"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["readme"]


def test_readmes_say_what_values_say() -> None:
    done = subprocess.run(
        [sys.executable, CHARTS / "readme.py", "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_value_is_told_with_its_default_and_comment(readme: Any) -> None:
    text = "# Where it is,\n# or not.\na: 1\nb:\n  # On | off.\n  c: [x, 'y']\n# All of it.\nd: {e: null}\n"
    found = [(each.path, json.loads(each.default), each.meaning) for each in readme.read_values(text)]
    assert found == [
        ("a", 1, "Where it is, or not."),
        ("b.c", ["x", "y"], "On | off."),
        ("d", {"e": None}, "All of it."),
    ]
    assert "On \\| off." in readme.render(text)


def test_a_value_without_a_comment_is_refused(readme: Any) -> None:
    with pytest.raises(ValueError, match=r"b\.d: has no comment"):
        list(readme.read_values("b:\n  # Yes.\n  c: 1\n\n  d: 2\n"))


def test_every_value_is_in_the_schema_and_the_other_way_round() -> None:

    for chart in CHARTS.glob("*/values.schema.json"):
        schema = json.loads(chart.read_text())
        values = yaml.safe_load((chart.parent / "values.yaml").read_text())
        assert set(schema["properties"]) - {"global"} == set(values), chart.parent.name
