from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import structlog

from farwatch.agent.calls.dispatch import Dispatcher
from farwatch.agent.calls.gate import Gate
from farwatch.agent.calls.handler import Caller, CallError, Handler
from farwatch.calls import InNamespace, Method
from farwatch.link.events import CallRequested


class Params(msgspec.Struct, forbid_unknown_fields=True):
    text: str = ""


class Replies:
    """Collects what a session would send."""

    def __init__(self) -> None:
        self.replies: list[tuple[int, object]] = []
        self.failures: list[tuple[int, str, str]] = []
        self.wakes = 0
        self.outcomes: Counter[tuple[str, str]] = Counter()

    def reply(self, call: int, payload: object, *, final: bool = True) -> bool:
        self.replies.append((call, payload))
        return final

    def fail(self, call: int, code: str, message: str) -> bool:
        self.failures.append((call, code, message))
        return True

    def wake(self) -> None:
        self.wakes += 1


@pytest.fixture
def replies() -> Replies:
    return Replies()


@pytest.fixture
def dispatcher(replies: Replies) -> Callable[..., Dispatcher]:
    """Makes a dispatcher whose only method is served so."""

    def make(
        serve: Callable[[Any, Caller], Any],
        allowed: tuple[Method, ...] = tuple(Method),
        namespaces: tuple[str, ...] = (),
        excluded: tuple[str, ...] = (),
    ) -> Dispatcher:
        handlers = {
            Method.AGENT_STATUS: Handler(Params, serve),
            Method.POD_LOGS: Handler(InNamespace, serve),
        }
        return Dispatcher(
            handlers, Gate(allowed, namespaces, excluded), replies, replies.wake, replies.outcomes
        )

    return make


def request(method: str = "agent.status", params: object = None, number: int = 1) -> CallRequested:
    raw = msgspec.Raw(msgspec.msgpack.encode({} if params is None else params))
    return CallRequested(id=number, method=method, params=raw, deadline=99.0, user="ann@example.com")


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_an_allowed_call_is_answered_with_its_params_and_caller(
    replies: Replies, dispatcher: Any
) -> None:
    async def serve(params: Params, caller: Caller) -> object:
        return [params.text, caller.user, caller.deadline]

    dispatcher(serve).start(request(params={"text": "hi"}))
    await settle()

    assert replies.replies == [(1, ["hi", "ann@example.com", 99.0])]
    assert replies.wakes == 1


async def test_what_the_allow_list_does_not_name_is_refused_whatever_the_hub_wants(
    replies: Replies, dispatcher: Any
) -> None:
    served = []

    async def serve(params: Params, _: Caller) -> None:
        served.append(params)

    dispatcher(serve, allowed=()).start(request())
    await settle()

    ((_, code, message),) = replies.failures
    assert (code, served) == ("not_allowed", [])
    assert "allowed_calls" in message


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("pods.delete", {}, "unknown_method"),
        ("", {}, "unknown_method"),
        ("agent.status", {"text": 5}, "bad_params"),
        ("agent.status", {"texts": "x"}, "bad_params"),
        ("agent.status", ["x"], "bad_params"),
    ],
)
async def test_an_unknown_method_or_bad_params_are_answered_so(
    replies: Replies, dispatcher: Any, method: str, params: object, code: str
) -> None:
    async def serve(_params: Params, _caller: Caller) -> None:
        raise AssertionError("served")

    dispatcher(serve).start(request(method, params))
    await settle()

    assert [(number, found) for number, found, _ in replies.failures] == [(1, code)]


async def test_a_call_into_a_namespace_that_is_not_the_agents_is_refused(
    replies: Replies, dispatcher: Any
) -> None:
    async def serve(params: Any, _: Caller) -> str:
        return getattr(params, "namespace", "none")

    limited = dispatcher(serve, namespaces=("shop",))
    limited.start(request("pod.logs", {"namespace": "shop"}, number=1))
    limited.start(request("pod.logs", {"namespace": "kube-system"}, number=2))
    limited.start(request("agent.status", number=3))
    await settle()

    assert sorted(replies.replies) == [(1, "shop"), (3, "none")]
    ((number, code, message),) = replies.failures
    assert (number, code) == (2, "not_allowed")
    assert "namespaces do not name 'kube-system'" in message


async def test_a_call_into_a_namespace_that_is_left_out_is_refused(replies: Replies, dispatcher: Any) -> None:
    async def serve(params: Any, _: Caller) -> str:
        return getattr(params, "namespace", "none")

    limited = dispatcher(serve, excluded=("private",))
    limited.start(request("pod.logs", {"namespace": "shop"}, number=1))
    limited.start(request("pod.logs", {"namespace": "private"}, number=2))
    await settle()

    assert replies.replies == [(1, "shop")]
    ((number, code, message),) = replies.failures
    assert (number, code) == (2, "not_allowed")
    assert "exclude_namespaces name 'private'" in message


async def test_each_call_is_written_down_with_who_asked_for_what(replies: Replies, dispatcher: Any) -> None:
    async def serve(_params: Params, _caller: Caller) -> None:
        return

    under_test = dispatcher(serve, allowed=(Method.AGENT_STATUS,))
    with structlog.testing.capture_logs() as lines:
        under_test.start(request(params={"text": "hi"}, number=1))
        under_test.start(request("pod.logs", {"namespace": "shop"}, number=2))
        await settle()

    served, refused = lines
    assert (served["method"], served["user"], served["params"]) == (
        "agent.status",
        "ann@example.com",
        {"text": "hi"},
    )
    assert (refused["method"], refused["user"], refused["code"]) == (
        "pod.logs",
        "ann@example.com",
        "not_allowed",
    )


async def test_a_method_may_fail_with_a_code_of_its_own(replies: Replies, dispatcher: Any) -> None:
    async def serve(_params: Params, _caller: Caller) -> None:
        raise CallError("pod_gone", "there is no such pod any more")

    dispatcher(serve).start(request())
    await settle()

    assert replies.failures == [(1, "pod_gone", "there is no such pod any more")]


async def test_a_fault_in_a_method_is_answered_without_its_details(replies: Replies, dispatcher: Any) -> None:
    async def serve(_params: Params, _caller: Caller) -> None:
        raise ZeroDivisionError("secret detail")

    dispatcher(serve).start(request())
    await settle()

    assert replies.failures == [(1, "failed", "the agent failed; its log says how")]


async def test_cancelled_calls_stop_and_are_not_answered_while_others_go_on(
    replies: Replies, dispatcher: Any
) -> None:
    release = asyncio.Event()
    stopped = []

    async def serve(params: Params, _: Caller) -> str:
        try:
            await release.wait()
        except asyncio.CancelledError:
            stopped.append(params.text)
            raise
        return params.text

    under_test = dispatcher(serve)
    for number, text in ((1, "a"), (2, "b"), (3, "c")):
        under_test.start(request(params={"text": text}, number=number))
    await settle()
    under_test.cancel(1)
    under_test.cancel(77)
    await settle()
    release.set()
    await settle()

    assert stopped == ["a"]
    assert sorted(replies.replies) == [(2, "b"), (3, "c")]
    assert replies.failures == []


async def test_calls_are_counted_by_method_and_how_they_ended(replies: Replies, dispatcher: Any) -> None:
    async def serve(params: Any, _: Caller) -> str:
        if params.text == "hang":
            await asyncio.Event().wait()
        return "done"

    under_test = dispatcher(serve, allowed=(Method.AGENT_STATUS,))
    under_test.start(request(number=1))
    under_test.start(request(params={"text": "hang"}, number=2))
    under_test.start(request("pod.logs", {"namespace": "shop"}, number=3))
    under_test.start(request("made.up", number=4))
    under_test.start(request("made.up.too", number=5))
    await settle()
    under_test.cancel(2)
    await settle()

    assert replies.outcomes == {
        ("agent.status", "served"): 1,
        ("agent.status", "cancelled"): 1,
        ("pod.logs", "not_allowed"): 1,
        ("unknown", "unknown_method"): 2,
    }


async def test_all_calls_stop_when_the_link_is_gone(replies: Replies, dispatcher: Any) -> None:
    async def serve(_params: Params, _caller: Caller) -> None:
        await asyncio.Event().wait()

    under_test = dispatcher(serve)
    under_test.start(request(number=1))
    under_test.start(request(number=2))
    await settle()
    under_test.cancel_all()
    await settle()

    assert (replies.replies, replies.failures, under_test._tasks) == ([], [], {})
