from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farwatch.link import codec
from farwatch.link.agent import AgentSession
from farwatch.link.calls import MAX_CALLS
from farwatch.link.events import (
    Acknowledged,
    CallCancelled,
    CallRequested,
    CancelReason,
    Closed,
    SessionState,
    Welcomed,
)
from farwatch.link.frames import (
    MAX_FRAME_BYTES,
    Ack,
    AgentStatus,
    CallCancel,
    CallFailure,
    CallReply,
    CallRequest,
    Changes,
    Close,
    CloseCode,
    Credit,
    Heartbeat,
    Hello,
    Item,
    Refused,
    SnapshotBegin,
    SnapshotEnd,
    SnapshotItems,
    Welcome,
)
from farwatch.link.outbox import OutboxLimits

WELCOME = Welcome(protocol=1, cluster="prod", heartbeat_seconds=10, credit_bytes=1_000_000)
PARAMS = msgspec.Raw(msgspec.msgpack.encode({"deep": True}))

Connect = Callable[..., tuple[AgentSession, Any]]


def request(call: int, timeout: float = 5) -> CallRequest:
    return CallRequest(id=call, method="agent.status", params=PARAMS, timeout_seconds=timeout, user="ops")


def status(message: str) -> AgentStatus:
    since = datetime(2026, 1, 1, tzinfo=UTC)
    return AgentStatus(api_server_reachable=False, api_server_since=since, api_server_message=message)


@pytest.fixture
def opening(source: Any, clock: Any, hello: Hello, new_peer: Any) -> tuple[AgentSession, Any]:
    """A session that has said hello."""
    agent = AgentSession(hello, source, clock)
    hub = new_peer(agent)
    agent.open()
    hub.hear()
    return agent, hub


def test_before_the_connection_stands_it_says_nothing(source: Any, clock: Any, hello: Hello) -> None:
    agent = AgentSession(hello, source, clock)
    agent.changed("Pod", Item("shop", "a", "u", "1", b"{}", 0.0))
    assert list(agent.frames()) == []
    assert agent.receive(codec.encode(1, WELCOME)) == []
    assert agent.next_tick() is None
    agent.close(CloseCode.SHUTTING_DOWN, "never dialled")
    assert list(agent.frames()) == []


def test_after_the_welcome_come_the_status_and_a_snapshot_of_each_synced_kind(
    opening: tuple[AgentSession, Any], source: Any
) -> None:
    agent, hub = opening
    source.objects = {"Node": {}, "Pod": {}}
    item = source.put("Pod", "a")
    agent.status(status("refused"))
    assert hub.hear() == []
    assert hub.say(WELCOME) == [Welcomed(welcome=WELCOME)]
    assert hub.hear() == [
        status("refused"),
        SnapshotBegin(kind="Node"),
        SnapshotEnd(kind="Node", count=0),
        SnapshotBegin(kind="Pod"),
        SnapshotItems(kind="Pod", items=[item]),
        SnapshotEnd(kind="Pod", count=1),
    ]


def test_a_kind_that_syncs_later_is_shown_then(connect: Connect, source: Any) -> None:
    agent, hub = connect()
    hub.hear()
    source.objects["Pod"] = {}
    agent.kind_synced("Pod")
    assert hub.hear() == [SnapshotBegin(kind="Pod"), SnapshotEnd(kind="Pod", count=0)]
    agent.kind_synced("Pod")
    assert hub.hear() == []


def test_a_change_goes_out_at_once(connect: Connect, source: Any) -> None:
    source.objects["Pod"] = {}
    agent, hub = connect()
    hub.hear()
    item = source.put("Pod", "a")
    agent.changed("Pod", item)
    assert hub.hear() == [Changes(kind="Pod", items=[item])]


def test_without_credit_state_waits_and_nothing_else_does(connect: Connect, source: Any) -> None:
    source.objects["Pod"] = {}
    agent, hub = connect(credit_bytes=0)
    agent.status(status("down"))
    hub.say(request(1))
    agent.reply(1, "fine")
    assert [type(frame) for frame in hub.hear()] == [CallReply, AgentStatus]
    hub.say(Credit(total_bytes=1))
    assert hub.hear() == [SnapshotBegin(kind="Pod")]
    hub.say(Credit(total_bytes=1000))
    assert hub.hear() == [SnapshotEnd(kind="Pod", count=0)]


def test_calls_overtake_state(connect: Connect, source: Any) -> None:
    source.objects["Pod"] = {}
    for number in range(10):
        source.put("Pod", f"pod-{number}")
    agent, hub = connect(limits=OutboxLimits(page_bytes=100))
    hub.hear(3)
    hub.say(request(1))
    agent.reply(1, {"fine": True})
    assert isinstance(hub.hear(1)[0], CallReply)


def test_an_acknowledgement_settles_what_was_sent(connect: Connect, source: Any) -> None:
    source.objects["Pod"] = {}
    agent, hub = connect()
    assert not agent.settled
    hub.hear()
    assert agent.unacknowledged == 2
    assert hub.say(Ack(number=2)) == [Acknowledged(number=2)]
    assert agent.unacknowledged == 1
    assert not agent.settled
    hub.say(Ack(number=3))
    assert agent.settled


def test_held_changes_are_bounded_and_seen(connect: Connect, source: Any) -> None:
    source.objects["Pod"] = {}
    agent, hub = connect(credit_bytes=60, limits=OutboxLimits(hold_bytes=1000))
    hub.hear()
    for _ in range(50):
        agent.changed("Pod", source.put("Pod", "a", size=200))
    assert 500 < agent.held_bytes <= 1000
    assert agent.oversized == 0


def test_a_refusal_is_told_with_its_reason_and_retry_time(opening: tuple[AgentSession, Any]) -> None:
    agent, hub = opening
    refused = Refused(code=CloseCode.BAD_TOKEN, reason="unknown token", retry_after_seconds=60)
    assert hub.say(refused) == [
        Closed(code=CloseCode.BAD_TOKEN, reason="unknown token", by_peer=True, retry_after_seconds=60)
    ]
    assert agent.state is SessionState.CLOSED
    assert hub.hear() == []


@pytest.mark.parametrize("before", [[], [WELCOME]], ids=["opening", "open"])
def test_a_close_of_the_hub_is_told_and_not_answered(
    opening: tuple[AgentSession, Any], before: list[object]
) -> None:
    _, hub = opening
    for frame in before:
        hub.say(frame)
    told = hub.say(Close(code=CloseCode.SHUTTING_DOWN, reason="back soon"))
    assert told == [Closed(code=CloseCode.SHUTTING_DOWN, reason="back soon", by_peer=True)]
    assert hub.hear() == []


def test_closing_says_farewell_once_and_nothing_after(connect: Connect, source: Any) -> None:
    source.objects["Pod"] = {}
    agent, hub = connect()
    agent.close(CloseCode.SHUTTING_DOWN, "told to stop")
    agent.close(CloseCode.INTERNAL_ERROR, "too late")
    assert hub.hear() == [Close(code=CloseCode.SHUTTING_DOWN, reason="told to stop")]
    assert hub.hear() == []
    assert hub.say(Heartbeat()) == []
    assert agent.tick() == []
    assert agent.next_tick() is None


@pytest.mark.parametrize(
    ("frames", "code", "words"),
    [
        ([Ack(number=1)], CloseCode.WRONG_STATE, "Ack before Welcome"),
        ([msgspec.structs.replace(WELCOME, protocol=2)], CloseCode.UNSUPPORTED_PROTOCOL, "speaks 1 to 1"),
        ([WELCOME, WELCOME], CloseCode.WRONG_STATE, "Welcome on an open link"),
        (
            [WELCOME, Refused(code=CloseCode.BAD_TOKEN, reason="")],
            CloseCode.WRONG_STATE,
            "Refused on an open",
        ),
        ([WELCOME, Ack(number=2)], CloseCode.OUT_OF_ORDER, "the last one sent was 1"),
        ([WELCOME, Credit(total_bytes=999)], CloseCode.OUT_OF_ORDER, "credit went down"),
        ([WELCOME, request(1), request(1)], CloseCode.WRONG_STATE, "requested twice"),
        ([WELCOME, Changes(kind="Pod", items=[])], CloseCode.BAD_FRAME, "changes"),
    ],
)
def test_a_hub_that_breaks_the_rules_is_left_with_a_reason(
    opening: tuple[AgentSession, Any], frames: list[object], code: CloseCode, words: str
) -> None:
    _, hub = opening
    events = [event for frame in frames for event in hub.say(frame)]
    assert isinstance(events[-1], Closed)
    assert events[-1].code is code
    assert words in events[-1].reason
    assert hub.hear()[-1] == Close(code=code, reason=events[-1].reason)


@pytest.mark.parametrize("number", [1, 3])
def test_a_frame_that_was_lost_or_doubled_closes_the_link(connect: Connect, number: int) -> None:
    agent, _ = connect()
    [closed] = agent.receive(codec.encode(number, Heartbeat()))
    assert isinstance(closed, Closed)
    assert closed.code is CloseCode.OUT_OF_ORDER


# --- calls ----------------------------------------------------------------------------------------------------


def test_a_call_is_handed_on_and_answered(connect: Connect, clock: Any) -> None:
    agent, hub = connect()
    [asked] = hub.say(request(7, timeout=5))
    assert asked == CallRequested(
        id=7, method="agent.status", params=asked.params, deadline=clock.now + 5, user="ops"
    )
    assert msgspec.msgpack.decode(asked.params) == {"deep": True}
    assert agent.reply(7, {"pods": 3})
    [reply] = hub.hear()
    assert (reply.id, reply.final, msgspec.msgpack.decode(reply.payload)) == (7, True, {"pods": 3})


def test_calls_are_answered_in_parts_and_in_any_order(connect: Connect) -> None:
    agent, hub = connect()
    hub.say(request(1))
    hub.say(request(2))
    agent.reply(2, "two", final=False)
    agent.fail(1, "not_allowed", "this agent reads only")
    agent.reply(2, "two more")
    frames = hub.hear()
    assert [frame.id for frame in frames] == [2, 1, 2]
    assert [getattr(frame, "final", None) for frame in frames] == [False, None, True]
    assert frames[1] == CallFailure(id=1, code="not_allowed", message="this agent reads only")


def test_a_cancelled_call_is_told_and_its_answer_is_not_sent(connect: Connect) -> None:
    agent, hub = connect()
    hub.say(request(1))
    assert hub.say(CallCancel(id=1)) == [CallCancelled(id=1, reason=CancelReason.CANCELLED)]
    assert hub.say(CallCancel(id=1)) == []
    assert not agent.reply(1, "too late")
    assert agent.late_replies == 1
    assert hub.hear() == []


def test_a_call_past_its_deadline_is_given_up(connect: Connect, clock: Any) -> None:
    agent, hub = connect()
    hub.say(request(1, timeout=5))
    assert agent.next_tick() == clock.now + 5
    clock.now += 4.9
    assert agent.tick() == []
    clock.now += 0.1
    assert agent.tick() == [CallCancelled(id=1, reason=CancelReason.DEADLINE_EXCEEDED)]
    [failure] = hub.hear()
    assert (failure.id, failure.code) == (1, "deadline_exceeded")
    assert not agent.fail(1, "failed", "too late")


def test_an_answer_that_no_frame_can_hold_fails_the_call(connect: Connect) -> None:
    agent, hub = connect()
    hub.say(request(1))
    agent.reply(1, b"x" * MAX_FRAME_BYTES, final=False)
    [failure] = hub.hear()
    assert (failure.id, failure.code) == (1, "reply_too_large")
    assert not agent.reply(1, "more")
    assert agent.state is SessionState.OPEN


def test_more_calls_than_it_serves_are_turned_away(connect: Connect) -> None:
    agent, hub = connect()
    for call in range(MAX_CALLS):
        assert hub.say(request(call))
    assert hub.say(request(MAX_CALLS)) == []
    [failure] = hub.hear()
    assert (failure.id, failure.code) == (MAX_CALLS, "overloaded")
    agent.reply(0, "done")
    assert hub.say(request(MAX_CALLS + 1))


# --- time -----------------------------------------------------------------------------------------------------


def test_it_beats_when_it_had_nothing_else_to_say(connect: Connect, source: Any, clock: Any) -> None:
    source.objects["Pod"] = {}
    agent, hub = connect()
    hub.hear()
    clock.now += 6
    agent.changed("Pod", source.put("Pod", "a"))
    hub.hear()
    clock.now += 9.9
    agent.tick()
    assert hub.hear() == []
    assert agent.next_tick() == pytest.approx(clock.now + 0.1)
    clock.now += 0.1
    agent.tick()
    assert hub.hear() == [Heartbeat()]
    assert hub.hear() == []


def test_a_heartbeat_that_is_due_does_not_ask_for_the_clock_again(connect: Connect, clock: Any) -> None:
    agent, _ = connect()
    heard_at = clock.now
    clock.now += 10
    agent.tick()
    assert agent.next_tick() == heard_at + 35


def test_a_hub_that_fell_silent_is_left(connect: Connect, clock: Any) -> None:
    agent, hub = connect()
    hub.hear()
    for _ in range(3):
        clock.now += 11
        assert agent.tick() == []
    clock.now += 2
    [closed] = agent.tick()
    assert (closed.code, closed.by_peer) == (CloseCode.HEARTBEAT_LOST, False)
    assert "35.0 s" in closed.reason


def test_any_frame_is_a_sign_of_life(connect: Connect, clock: Any) -> None:
    agent, hub = connect()
    for _ in range(20):
        clock.now += 30
        hub.say(Heartbeat())
        assert agent.tick() == []
    assert agent.state is SessionState.OPEN


def test_a_hub_that_never_answers_the_hello_is_left(opening: tuple[AgentSession, Any], clock: Any) -> None:
    agent, _ = opening
    clock.now += 29.9
    assert agent.tick() == []
    clock.now += 0.1
    [closed] = agent.tick()
    assert closed.code is CloseCode.HEARTBEAT_LOST


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=st.lists(st.binary(max_size=60) | st.sampled_from([codec.encode(1, WELCOME)]), max_size=4))
def test_no_bytes_ever_raise(source: Any, clock: Any, hello: Hello, messages: list[bytes]) -> None:
    agent = AgentSession(hello, source, clock)
    agent.open()
    list(agent.frames())
    for message in messages:
        agent.receive(message)
    closed = any(message != codec.encode(1, WELCOME) for message in messages) or len(messages) > 1
    assert (agent.state is SessionState.CLOSED) == closed
