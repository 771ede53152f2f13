from __future__ import annotations

import importlib.util
import json
import re
import shlex
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "images" / "agent.Dockerfile", ROOT / "images" / "hub.Dockerfile"]


@pytest.fixture(scope="module")
def prove() -> ModuleType:
    spec = importlib.util.spec_from_file_location("prove", ROOT / "images" / "prove.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["prove"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def stages(prove: ModuleType, request: pytest.FixtureRequest) -> list[list[tuple[str, str]]]:
    """The instructions of a Dockerfile, stage by stage."""
    found: list[list[tuple[str, str]]] = []
    for step in prove.read(request.param):
        if step.name == "FROM":
            found.append([])
        if found:
            found[-1].append((step.name, step.rest))
    return found


def test_what_runs_is_no_root_and_no_builder(stages: list[list[tuple[str, str]]]) -> None:
    build, final = stages
    names = [name for name, _ in final]
    assert "RUN" not in names
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", dict(final)["USER"])
    assert all("--from=build" in rest for name, rest in final if name == "COPY")
    assert "uv" not in dict(final)["ENTRYPOINT"]
    assert [name for name, _ in build].count("FROM") == 1


def test_it_is_told_to_stop_itself_and_not_a_shell_above_it(stages: list[list[tuple[str, str]]]) -> None:
    final = dict(stages[-1])
    assert json.loads(final["ENTRYPOINT"])[0] == "farwatch"
    assert "CMD" not in final or isinstance(json.loads(final["CMD"]), list)


def test_what_goes_in_is_what_the_lock_file_pins_with_the_same_uv_as_elsewhere(
    stages: list[list[tuple[str, str]]],
) -> None:
    build = stages[0]
    commands = [rest for name, rest in build if name == "RUN"]
    syncs = [command for command in commands if " sync " in command]
    assert syncs
    assert all({"--frozen", "--no-dev"} <= set(shlex.split(command)) for command in syncs)
    (makefile,) = re.findall(r"UV_VERSION := (\S+)", (ROOT / "Makefile").read_text())
    assert ("ARG", f"UV_VERSION={makefile}") in build
    assert any("cyclonedx" in command for command in commands)


def test_the_agents_image_has_nothing_of_the_hubs(prove: ModuleType) -> None:
    text = " ".join(step.rest for step in prove.read(FILES[0]))
    assert "--all-extras" not in text
    assert "--extra" not in text


def test_what_is_copied_is_there_and_not_ignored(
    prove: ModuleType, stages: list[list[tuple[str, str]]]
) -> None:
    for name, rest in stages[0]:
        if name == "COPY":
            *sources, _ = rest.split()
            for source in sources:
                assert (ROOT / source).exists(), source
                assert not prove.ignored(ROOT, source), source
    assert prove.ignored(ROOT, ".git")
    assert prove.ignored(ROOT, "data")


def test_a_file_with_an_instruction_that_is_not_known_is_not_half_proven(
    prove: ModuleType, tmp_path: Path
) -> None:
    stage = prove.Stage(tmp_path)
    with pytest.raises(SystemExit, match="HEALTHCHECK is not known here"):
        prove.take(prove.Step("HEALTHCHECK CMD true"), stage, {}, tmp_path)
    with pytest.raises(SystemExit, match="the exec form is expected"):
        prove.take(prove.Step("ENTRYPOINT farwatch agent"), stage, {}, tmp_path)
