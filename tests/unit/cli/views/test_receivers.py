from __future__ import annotations

from typing import Any

import pytest

from farwatch.cli.views.receivers import try_receiver
from farwatch.client import ClientError

FINE = {"integration": "slack", "position": 0, "delivered": True, "detail": "ok"}
BAD = {"integration": "webhook", "position": 1, "delivered": False, "detail": "status 403"}


async def test_what_each_integration_answered_is_a_line(hub: Any, capsys: pytest.CaptureFixture[str]) -> None:
    hub.answer = {"items": [FINE]}
    await try_receiver(hub.url, "t", "on call", as_json=False)
    assert capsys.readouterr().out == "slack[0] delivered: ok\n"
    assert hub.asked == [("POST", "/api/v1/alerting/receivers/on%20call/test")]


async def test_one_that_could_not_be_reached_is_a_failure_told_after_all_the_others(
    hub: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.answer = {"items": [FINE, BAD]}
    with pytest.raises(ClientError, match="1 integration of 2 could not be reached"):
        await try_receiver(hub.url, "t", "team", as_json=False)
    assert "webhook[1] failed: status 403" in capsys.readouterr().out


async def test_a_receiver_that_tells_nobody_is_a_failure(hub: Any) -> None:
    hub.answer = {"items": []}
    with pytest.raises(ClientError, match="nobody is told"):
        await try_receiver(hub.url, "t", "team", as_json=False)
