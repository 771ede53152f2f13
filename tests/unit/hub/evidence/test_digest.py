from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from farwatch.hub.evidence.digest import LONGEST_LINE, MOST_LINES, digest
from farwatch.hub.evidence.evidence import (
    ContainerLog,
    EffectKind,
    Evidence,
    Gap,
    Part,
    RelatedChange,
    Relation,
    Run,
    WarningEvent,
)

BEGAN = datetime(2026, 11, 20, 21, 15, tzinfo=UTC)


def evidence(**parts: Any) -> Evidence:
    return Evidence(fingerprint="f" * 16, starts_at=BEGAN, gathered_at=BEGAN, seconds=0.1, **parts)


def change(
    seconds_before: float, words: str = "scaled from 3 to 1 replicas", score: float = 0.5, **parts: Any
) -> RelatedChange:
    return RelatedChange(
        time=BEGAN - timedelta(seconds=seconds_before),
        kind="Deployment",
        namespace="shop",
        name="web",
        relation=Relation.SUBJECT,
        effect=EffectKind.SCALE,
        words=words,
        score=score,
        **parts,
    )


def event(seconds: float, reason: str, name: str = "web-1", count: int = 1) -> WarningEvent:
    time = BEGAN + timedelta(seconds=seconds)
    return WarningEvent(time=time, kind="Pod", name=name, reason=reason, message="it failed", count=count)


def log(text: str, *, failed: bool = True) -> ContainerLog:
    return ContainerLog(pod="web-1", container="app", run=Run.CURRENT, text=text, failed=failed)


def test_changes_tell_how_long_before_they_came() -> None:
    found = digest(evidence(changes=(change(42), change(-3), change(7200, after_gap=True), change(9000))))
    assert found.changes == (
        "Deployment web: scaled from 3 to 1 replicas (42s before)",
        "Deployment web: scaled from 3 to 1 replicas (just before)",
        "Deployment web: scaled from 3 to 1 replicas (2h before, seen after a gap)",
    )


def test_changes_that_are_far_less_likely_than_the_first_are_left_out() -> None:
    def shown(*scores: float) -> int:
        return len(digest(evidence(changes=tuple(change(9, score=score) for score in scores))).changes)

    assert shown(1.0, 0.3, 0.15) == 2
    assert shown(0.15, 0.15, 0.1, 0.1) == 3


def test_the_latest_of_like_warnings_is_told() -> None:
    events = (event(1, "Failed"), event(2, "BackOff", "web-1"), event(3, "BackOff", "web-2", count=7))
    assert digest(evidence(events=events)).events == (
        "Pod web-1: Failed: it failed",
        "Pod web-2: BackOff (7 times): it failed",
    )


def test_of_the_run_that_failed_the_last_lines_are_shown_plain_and_short() -> None:
    lines = "\n".join(f"line {number}" for number in range(50))
    text = f"{lines}\n\n\x1b[31mpanic\x1b[0m: \x07{'x' * 500}\n"
    found = digest(evidence(logs=(log("fine", failed=False), log(text)))).logs
    assert len(found) == MOST_LINES
    assert found[-2] == "line 49"
    assert found[-1].startswith("panic: xxx")
    assert len(found[-1]) == LONGEST_LINE


def test_what_is_missing_is_said() -> None:
    gap = Gap(part=Part.LOGS, code="agent_away", words="the agent is not connected")
    assert digest(evidence(missing=(gap,))).missing == ("logs: the agent is not connected",)


def test_of_nothing_nothing_is_told() -> None:
    assert not digest(evidence())
