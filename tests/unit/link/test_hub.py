from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farwatch.link import codec
from farwatch.link.errors import LinkError
from farwatch.link.events import (
    CallFailed,
    CallReplied,
    ChangesReceived,
    Closed,
    HelloReceived,
    SessionState,
    SnapshotBegan,
    SnapshotEnded,
    SnapshotItemsReceived,
    StatusReceived,
)
from farwatch.link.frames import (
    MAX_KINDS,
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
from farwatch.link.hub import HubSession

A = Item("shop", "a", "uid-a", "1", b"{}", 1.0)
A_GONE = Item("shop", "a", "uid-a", "2", None, 2.0)
BEGIN = SnapshotBegin(kind="Pod")
ITEMS = SnapshotItems(kind="Pod", items=[A])
END = SnapshotEnd(kind="Pod", count=1)

Open = tuple[HubSession, Any]


def raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.msgpack.encode(value))


# --- opening --------------------------------------------------------------------------------------------------


def test_a_hello_is_told_and_answered_with_what_both_can_do(
    hub: HubSession, hello: Hello, new_peer: Any
) -> None:
    agent = new_peer(hub)
    assert agent.say(hello) == [HelloReceived(hello=hello, protocol=1)]
    assert agent.hear() == []
    hub.welcome("prod", credit_bytes=5000)
    assert agent.hear() == [
        Welcome(protocol=1, cluster="prod", heartbeat_seconds=10, credit_bytes=5000, capabilities=("calls",))
    ]
    assert hub.state is SessionState.OPEN


def test_the_newest_protocol_both_speak_is_chosen(hub: HubSession, hello: Hello, new_peer: Any) -> None:
    [greeted] = new_peer(hub).say(msgspec.structs.replace(hello, protocol_min=0, protocol_max=9))
    assert greeted.protocol == 1


@pytest.mark.parametrize(("least", "most"), [(2, 3), (0, 0), (3, 1)])
def test_an_agent_of_another_protocol_is_told_both_ranges(
    hub: HubSession, hello: Hello, new_peer: Any, least: int, most: int
) -> None:
    agent = new_peer(hub)
    [closed] = agent.say(msgspec.structs.replace(hello, protocol_min=least, protocol_max=most))
    assert closed.code is CloseCode.UNSUPPORTED_PROTOCOL
    assert f"{least} to {most}" in closed.reason
    assert "1 to 1" in closed.reason
    assert agent.hear() == [Refused(code=CloseCode.UNSUPPORTED_PROTOCOL, reason=closed.reason)]


def test_a_refusal_is_the_last_word(hub: HubSession, hello: Hello, new_peer: Any) -> None:
    agent = new_peer(hub)
    agent.say(hello)
    hub.refuse(CloseCode.FOREIGN_CLUSTER, "the token belongs to another cluster", 60)
    assert agent.hear() == [
        Refused(
            code=CloseCode.FOREIGN_CLUSTER,
            reason="the token belongs to another cluster",
            retry_after_seconds=60,
        )
    ]
    assert hub.state is SessionState.CLOSED
    assert agent.say(Heartbeat()) == []
    assert agent.hear() == []


def test_without_a_hello_there_is_nothing_to_answer(hub: HubSession, open_hub: Open) -> None:
    for answer in (lambda: hub.welcome("prod"), lambda: hub.refuse(CloseCode.BAD_TOKEN, "no")):
        with pytest.raises(LinkError, match="no Hello waits"):
            answer()


# --- what breaks the rules ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frames", "code", "words"),
    [
        ([Hello], CloseCode.WRONG_STATE, "second Hello"),
        ([Changes(kind="Pod", items=[A])], CloseCode.WRONG_STATE, "before its snapshot has ended"),
        ([BEGIN, Changes(kind="Pod", items=[A])], CloseCode.WRONG_STATE, "before its snapshot has ended"),
        ([ITEMS], CloseCode.WRONG_STATE, "no snapshot of Pod has begun"),
        ([END], CloseCode.WRONG_STATE, "no snapshot of Pod has begun"),
        ([BEGIN, SnapshotItems(kind="Node", items=[A])], CloseCode.WRONG_STATE, "no snapshot of Node"),
        ([BEGIN, ITEMS, END, END], CloseCode.WRONG_STATE, "no snapshot of Pod has begun"),
        ([BEGIN, END], CloseCode.BAD_FRAME, "0 objects, its end says 1"),
        ([BEGIN, ITEMS, BEGIN, END], CloseCode.BAD_FRAME, "0 objects, its end says 1"),
        (
            [BEGIN, SnapshotItems(kind="Pod", items=[A_GONE])],
            CloseCode.BAD_FRAME,
            "a deletion in the snapshot",
        ),
        ([{"frame": "welcome"}], CloseCode.BAD_FRAME, "welcome"),
        (
            [{"frame": "changes", "kind": "Pod", "items": [["", "", "u", "1", None, 1.0]]}],
            CloseCode.BAD_FRAME,
            "$",
        ),
        (
            [SnapshotBegin(kind=f"Kind{number}") for number in range(MAX_KINDS + 1)],
            CloseCode.BAD_FRAME,
            "more than 256 kinds",
        ),
    ],
)
def test_an_agent_that_breaks_the_rules_is_cut_off_with_a_reason(
    open_hub: Open, hello: Hello, frames: list[object], code: CloseCode, words: str
) -> None:
    hub, agent = open_hub
    events = [event for frame in frames for event in agent.say(hello if frame is Hello else frame)]
    assert isinstance(events[-1], Closed)
    assert (events[-1].code, events[-1].by_peer) == (code, False)
    assert words in events[-1].reason
    assert agent.hear() == [Close(code=code, reason=events[-1].reason)]
    assert hub.next_tick() is None


@pytest.mark.parametrize("frame", [Heartbeat(), BEGIN, CallReply(id=1, payload=raw(1))])
def test_nothing_may_come_before_the_welcome(
    hub: HubSession, new_peer: Any, hello: Hello, frame: object
) -> None:
    for before in ([], [hello]):
        session = HubSession(hub._clock)
        agent = new_peer(session)
        for greeting in before:
            agent.say(greeting)
        [closed] = agent.say(frame)
        assert closed.code is CloseCode.WRONG_STATE


def test_a_second_hello_before_the_answer_is_cut_off(hub: HubSession, new_peer: Any, hello: Hello) -> None:
    agent = new_peer(hub)
    agent.say(hello)
    [closed] = agent.say(hello)
    assert closed.code is CloseCode.WRONG_STATE


@pytest.mark.parametrize("number", [0, 1, 3, 99])
def test_a_frame_that_was_lost_doubled_or_overtaken_closes_the_link(open_hub: Open, number: int) -> None:
    hub, _ = open_hub
    [closed] = hub.receive(codec.encode(number, Heartbeat()))
    assert closed == Closed(code=CloseCode.OUT_OF_ORDER, reason=f"frame {number} came where 2 was expected")


def test_the_close_of_an_agent_is_told_and_not_answered(open_hub: Open) -> None:
    _, agent = open_hub
    told = agent.say(Close(code=CloseCode.SHUTTING_DOWN, reason="told to stop"))
    assert told == [Closed(code=CloseCode.SHUTTING_DOWN, reason="told to stop", by_peer=True)]
    assert agent.hear() == []


def test_an_agent_may_leave_before_it_was_answered(hub: HubSession, new_peer: Any) -> None:
    [closed] = new_peer(hub).say(Close(code=CloseCode.SHUTTING_DOWN))
    assert closed.by_peer


def test_closing_says_farewell_and_takes_nothing_more(open_hub: Open) -> None:
    hub, agent = open_hub
    hub.ack(1)
    hub.close(CloseCode.SUPERSEDED, "a newer agent came")
    hub.close(CloseCode.INTERNAL_ERROR, "too late")
    assert agent.hear() == [Close(code=CloseCode.SUPERSEDED, reason="a newer agent came")]
    assert agent.say(BEGIN) == []
    assert hub.tick() == []


# --- state ----------------------------------------------------------------------------------------------------


def test_state_is_told_frame_by_frame_with_number_and_size(open_hub: Open) -> None:
    _, agent = open_hub
    change = Changes(kind="Pod", items=[A_GONE])
    sizes = [len(codec.pack(2 + at, frame)) for at, frame in enumerate((BEGIN, ITEMS, END, change))]
    events = [event for frame in (BEGIN, ITEMS, END, change) for event in agent.say(frame)]
    assert events == [
        SnapshotBegan(number=2, size=sizes[0], kind="Pod"),
        SnapshotItemsReceived(number=3, size=sizes[1], kind="Pod", items=[A]),
        SnapshotEnded(number=4, size=sizes[2], kind="Pod"),
        ChangesReceived(number=5, size=sizes[3], kind="Pod", items=[A_GONE]),
    ]


def test_snapshots_of_several_kinds_may_interleave_and_begin_again(open_hub: Open) -> None:
    _, agent = open_hub
    node = SnapshotBegin(kind="Node")
    frames = [BEGIN, ITEMS, node, BEGIN, ITEMS, END, SnapshotEnd(kind="Node", count=0), BEGIN, ITEMS, END]
    events = [event for frame in frames for event in agent.say(frame)]
    assert len(events) == len(frames)
    assert not any(isinstance(event, Closed) for event in events)


def test_credit_may_be_used_up_to_the_frame_that_exceeds_it(
    hub: HubSession, new_peer: Any, hello: Hello
) -> None:
    agent = new_peer(hub)
    agent.say(hello)
    first = len(codec.pack(2, BEGIN))
    hub.welcome("prod", credit_bytes=first + 1)
    agent.say(BEGIN)
    assert isinstance(agent.say(ITEMS)[0], SnapshotItemsReceived)
    [closed] = agent.say(END)
    assert closed.code is CloseCode.CREDIT_EXCEEDED


def test_what_was_worked_off_is_granted_as_a_running_total(open_hub: Open) -> None:
    hub, agent = open_hub
    hub.grant(300)
    hub.grant(200)
    assert agent.hear() == [Credit(total_bytes=1_000_500)]
    assert agent.hear() == []


def test_only_the_latest_acknowledgement_is_sent_and_never_one_ahead(open_hub: Open) -> None:
    hub, agent = open_hub
    agent.say(BEGIN)
    agent.say(ITEMS)
    hub.ack(2)
    hub.ack(3)
    hub.ack(2)
    assert agent.hear() == [Ack(number=3)]
    hub.ack(99)
    assert agent.hear() == [Ack(number=3)]


def test_a_status_is_told(open_hub: Open) -> None:
    _, agent = open_hub
    status = AgentStatus(api_server_reachable=True, api_server_since=datetime(2026, 1, 1, tzinfo=UTC))
    assert agent.say(status) == [StatusReceived(status=status)]


# --- calls ----------------------------------------------------------------------------------------------------


def test_a_call_goes_out_before_acknowledgements_and_its_answers_come_back(open_hub: Open) -> None:
    hub, agent = open_hub
    hub.ack(1)
    call = hub.call("logs.read", {"pod": "a"}, 5, user="ops")
    request, ack = agent.hear()
    assert isinstance(request, CallRequest)
    assert (request.id, request.method, request.timeout_seconds, request.user) == (
        call,
        "logs.read",
        5,
        "ops",
    )
    assert msgspec.msgpack.decode(request.params) == {"pod": "a"}
    assert ack == Ack(number=1)
    [part] = agent.say(CallReply(id=call, payload=raw("line 1"), final=False))
    [last] = agent.say(CallReply(id=call, payload=raw("line 2")))
    assert [(type(told), told.id, told.final) for told in (part, last)] == [
        (CallReplied, call, False),
        (CallReplied, call, True),
    ]
    assert msgspec.msgpack.decode(last.payload) == "line 2"


def test_several_calls_fail_and_succeed_apart(open_hub: Open) -> None:
    hub, agent = open_hub
    first, second = hub.call("a", None, 5), hub.call("b", None, 5)
    assert first != second
    assert agent.say(CallFailure(id=second, code="not_allowed", message="read only")) == [
        CallFailed(id=second, code="not_allowed", message="read only")
    ]
    assert agent.say(CallReply(id=first, payload=raw(1)))[0].id == first


@pytest.mark.parametrize("answer", ["final", "failure", "cancelled", "never asked"])
def test_answers_nobody_waits_for_are_ignored_and_counted(open_hub: Open, answer: str) -> None:
    hub, agent = open_hub
    call = hub.call("a", None, 5)
    match answer:
        case "final":
            agent.say(CallReply(id=call, payload=raw(1)))
        case "failure":
            agent.say(CallFailure(id=call, code="failed", message=""))
        case "cancelled":
            hub.cancel(call)
            hub.cancel(call)
            assert [type(frame) for frame in agent.hear()] == [CallRequest, CallCancel]
        case _:
            call = 99
    assert agent.say(CallReply(id=call, payload=raw(2))) == []
    assert hub.ignored_replies == 1
    assert hub.state is SessionState.OPEN


def test_a_call_past_its_deadline_fails_and_is_cancelled(open_hub: Open, clock: Any) -> None:
    hub, agent = open_hub
    call = hub.call("a", None, 5)
    agent.hear()
    agent.say(CallReply(id=call, payload=raw(1), final=False))
    assert hub.next_tick() == clock.now + 5
    clock.now += 5
    [failed] = hub.tick()
    assert (failed.id, failed.code) == (call, "deadline_exceeded")
    assert agent.hear() == [CallCancel(id=call)]


def test_a_closed_link_cannot_be_called(open_hub: Open) -> None:
    hub, _ = open_hub
    hub.close(CloseCode.SHUTTING_DOWN, "stop")
    with pytest.raises(LinkError, match=r"agent\.status cannot be called: the link is closed"):
        hub.call("agent.status", None, 5)


# --- time -----------------------------------------------------------------------------------------------------


def test_an_agent_that_misses_three_heartbeats_is_lost(open_hub: Open, clock: Any) -> None:
    hub, agent = open_hub
    assert hub.next_tick() == clock.now + 10
    clock.now += 34.9
    assert hub.tick() == []
    assert agent.hear() == [Heartbeat()]
    clock.now += 0.1
    [closed] = hub.tick()
    assert closed.code is CloseCode.HEARTBEAT_LOST
    assert agent.hear() == [Close(code=CloseCode.HEARTBEAT_LOST, reason=closed.reason)]


def test_a_connection_that_never_says_hello_is_closed(hub: HubSession, clock: Any) -> None:
    assert hub.next_tick() == clock.now + 30
    clock.now += 30
    [closed] = hub.tick()
    assert closed.code is CloseCode.HEARTBEAT_LOST


# --- hostile input --------------------------------------------------------------------------------------------

FRAMES = st.sampled_from(
    [BEGIN, ITEMS, END, Heartbeat(), CallReply(id=1, payload=raw(1)), {"frame": "hello"}]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=st.lists(st.binary(max_size=80) | FRAMES, max_size=12), greeted=st.booleans())
def test_whatever_comes_never_raises_and_closes_at_most_once(
    clock: Any, hello: Hello, new_peer: Any, messages: list[Any], greeted: bool
) -> None:
    hub = HubSession(clock)
    agent = new_peer(hub)
    if greeted:
        agent.say(hello)
        hub.welcome("prod")
    events: list[Any] = []
    for message in messages:
        events += hub.receive(message) if isinstance(message, bytes) else agent.say(message)
    closed = [event for event in events if isinstance(event, Closed)]
    assert len(closed) == (hub.state is SessionState.CLOSED)
    assert not closed or events[-1] is closed[0]
