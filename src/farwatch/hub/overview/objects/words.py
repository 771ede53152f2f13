"""What a status means, in a sentence or two that a newcomer understands. Pure."""

from __future__ import annotations

from farwatch.hub.inventory import Level, Status
from farwatch.kube.objects import KubeObject, Pod

_OF_PODS = {
    "Running": "It runs.",
    "Completed": "Its containers have done their work and ended well.",
    "Succeeded": "Its containers have done their work and ended well.",
    "CrashLoopBackOff": "A container ends soon after each start; the kubelet waits longer and longer before it starts it again.",
    "ImagePullBackOff": "An image cannot be pulled; the kubelet tries again after a while.",
    "ErrImagePull": "An image cannot be pulled.",
    "InvalidImageName": "The name of an image is not one that can be pulled.",
    "ErrImageNeverPull": "An image is not on the node, and the pod forbids to pull it.",
    "CreateContainerConfigError": "A container cannot be made: something that it refers to, such as a ConfigMap or a Secret, is missing.",
    "CreateContainerError": "A container cannot be made.",
    "RunContainerError": "A container cannot be started.",
    "ContainerCreating": "Its containers are being made: images are pulled and volumes mounted.",
    "PodInitializing": "Its init containers are through; the others are about to start.",
    "Pending": "No node has taken it yet.",
    "SchedulingGated": "It waits for somebody to lift a scheduling gate before a node is looked for.",
    "OOMKilled": "A container needed more memory than its limit and was killed.",
    "Error": "A container has ended with an error.",
    "Evicted": "Its node ran short of something and threw it out; its workload makes another one.",
    "Terminating": "It is being deleted, and its containers are given time to end.",
    "NotReady": "It runs, but is not ready to answer.",
    "Unknown": "Its node no longer tells how it is.",
    "NodeLost": "Its node no longer tells how it is.",
    "Failed": "Its containers have ended, and at least one of them badly.",
    "ContainerStatusUnknown": "Nobody can say how a container ended: its node lost track of it.",
    "DeadlineExceeded": "It ran for longer than it was allowed to.",
    "Preempting": "It makes room for a pod of higher priority.",
    "NodeAffinity": "Its node no longer fits what it asks of one.",
}
_OF_OTHERS = {
    "Ready": "It is ready to run pods.",
    "NotReady": "It is not ready: its pods may be gone soon, and it is given no new ones.",
    "SchedulingDisabled": "It is cordoned: it is given no new pods.",
    "Available": "All its replicas are there and available.",
    "Progressing": "A rollout is under way.",
    "Stalled": "A rollout does not get on, and has taken longer than it may.",
    "Paused": "Its rollout is paused: changes of its template wait.",
    "Degraded": "Some of its replicas are missing.",
    "Unavailable": "None of its replicas is there.",
    "ReplicaFailure": "Pods cannot be made.",
    "ScaledToZero": "It is scaled to zero: it runs nothing.",
    "NoNodes": "No node fits what it asks of one: it runs nowhere.",
    "Complete": "It has done its work.",
    "Failed": "It has failed and is not tried again.",
    "Running": "It is at work.",
    "Suspended": "It is suspended.",
    "Scheduled": "It waits for its next time.",
    "Active": "",
    "Bound": "It is bound.",
    "Pending": "It waits to be served.",
    "Lost": "What it was bound to is gone: its data may be, too.",
    "Terminating": "It is being deleted.",
    "AtMaximum": "It would scale further, but has reached its maximum.",
    "UnableToScale": "It cannot change the number of replicas.",
    "ScalingInactive": "It cannot tell how many replicas are needed.",
    "ScalingDisabled": "It does nothing while its target is scaled to zero.",
    "Scaling": "It keeps the number of replicas as its metrics ask.",
    "Unhealthy": "Fewer pods are healthy than should be.",
    "NoDisruptions": "As many pods are away as may be.",
    "DisruptionsAllowed": "Pods may be evicted.",
    "UsedUp": "Some of it is used up: what needs more is refused.",
    "WithinLimits": "There is room left.",
}


def explain(kind: str, found: KubeObject, status: Status) -> str:
    """What a status means, with its reason."""
    words = _of_pod(status.word) if isinstance(found, Pod) else _of_other(kind, status.word)
    if status.level in {Level.OK, Level.DONE} and words:
        return words
    reason = status.reason and status.reason[0].upper() + status.reason[1:]
    return " ".join(part for part in (words, _end(reason)) if part) or f"{status.word}."


def _of_pod(word: str) -> str:
    if word.startswith("Init:"):
        inner = word.removeprefix("Init:")
        if inner[:1].isdigit():
            done, _, total = inner.partition("/")
            return f"Its init containers run one after the other: {done} of {total} are through."
        return f"An init container is in the way of its start. {_of_pod(inner)}".strip()
    if word.startswith("ExitCode:"):
        return f"A container has ended with the exit code {word.removeprefix('ExitCode:')}."
    if word.startswith("Signal:"):
        return f"A container was ended by the signal {word.removeprefix('Signal:')}."
    return _OF_PODS.get(word, "")


def _of_other(kind: str, word: str) -> str:
    if kind == "Node":
        return " ".join(_OF_OTHERS[part] for part in word.split(",") if part in _OF_OTHERS)
    return _OF_OTHERS.get(word, "")


def _end(sentence: str) -> str:
    return sentence if not sentence or sentence.endswith((".", "…", "!", "?")) else f"{sentence}."
