"""Jobs: pods that run to their end, tried again after a back-off (``pkg/controller/job``)."""

from __future__ import annotations

from typing import Any

from farwatch.sim.collection import Change, ChangeType
from farwatch.sim.engine.controllers.controller import REACTION_SECONDS, Controller, counts
from farwatch.sim.engine.index import PodFacts
from farwatch.sim.engine.manifests import job_labels
from farwatch.sim.times import format_time, parse_time

Document = dict[str, Any]

TRACKING_FINALIZER = "batch.kubernetes.io/job-tracking"
_COMPONENT = "job-controller"
_BACKOFF_SECONDS = 10.0
_MAX_BACKOFF_SECONDS = 600.0
_COUNT_SECONDS = 1.0  # ended pods are counted in batches


class JobController(Controller):
    """Keeps Jobs in order."""

    resource = "jobs"

    def reconcile(self, document: Document) -> None:
        """Run the Job's pods, count those that ended, and say when it is over."""
        status = dict(document.get("status") or {})
        meta, spec = document["metadata"], document["spec"]
        owned = self.world.pods.owned_by(meta["uid"])
        if "deletionTimestamp" in meta:
            self._release(owned)
            return
        if any(condition["type"] in ("Complete", "Failed") for condition in status.get("conditions") or ()):
            self._release(owned)
            self._expire(document)
            return
        status.setdefault("startTime", format_time(self.world.now))
        if not spec.get("suspend"):
            self._run(document, status, owned)
        owned = self.world.pods.owned_by(meta["uid"])
        ended = [facts for facts in owned if facts.ended and _is_tracked(facts)]
        active = [facts for facts in owned if facts.active]
        ready = sum(facts.ready for facts in active)
        self._put(document, status, len(active) + len(ended), ready, {})
        if ended:
            self.look_at((meta["namespace"], meta["name"]), _COUNT_SECONDS)
            self.world.timers.after(_COUNT_SECONDS, lambda: self._count(document["metadata"]))

    def _follow(self, change: Change) -> None:
        super()._follow(change)
        if change.type is ChangeType.DELETED:  # nobody counts its pods any more: syncOrphanPod lets them go
            uid = change.entry.uid
            self.world.timers.after(REACTION_SECONDS, lambda: self._release(self.world.pods.owned_by(uid)))

    def _run(self, document: Document, status: Document, owned: list[PodFacts]) -> None:
        spec, meta = document["spec"], document["metadata"]
        succeeded = status.get("succeeded", 0) + sum(
            facts.phase == "Succeeded" and _is_tracked(facts) for facts in owned
        )
        unfinished = sum(not facts.ended for facts in owned)
        untold = sum(facts.phase == "Failed" and _is_tracked(facts) for facts in owned)
        missing = (
            min(spec.get("parallelism", 1), spec.get("completions", 1) - succeeded) - unfinished - untold
        )
        wait = self._wait(status, owned)
        if missing <= 0 or wait > 0:
            if missing > 0:
                self.look_at((meta["namespace"], meta["name"]), wait)
            return
        for _ in range(missing):
            labels = job_labels(meta["name"], meta["uid"])
            tracked = {"finalizers": [TRACKING_FINALIZER]}
            asked = self.new_pod(document, spec["template"], labels=labels, metadata=tracked)
            pod = self.world.store.create("pods", asked)
            message = f"Created pod: {pod['metadata']['name']}"
            self.world.events.normal(document, _COMPONENT, "SuccessfulCreate", message)

    def _wait(self, status: Document, owned: list[PodFacts]) -> float:
        """Seconds until the next attempt: 10, 20, 40 ... after a failure."""
        failed: int = status.get("failed", 0)
        if not failed:
            return 0.0
        ends = [_finished_at(facts) for facts in owned if facts.phase == "Failed"]
        last = max(ends, default=self.world.now)
        wait = min(_BACKOFF_SECONDS * 2.0 ** (failed - 1), _MAX_BACKOFF_SECONDS)
        return last + wait - self.world.now

    def _count(self, meta: Document) -> None:
        """Take the pods that ended into the Job's own numbers, then let go of them."""
        document = self.world.store.find("jobs", meta["namespace"], meta["name"])
        if document is None or document["metadata"]["uid"] != meta["uid"]:
            return
        owned = self.world.pods.owned_by(meta["uid"])
        ended = [facts for facts in owned if facts.ended and _is_tracked(facts)]
        if not ended:
            return
        status = dict(document["status"])
        succeeded = [facts.entry.uid for facts in ended if facts.phase == "Succeeded"]
        failed = [facts.entry.uid for facts in ended if facts.phase == "Failed"]
        totals = (status.get("succeeded", 0) + len(succeeded), status.get("failed", 0) + len(failed))
        verdict = self._verdict(document, *totals)
        if verdict:
            self._conclude(status, *verdict[0])
        active = sum(facts.active for facts in owned)
        uncounted = {"succeeded": succeeded} if succeeded else {}
        uncounted |= {"failed": failed} if failed else {}
        document = self._put(document, status, active, 0, uncounted)
        self._release(ended)
        status = dict(document["status"]) | counts(succeeded=totals[0], failed=totals[1])
        if verdict:
            self._conclude(status, *verdict[1])
            if verdict[1][0] == "Complete":
                status["completionTime"] = format_time(max(map(_finished_at, ended)))
        document = self._put(document, status, active, 0, {})
        if verdict:
            kind, reason, message = verdict[1]
            if kind == "Complete":
                self.world.events.normal(document, _COMPONENT, "Completed", "Job completed")
            else:
                self.world.events.warn(document, _COMPONENT, reason, message)

    def _verdict(self, document: Document, succeeded: int, failed: int) -> list[tuple[str, str, str]]:
        """The two conditions that end a Job, type, reason and message; empty while it goes on."""
        if succeeded >= document["spec"].get("completions", 1):
            told = ("CompletionsReached", "Reached expected number of succeeded pods")
            return [("SuccessCriteriaMet", *told), ("Complete", *told)]
        if failed > document["spec"].get("backoffLimit", 6):
            told = ("BackoffLimitExceeded", "Job has reached the specified backoff limit")
            return [("FailureTarget", *told), ("Failed", *told)]
        return []

    def _conclude(self, status: Document, kind: str, reason: str, message: str) -> None:
        now = format_time(self.world.now)
        condition = {"type": kind, "status": "True", "lastProbeTime": now, "lastTransitionTime": now}
        status["conditions"] = [
            *(status.get("conditions") or ()),
            condition | {"reason": reason, "message": message},
        ]

    def _put(
        self, document: Document, status: Document, active: int, ready: int, uncounted: Document
    ) -> Document:
        told: Document = {"conditions": status["conditions"]} if status.get("conditions") else {}
        told |= {key: status[key] for key in ("startTime", "completionTime") if key in status}
        told |= counts(active=active, succeeded=status.get("succeeded", 0), failed=status.get("failed", 0))
        return self.put_status(
            document, told | {"terminating": 0, "uncountedTerminatedPods": uncounted, "ready": ready}
        )

    def _release(self, pods: list[PodFacts]) -> None:
        for facts in pods:
            if _is_tracked(facts):
                self.world.store.modify("pods", *facts.key, _drop_finalizer)

    def _expire(self, document: Document) -> None:
        """Delete an ended Job when its time to live is over."""
        ttl = document["spec"].get("ttlSecondsAfterFinished")
        if ttl is None:
            return
        ended = parse_time(document["status"]["conditions"][-1]["lastTransitionTime"])
        key = (document["metadata"]["namespace"], document["metadata"]["name"])
        if self.world.now >= ended + ttl:
            self.world.store.delete("jobs", *key)
        else:
            self.look_at(key, ended + ttl - self.world.now + 0.1)


def _is_tracked(facts: PodFacts) -> bool:
    return TRACKING_FINALIZER.encode() in facts.entry.encoded


def _drop_finalizer(pod: Document) -> None:
    finalizers = [each for each in pod["metadata"].get("finalizers") or () if each != TRACKING_FINALIZER]
    pod["metadata"]["finalizers"] = finalizers
    if not finalizers:
        del pod["metadata"]["finalizers"]


def _finished_at(facts: PodFacts) -> float:
    """When a pod's containers ended, or failing that, when it was created."""
    statuses = facts.entry.decode()["status"].get("containerStatuses") or ()
    ends = [
        parse_time(ended)
        for status in statuses
        if (ended := (status["state"].get("terminated") or {}).get("finishedAt"))
    ]
    return max(ends, default=facts.created)
