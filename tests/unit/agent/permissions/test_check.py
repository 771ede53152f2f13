"""The agent asks what it may do, and says in plain words what is amiss."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from farwatch.agent.permissions.check import CHECK_SECONDS, MAX_NOTES, check_permissions, watch_permissions
from farwatch.agent.permissions.rights import Usage, describe_note
from farwatch.agent.permissions.table import Scope, find_granted
from farwatch.agent.state import AgentState
from farwatch.kube.clock import Clock
from farwatch.kube.errors import ApiError, ApiUnreachable, KubeError
from farwatch.link.frames import PermissionReport

NOW = datetime(2026, 11, 21, tzinfo=UTC)
USAGE = Usage(home="farwatch")
SECRETS = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}


def table(*, without: str = "") -> list[dict[str, Any]]:
    """The rules of a ClusterRole from the table."""
    return [
        {
            "apiGroups": rule.groups,
            "resources": rule.resources,
            "verbs": rule.verbs,
            "resourceNames": rule.names,
        }
        for capability in find_granted({})
        for rule in capability.rules
        if capability.name != without and capability.scope is not Scope.OWN
    ]


class Api:
    """An API server's answers to reviews."""

    def __init__(self, *rules: dict[str, Any]) -> None:
        self.rules: list[dict[str, Any]] = list(rules)
        self.incomplete = False
        self.allows: Callable[[dict[str, str]], bool] = lambda _: False
        self.fault: KubeError | None = None
        self.body: bytes | None = None
        self.asked: list[dict[str, Any]] = []

    async def request(self, method: str, path: str, *, body: bytes) -> bytes:
        assert method == "POST"
        if self.fault is not None:
            raise self.fault
        review = json.loads(body)
        self.asked.append(review)
        if self.body is not None:
            return self.body
        if review["kind"] == "SelfSubjectAccessReview":
            assert path == "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
            return json.dumps(
                {"status": {"allowed": self.allows(review["spec"]["resourceAttributes"])}}
            ).encode()
        assert path == "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
        status = {"resourceRules": self.rules, "nonResourceRules": [], "incomplete": self.incomplete}
        return json.dumps({"status": status}).encode()

    async def check(self, usage: Usage = USAGE) -> PermissionReport:
        return await check_permissions(self, usage, NOW)  # type: ignore[arg-type]


def told(report: PermissionReport) -> tuple[list[str], list[str]]:
    return [describe_note(note) for note in report.missing], [describe_note(note) for note in report.excess]


async def test_with_the_tables_rights_there_is_nothing_to_tell() -> None:
    report = await Api(*table()).check()

    assert report == PermissionReport(checked_at=NOW)


async def test_what_is_missing_and_what_is_too_much_are_told() -> None:
    report = await Api(*table(without="pod-logs"), SECRETS).check()

    assert told(report) == (["get on pods/log in the whole cluster"], ["get on secrets in the whole cluster"])
    assert report.missing[0].capability == "pod-logs"


async def test_each_place_is_asked_about_once_and_the_cluster_by_a_namespace_that_is_not_there() -> None:
    api = Api(*table())
    await api.check(Usage(home="kube-system", namespaces=("a", "kube-system")))

    assert [review["spec"]["namespace"] for review in api.asked] == [
        "farwatch-no-such-namespace",
        "a",
        "kube-system",
    ]


async def test_where_rules_are_not_all_listed_what_is_not_is_asked_for_one_by_one() -> None:
    api = Api(*table(without="events"))
    api.incomplete = True
    api.allows = lambda asked: asked["resource"] == "events" and asked["verb"] != "watch"

    report = await api.check()

    assert told(report) == (["watch on events in the whole cluster"], [])
    assert not report.complete


async def test_where_rules_are_not_all_listed_what_tells_of_too_much_is_asked_for() -> None:
    api = Api(*table())
    api.incomplete = True
    api.allows = lambda asked: (
        asked["resource"] in {"secrets", "pods"} and asked.get("subresource", "exec") == "exec"
    )

    report = await api.check()

    assert told(report)[1] == [
        "get, list on secrets in the whole cluster",
        "create on pods, pods/exec in the whole cluster",
    ]
    subresources = [
        review["spec"]["resourceAttributes"] for review in api.asked if "resourceAttributes" in review["spec"]
    ]
    assert {"verb": "create", "resource": "pods", "subresource": "exec"} in subresources


async def test_a_role_of_a_thousand_resources_is_told_in_bounds() -> None:
    rules = [
        {"apiGroups": [f"group-{number}"], "resources": ["things"], "verbs": [f"verb-{number}"]}
        for number in range(1000)
    ]
    report = await Api(*table(), *rules).check()

    assert len(report.excess) == MAX_NOTES
    assert report.omitted == 1000 - MAX_NOTES


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"status": {"resourceRules": [{"verbs": null}]}}'])
async def test_an_answer_that_is_none_is_an_error_with_a_name(body: bytes) -> None:
    api = Api()
    api.body = body

    with pytest.raises(ApiError, match="not a SelfSubjectRulesReview"):
        await api.check()


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["status", "resourceRules", "verbs", "apiGroups", "nonResourceURLs", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(st.one_of(st.binary(max_size=30), anything.map(lambda found: json.dumps(found).encode())))
def test_whatever_is_answered_is_a_report_or_an_error_with_a_name(body: bytes) -> None:
    api = Api()
    api.body = body
    with contextlib.suppress(ApiError):
        assert asyncio.run(api.check()).missing


async def test_lists_that_are_null_are_empty() -> None:
    api = Api()
    api.body = (
        b'{"status": {"resourceRules": [{"verbs": ["get"], "apiGroups": null}], "nonResourceRules": null}}'
    )

    assert told(await api.check())[1] == []


# --- in the agent's life --------------------------------------------------------------------------------------


class Life:
    """The watch over rights, with time that passes when it is let."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.state = AgentState(())
        self.doubt = asyncio.Event()
        self.news = 0
        self.waits: list[float] = []
        self._go_on = asyncio.Semaphore(0)
        self._waiting = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self._waiting.set()
        await self._go_on.acquire()

    def on_change(self) -> None:
        self.news += 1

    async def idle(self) -> None:
        """Until it waits."""
        async with asyncio.timeout(5):
            await self._waiting.wait()
        self._waiting.clear()

    async def later(self) -> None:
        """Until it has looked again and waits."""
        self._go_on.release()
        await self.idle()

    async def run(self) -> None:
        await watch_permissions(
            self.api,  # type: ignore[arg-type]
            USAGE,
            self.state,
            doubt=self.doubt,
            on_change=self.on_change,
            clock=Clock(time=NOW.timestamp, sleep=self.sleep, random=lambda: 0.5),
        )


@contextlib.asynccontextmanager
async def living(api: Api) -> Any:
    life = Life(api)
    task = asyncio.create_task(life.run())
    try:
        await life.idle()
        yield life
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def lines(log: list[Any]) -> list[str]:
    return [f"{line['log_level']}: {line['event']}: {line.get('rights', '')}" for line in log]


async def test_what_is_amiss_is_logged_in_a_line_each_and_kept_and_told_to_the_hub() -> None:
    with structlog.testing.capture_logs() as log:
        async with living(Api(*table(without="pod-logs"), SECRETS)) as life:
            assert life.news == 1
            assert life.state.report().permissions == life.state.permissions
            assert life.state.permissions is not None

    assert lines(log) == [
        (
            "warning: lacks rights that it needs; grant them, or switch off what they are for: "
            "get on pods/log in the whole cluster"
        ),
        "warning: has rights that it never needs; take them from it: get on secrets in the whole cluster",
    ]


async def test_each_hour_it_looks_again_and_tells_only_what_is_new() -> None:
    with structlog.testing.capture_logs() as log:
        async with living(Api(*table(), SECRETS)) as life:
            await life.later()
            assert (life.news, len(log)) == (1, 1)
            life.api.rules.append({"apiGroups": [""], "resources": ["pods"], "verbs": ["delete"]})
            await life.later()
            assert life.news == 2
            assert life.waits == [CHECK_SECONDS] * 3

    assert [line["rights"] for line in log] == [
        "get on secrets in the whole cluster",
        "delete on pods in the whole cluster",
    ]


async def test_when_all_is_well_again_it_says_so() -> None:
    with structlog.testing.capture_logs() as log:
        async with living(Api(*table(), SECRETS)) as life:
            life.api.rules.remove(SECRETS)
            await life.later()

    assert [line["event"] for line in log][1:] == ["has the rights that it needs and no others"]


async def test_after_a_denial_it_looks_at_once() -> None:
    async with living(Api(*table())) as life:
        life.api.rules = table(without="events")
        life.doubt.set()
        await life.idle()  # the moment for others to be denied as well
        await life.later()

        assert [note.capability for note in life.state.permissions.missing] == ["events"]


async def test_while_the_api_server_is_away_what_was_known_stays_and_it_asks_again_soon() -> None:
    async with living(Api(*table())) as life:
        known = life.state.permissions
        life.api.fault = ApiUnreachable("gone")
        await life.later()

        assert life.state.permissions is known
        assert life.waits[-1] < 2


async def test_a_server_that_does_not_answer_such_questions_is_told() -> None:
    api = Api()
    api.fault = ApiError(403, "Forbidden", "no reviews here")
    with structlog.testing.capture_logs() as log:
        async with living(api) as life:
            assert "no reviews here" in life.state.permissions.problem
            await life.later()

    assert [line["event"] for line in log] == ["its rights cannot be looked at"]
