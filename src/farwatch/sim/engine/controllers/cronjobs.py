"""CronJobs: a Job whenever the schedule says so, and a short history of them (``pkg/controller/cronjob``)."""

from __future__ import annotations

from typing import Any

from farwatch.sim.collection import Change, ChangeType, Key
from farwatch.sim.engine.controllers.controller import Controller
from farwatch.sim.engine.controllers.schedules import Schedule
from farwatch.sim.engine.manifests import job as new_job
from farwatch.sim.engine.pods import owned_by
from farwatch.sim.engine.world import World
from farwatch.sim.times import format_time

Document = dict[str, Any]

_COMPONENT = "cronjob-controller"
_MINUTE = 60


class CronJobController(Controller):
    """Keeps CronJobs in order."""

    resource = "cronjobs"
    owns_pods = False

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._jobs: dict[str, dict[Key, None]] = {}
        self._next: dict[str, float] = {}
        for entry in world.store.collection("jobs").entries():
            self._index(entry.owners, entry.key)
        for key in self._keys.values():
            self.look_at(key)
        world.store.subscribe("jobs", self._follow_job)

    def _index(self, owners: tuple[str, ...], key: Key) -> None:
        for owner in owners:
            self._jobs.setdefault(owner, {})[key] = None

    def _follow_job(self, change: Change) -> None:
        for owner in change.entry.owners:
            if change.type is ChangeType.DELETED:
                self._jobs.get(owner, {}).pop(change.entry.key, None)
            else:
                self._index((owner,), change.entry.key)
            if owner in self._keys:
                self.look_at(self._keys[owner])

    def reconcile(self, document: Document) -> None:
        """Begin the run that is due, note those that are over, forget the oldest."""
        meta, spec = document["metadata"], document["spec"]
        if "deletionTimestamp" in meta:
            self._next.pop(meta["uid"], None)
            return
        jobs = self._jobs_of(document)
        status = dict(document.get("status") or {})
        self._note_ended(document, status, jobs)
        self._forget_oldest(document, jobs)
        document = self.put_status(document, status)
        due = self._next.get(meta["uid"])
        if due is not None and self.world.now >= due and not spec.get("suspend"):
            self._next.pop(meta["uid"])
            self.run(document, due)
        if meta["uid"] not in self._next:
            self._plan(meta, spec)

    def run(self, document: Document, due: float) -> None:
        """Begin the run of the time ``due``, unless one is under way and the CronJob forbids a second."""
        meta, spec = document["metadata"], document["spec"]
        active = (document.get("status") or {}).get("active") or []
        if active and spec.get("concurrencyPolicy") == "Forbid":
            return
        name = f"{meta['name']}-{int(due) // _MINUTE}"
        if self.world.store.find("jobs", meta["namespace"], name):
            return
        created = self.world.store.create("jobs", _job_of(document, name, self.world.store.new_uid()))
        self.world.events.normal(document, _COMPONENT, "SuccessfulCreate", f"Created job {name}")
        reference = {"kind": "Job", "namespace": meta["namespace"], "name": name}
        reference |= {"uid": created["metadata"]["uid"], "apiVersion": "batch/v1"}
        reference["resourceVersion"] = created["metadata"]["resourceVersion"]
        status = {"active": [*active, reference], "lastScheduleTime": format_time(due)}
        self.put_status(document, (document.get("status") or {}) | status)

    def _plan(self, meta: Document, spec: Document) -> None:
        due = Schedule(spec["schedule"]).next_after(self.world.now)
        if due is not None:
            self._next[meta["uid"]] = due
            self.look_at((meta["namespace"], meta["name"]), due - self.world.now + 0.05)

    def _jobs_of(self, document: Document) -> list[Document]:
        """The CronJob's Jobs, oldest first."""
        found = (
            self.world.store.find("jobs", *key) for key in self._jobs.get(document["metadata"]["uid"], ())
        )
        return sorted((job for job in found if job), key=lambda job: job["metadata"]["creationTimestamp"])

    def _note_ended(self, document: Document, status: Document, jobs: list[Document]) -> None:
        ended = {job["metadata"]["uid"]: job for job in jobs if ended_as(job)}
        active = []
        for reference in status.get("active") or ():
            job = ended.get(reference["uid"])
            if job is None:
                active.append(reference)
                continue
            how = ended_as(job)
            message = f"Saw completed job: {reference['name']}, condition: {how}"
            self.world.events.normal(document, _COMPONENT, "SawCompletedJob", message)
            if how == "Complete":
                status["lastSuccessfulTime"] = job["status"]["completionTime"]
        status.pop("active", None)
        if active:
            status["active"] = active

    def _forget_oldest(self, document: Document, jobs: list[Document]) -> None:
        limits = (("Complete", "successfulJobsHistoryLimit", 3), ("Failed", "failedJobsHistoryLimit", 1))
        for how, field, usual in limits:
            ended = [job for job in jobs if ended_as(job) == how]
            for job in ended[: max(0, len(ended) - document["spec"].get(field, usual))]:
                name = job["metadata"]["name"]
                self.world.store.delete("jobs", job["metadata"]["namespace"], name)
                self.world.events.normal(document, _COMPONENT, "SuccessfulDelete", f"Deleted job {name}")


def ended_as(job: Document) -> str:
    """``Complete`` or ``Failed``; empty while a Job goes on."""
    conditions = (job.get("status") or {}).get("conditions") or ()
    return next((each["type"] for each in conditions if each["type"] in ("Complete", "Failed")), "")


def _job_of(document: Document, name: str, uid: str) -> Document:
    meta, jobs = document["metadata"], document["spec"]["jobTemplate"]
    labels = (jobs.get("metadata") or {}).get("labels") or {}
    return new_job(
        meta["namespace"], name, jobs["spec"], uid, labels=labels, ownerReferences=[owned_by(document)]
    )
