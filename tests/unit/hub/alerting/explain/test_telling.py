from __future__ import annotations

from typing import Any

import pytest

from farwatch.hub.alerting.alerts import Alert, Alerts, KnownAlert
from farwatch.hub.alerting.dispatch import GroupId, GroupView, NotifyReason, Told
from farwatch.hub.alerting.explain.telling import Circumstances, TellingState, telling
from farwatch.hub.alerting.nflog import LogKey
from farwatch.hub.alerting.notify import Attempt, Outcome
from farwatch.hub.alerting.routing import Route

from ..conftest import START, alert

WEB = alert("web")
KEY = WEB.fingerprint
OVER = alert("web", ends=5)


def known(found: Alert) -> KnownAlert:
    alerts = Alerts()
    alerts.apply(alerts.changes([found], START + 10), START + 10)
    made = alerts.get(found.fingerprint)
    assert made is not None
    return made


def group(next_flush: float) -> GroupView:
    return GroupView(
        id=GroupId("{}", "{}:{}"),
        labels={},
        route=Route(receiver="team"),
        alerts=(WEB,),
        next_flush=START + next_flush,
        muted_by=(),
    )


def told(*, firing: tuple[str, ...] = (), resolved: tuple[str, ...] = ()) -> Told:
    return Told(firing=frozenset(firing), resolved=frozenset(resolved), time=START)


def failed() -> Attempt:
    return Attempt(
        time=START,
        key=LogKey("team", "slack", 0, "{}:{}"),
        reason=NotifyReason.FIRST,
        number=3,
        seconds=0.1,
        outcome=Outcome.REFUSED,
        detail="403 invalid_token",
    )


def ask(found: Alert = WEB, next_flush: float = 30, **more: Any) -> tuple[TellingState, str]:
    circumstances = {
        "known": known(found),
        "group": group(next_flush),
        "first_received_at": START,
        "told": None,
        "last": None,
        "send_resolved": True,
        "suppressed": False,
        "acknowledged_by": "",
        "now": START + 10,
        **more,
    }
    made = telling("slack", 0, Circumstances(**circumstances))
    return made.state, made.words


@pytest.mark.parametrize(
    ("given", "state", "words"),
    [
        (
            {},
            TellingState.GROUP_WAIT,
            "slack is not told yet: the group waits for its group_wait, 20s left.",
        ),
        (
            {"next_flush": 310},
            TellingState.GROUP_INTERVAL,
            "slack is not told yet: the group waits for its group_interval, 5m left.",
        ),
        (
            {"told": told(firing=("other",))},
            TellingState.GROUP_INTERVAL,
            "slack is not told yet: the group waits for its group_interval, 20s left.",
        ),
        ({"next_flush": 10}, TellingState.SENDING, "slack is being told now."),
        (
            {"last": failed(), "next_flush": 300},
            TellingState.FAILED,
            "slack could not be told (403 invalid_token); it is tried again in 4m50s.",
        ),
        (
            {"told": told(firing=(KEY,)), "next_flush": 330},
            TellingState.TOLD,
            "slack was told 10s ago, and is told again in 3h59m if nothing changes.",
        ),
        (
            {"told": told(firing=(KEY,)), "acknowledged_by": "admin"},
            TellingState.TOLD,
            "slack was told 10s ago, and is not told again while admin sees to it.",
        ),
        (
            {"told": told(firing=(KEY,)), "suppressed": True},
            TellingState.TOLD,
            "slack was told 10s ago, and is not told again while people are not to be told of this alert.",
        ),
        (
            {"suppressed": True},
            TellingState.SUPPRESSED,
            "slack is not told, as people are not to be told of this alert now; that is looked at again in 20s.",
        ),
        (
            {"found": OVER},
            TellingState.NEVER_TOLD,
            "slack was never told: the alert was over before.",
        ),
        (
            {"found": OVER, "told": told(firing=(KEY,)), "send_resolved": False},
            TellingState.NOT_TOLD_OF_ENDS,
            "slack was told that the alert fires, and does not want to know of ends (send_resolved: false).",
        ),
        (
            {"found": OVER, "told": told(firing=(KEY,))},
            TellingState.GROUP_INTERVAL,
            "slack is not told yet: the group waits for its group_interval, 20s left.",
        ),
        (
            {"found": OVER, "told": told(resolved=(KEY,))},
            TellingState.TOLD,
            "slack was told 10s ago that it is over.",
        ),
    ],
)
def test_each_way_in_which_it_may_stand_is_told_in_a_sentence(
    given: dict[str, Any], state: TellingState, words: str
) -> None:
    assert ask(**given) == (state, words)


def test_what_failed_once_and_got_through_since_is_told() -> None:
    assert ask(told=told(firing=(KEY,)), last=failed())[0] is TellingState.TOLD
