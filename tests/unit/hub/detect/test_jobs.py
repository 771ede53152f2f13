from __future__ import annotations

from typing import Any

import pytest

from farwatch.hub.detect.state import ClusterState
from farwatch.hub.inventory import ObjectChange, Operation

LIMIT_REACHED = "Job has reached the specified backoff limit"


def knowing(*found: Any) -> ClusterState:
    state = ClusterState()
    for one in found:
        tell(state, one)
    return state


def tell(state: ClusterState, one: Any, operation: Operation = Operation.CREATED) -> Any:
    is_deleted = operation is Operation.DELETED
    change = ObjectChange(
        cluster="prod",
        kind=type(one).__name__,
        operation=operation,
        time=0,
        before=one if is_deleted else None,
        after=None if is_deleted else one,
    )
    return state.apply(change, 4e9)


def finished(kube: Any, name: str, kind: str, since: float = 0, **more: Any) -> Any:
    condition = kube.condition(kind, "True", "BackoffLimitExceeded", LIMIT_REACHED, since)
    return kube.workload("Job", {}, {"failed": 2, "conditions": [condition]}, name=name, **more)


def cron_job(kube: Any, spec: Any = None, **status: Any) -> Any:
    return kube.workload("CronJob", {"schedule": "* * * * *", **(spec or {})}, status, name="tick")


class TestJobs:
    def test_a_job_that_gave_up_is_one(self, kube: Any, look: Any) -> None:
        finding = look("KubeJobFailed", finished(kube, "migrate", "Failed"), at=5)
        assert finding.facts == f"BackoffLimitExceeded: {LIMIT_REACHED}. 2 pods failed, 0 of 1 succeeded."

    def test_the_recorded_migrate_is_one_only_when_it_gave_up(self, recorded: Any, look: Any) -> None:
        assert look("KubeJobFailed", recorded("Job", "migrate", 24), at=24) is None
        assert look("KubeJobFailed", recorded("Job", "migrate", 26), at=26) is not None

    def test_jobs_that_succeed_are_suspended_or_still_try_are_none(self, kube: Any, look: Any) -> None:
        for kind in ("Complete", "Suspended", "FailureTarget"):
            assert look("KubeJobFailed", finished(kube, "migrate", kind), at=5) is None

    def test_a_failure_of_last_week_is_none(self, kube: Any, look: Any) -> None:
        assert look("KubeJobFailed", finished(kube, "migrate", "Failed"), at=7 * 86400) is None

    def test_a_known_cron_job_speaks_for_its_jobs(self, kube: Any, look: Any) -> None:
        job = finished(kube, "tick-29920155", "Failed", owner="CronJob/tick")
        assert look("KubeJobFailed", job, at=5, state=knowing(cron_job(kube), job)) is None
        assert look("KubeJobFailed", job, at=5, state=knowing(job)) is not None


class TestCronJobs:
    def failed_run(self, kube: Any, number: int = 1, kind: str = "Failed") -> Any:
        return finished(kube, f"tick-{number}", kind, since=60 * number, owner="CronJob/tick")

    def test_a_failed_last_run_is_one_and_names_it(self, kube: Any, look: Any) -> None:
        found = cron_job(kube)
        finding = look("KubeCronJobFailing", found, at=90, state=knowing(found, self.failed_run(kube)))
        assert "Its last run tick-1 failed at" in finding.facts
        assert LIMIT_REACHED in finding.facts
        assert "has not succeeded yet" in finding.facts

    def test_the_failed_job_may_be_cleaned_up(self, kube: Any, look: Any) -> None:
        found, run = cron_job(kube), self.failed_run(kube)
        state = knowing(found, run)
        tell(state, run, Operation.DELETED)
        assert look("KubeCronJobFailing", found, at=90, state=state) is not None

    def test_a_run_under_way_changes_nothing(self, kube: Any, look: Any) -> None:
        found = cron_job(kube, active=[{"kind": "Job", "name": "tick-2"}])
        running = kube.workload("Job", {}, {"active": 1}, name="tick-2", owner="CronJob/tick")
        state = knowing(found, self.failed_run(kube), running)
        assert look("KubeCronJobFailing", found, at=130, state=state) is not None

    def test_a_later_success_ends_it(self, kube: Any, look: Any) -> None:
        found = cron_job(kube)
        state = knowing(found, self.failed_run(kube), self.failed_run(kube, 2, "Complete"))
        assert look("KubeCronJobFailing", found, at=130, state=state) is None

    def test_a_success_that_only_the_cron_job_tells_of_ends_it(self, kube: Any, look: Any) -> None:
        found = cron_job(kube, lastSuccessfulTime=kube.at(121))
        state = knowing(found, self.failed_run(kube))
        assert look("KubeCronJobFailing", found, at=130, state=state) is None

    def test_an_older_run_seen_later_does_not_count(self, kube: Any, look: Any) -> None:
        found = cron_job(kube)
        state = knowing(found, self.failed_run(kube, 2, "Complete"), self.failed_run(kube, 1))
        assert look("KubeCronJobFailing", found, at=130, state=state) is None

    @pytest.mark.parametrize("spec", [{"suspend": True}])
    def test_a_suspended_one_is_none(self, kube: Any, look: Any, spec: Any) -> None:
        found = cron_job(kube, spec)
        state = knowing(found, self.failed_run(kube))
        assert look("KubeCronJobFailing", found, at=90, state=state) is None

    def test_a_finished_run_has_its_cron_job_looked_at_again(self, kube: Any) -> None:
        state = knowing(cron_job(kube))
        assert [tuple(one.name) for one in tell(state, self.failed_run(kube))] == [("shop", "tick")]
