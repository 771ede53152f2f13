"""The process that renders: Helm itself, and everything that can go wrong with a process."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from farwatch.hub.install import InstallOptionsError, Renderer, RenderError
from farwatch.hub.install.chart import AGENT_CHART, find_chart

VALUES = {"hub": {"url": "https://hub.example"}, "agentToken": "fwa_0123456789ab_" + "x" * 43}


async def render(renderer: Renderer, values: dict[str, Any], namespace: str = "farwatch") -> str:
    return await renderer.render(
        find_chart(AGENT_CHART), release="farwatch-agent", namespace=namespace, values=values
    )


def script(text: str) -> list[str]:
    return [sys.executable, "-c", text]


async def test_the_chart_becomes_objects_in_order_and_the_same_each_time() -> None:
    text = await render(Renderer(), VALUES, "watch")
    objects = list(yaml.safe_load_all(text))
    kinds = [each["kind"] for each in objects]
    assert kinds[0] == "Namespace"
    assert kinds.index("ClusterRole") < kinds.index("Secret") < kinds.index("Deployment") < kinds.index("Job")
    assert {each["metadata"].get("namespace") for each in objects} == {None, "watch", "kube-system"}
    assert await render(Renderer(), VALUES, "watch") == text


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"mode": "heavy"}, "mode"),
        ({"replicaz": 1}, "replicaz"),
        (
            {"watchNamespaces": ["shop"], "excludeNamespaces": ["x"]},
            "excludeNamespaces: has no meaning beside",
        ),
        ({"caBundle": "nonsense"}, "caBundle: holds no PEM certificate"),
    ],
)
async def test_values_that_the_chart_refuses_are_refused_in_its_words(
    values: dict[str, Any], words: str
) -> None:
    with pytest.raises(InstallOptionsError, match="the chart refuses this") as refused:
        await render(Renderer(), VALUES | values)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


async def test_a_process_that_hangs_is_ended_and_named() -> None:
    renderer = Renderer(script("import time; time.sleep(600)"), seconds=0.05)
    with pytest.raises(RenderError, match=r"not rendered within 0\.05 s"):
        await render(renderer, {})


async def test_a_process_that_dies_is_told_by_its_last_words() -> None:
    with pytest.raises(RenderError, match=r"could not be rendered: .*ModuleNotFoundError"):
        await render(Renderer(script("import there_is_no_such_module")), {})


async def test_a_process_that_cannot_be_started_is_told() -> None:
    with pytest.raises(RenderError, match="cannot be started"):
        await render(Renderer(["/nonexistent/python"]), {})


async def test_a_chart_that_grows_beyond_measure_is_refused() -> None:
    renderer = Renderer(script("print('x' * 2_000_000)"))
    with pytest.raises(InstallOptionsError, match="larger than 1048576 bytes"):
        await render(renderer, {})


async def test_who_stops_waiting_leaves_no_process_behind(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    os.mkfifo(told)
    text = f"import os, time; open({str(told)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    task = asyncio.create_task(render(Renderer(script(text)), {}))
    process = int(await asyncio.to_thread(told.read_text))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


async def test_the_hubs_secrets_are_not_in_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARWATCH_ADMIN_TOKEN", "a-secret")
    renderer = Renderer(script("import os; print(sorted(os.environ))"))
    assert "FARWATCH" not in await render(renderer, {})
