"""The audit log of a hub that is killed in the middle of what people do."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("audit")]

WRITERS = 4
ENOUGH = 40


def test_what_was_answered_is_in_the_log_and_the_chain_holds_through_kill_9(
    stage: Any, eventually: Any
) -> None:
    answered: list[str] = []
    ends = (datetime.now(UTC) + timedelta(hours=1)).isoformat()

    def work(hub: Any, writer: int) -> None:
        number = 0
        while True:
            number += 1
            body = {"matchers": f'cluster="w{writer}-{number}"', "endsAt": ends}
            try:
                answer = hub.ask("POST", "/api/v1/silences", body)
            except (OSError, ValueError):
                return  # killed
            if answer.status == 201:
                answered.append(answer.json["id"])

    data = stage.folder / "audited"
    for _ in range(2):
        hub = stage.hub(data=data.name)
        before = len(answered)
        writers = [threading.Thread(target=work, args=(hub, number)) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        eventually(lambda so_far=before: len(answered) >= so_far + ENOUGH, "people do things")
        hub.kill()
        for writer in writers:
            writer.join()
        verified = stage.run("audit", "verify", "--data", data, "--json")
        assert verified.wait() == 0, verified.output
        head = json.loads(verified.output)["head"]["hash"]

    hub = stage.hub(data=data.name)
    exported = stage.cli(hub, "audit", "export")
    entries = [json.loads(line) for line in exported.output.splitlines()]
    made = {
        entry["target"]["id"]
        for entry in entries
        if entry["result"] == "ok" and "id" in entry.get("target", {})
    }
    assert set(answered) <= made
    unknown = [entry for entry in entries if entry["result"] == "unknown"]
    assert len(unknown) <= 2 * WRITERS, "only what was under way"
    assert all(entry["action"] == "silence.create" for entry in unknown)
    verified = stage.cli(hub, "audit", "verify", "--head", head)
    assert "all as they were written" in verified.output
