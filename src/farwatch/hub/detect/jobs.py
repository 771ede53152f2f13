"""Trouble of Jobs and CronJobs."""

from __future__ import annotations

from farwatch.hub.detect.findings import Finding, View
from farwatch.hub.detect.owners import owner_of_job
from farwatch.hub.detect.reading import count_of, epoch, find_condition, quote, show_time, since_of
from farwatch.kube.objects import CronJob, Job


def check_failed(job: Job, view: View) -> Finding | None:
    """It has given up, a short while ago. The Jobs of a CronJob that is known are told of by that CronJob."""
    failed = find_condition(job.status.conditions, "Failed")
    if failed is None or failed.status != "True" or job.metadata.deletion_timestamp:
        return None
    owner = owner_of_job(job.metadata.name, job.metadata, view.cluster.get)
    if owner.kind == "CronJob" and view.cluster.get("CronJob", job.metadata.namespace, owner.name):
        return None
    ended = since_of(failed, view.now)
    if ended is not None and ended + view.limits["window"] <= view.now:
        return None
    return Finding(
        facts=(
            f"{failed.reason or 'Failed'}{quote(failed.message)}. {count_of(job.status.failed, 'pod')} failed, "
            f"{job.status.succeeded} of {job.spec.completions or 1} succeeded."
        ),
        since=ended,
        until=None if ended is None else ended + view.limits["window"],
    )


def check_cron_job(cron_job: CronJob, view: View) -> Finding | None:
    """Its last finished run failed. The failed Job may be gone by now; what ends this is a run that succeeds."""
    if cron_job.spec.suspend or cron_job.metadata.deletion_timestamp:
        return None
    run = view.cluster.last_run(cron_job)
    succeeded = epoch(cron_job.status.last_successful_time, view.now)
    if run is None or not run.failed or (succeeded is not None and succeeded > run.finished):
        return None
    last = f"last succeeded at {show_time(succeeded)}" if succeeded is not None else "has not succeeded yet"
    return Finding(
        facts=(
            f"Its last run {run.job} failed at {show_time(run.finished)}: {run.reason}{quote(run.message)}. "
            f"It runs at {cron_job.spec.schedule}, and {last}."
        ),
        since=run.finished,
    )
