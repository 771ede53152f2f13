from __future__ import annotations

from typing import Any

import msgspec
import pytest

from farwatch.cli.views import install as views

LINK = {
    "id": "0011",
    "cluster": "prod",
    "namespace": "farwatch",
    "url": "https://hub/install/fwi_" + "x" * 43,
    "command": "curl -fsSL https://hub/install/fwi_" + "x" * 43 + " | kubectl apply -f -",
    "checkedCommand": "curl ... sha256sum -c - && kubectl apply -f farwatch-agent.yaml",
    "helmCommand": "helm upgrade --install " + "y" * 300,
    "sha256": "ab" * 32,
    "previewUrl": "https://hub/api/v1/clusters/prod/install/0011",
    "expiresAt": "2126-11-20T12:00:00Z",
}


async def install(hub: Any, **how: bool) -> None:
    hub.answers = {"/clusters/prod/install": LINK, "/clusters/prod/install/0011": "kind: Namespace"}
    chosen = {"preview": False, "command_only": False, "as_json": False} | how
    await views.install_agent(hub.url, "t", "prod", {"mode": "full"}, **chosen)


async def test_the_lines_to_paste_are_printed_whole_with_the_checksum(
    hub: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    await install(hub)
    shown = capsys.readouterr().out
    for line in (LINK["command"], LINK["checkedCommand"], LINK["helmCommand"]):
        assert f"\n  {line}\n" in shown
    assert LINK["sha256"] in shown
    assert LINK["previewUrl"] in shown
    assert hub.asked == [("POST", "/api/v1/clusters/prod/install")]
    assert hub.bodies == [{"mode": "full"}]


async def test_a_script_gets_the_line_alone(hub: Any, capsys: pytest.CaptureFixture[str]) -> None:
    await install(hub, command_only=True)
    assert capsys.readouterr().out == f"{LINK['command']}\n"


async def test_a_preview_is_printed_below(hub: Any, capsys: pytest.CaptureFixture[str]) -> None:
    await install(hub, preview=True)
    assert capsys.readouterr().out.rstrip().endswith('"kind: Namespace"')


async def test_json_is_what_the_hub_said(hub: Any, capsys: pytest.CaptureFixture[str]) -> None:
    await install(hub, as_json=True)
    assert msgspec.json.decode(capsys.readouterr().out) == LINK
