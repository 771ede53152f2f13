"""A pod's status as kubelets write it: pure changes of a pod document.

Conditions, their order, reasons and messages follow kubelet (``pkg/kubelet/status/generate.go``) as recorded from
v1.36.
"""

from __future__ import annotations

from typing import Any

from farwatch.sim.engine.quantities import read_quantity, write_quantity
from farwatch.sim.times import format_time

Document = dict[str, Any]

_KUBELET_CONDITIONS = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
_ENDED = {"Succeeded": "PodCompleted", "Failed": "PodFailed"}


def set_condition(
    pod: Document, kind: str, status: str, now: float, *, reason: str = "", message: str = ""
) -> None:
    """Set one condition; the time of its last transition stays unless its status changes."""
    conditions: list[Document] = pod["status"].setdefault("conditions", [])
    place = next((i for i, condition in enumerate(conditions) if condition["type"] == kind), None)
    condition: Document = {"type": kind, "observedGeneration": pod["metadata"].get("generation", 1)}
    condition |= {"status": status, "lastProbeTime": None, "lastTransitionTime": format_time(now)}
    if place is not None and conditions[place]["status"] == status:
        condition["lastTransitionTime"] = conditions[place]["lastTransitionTime"]
    condition |= ({"reason": reason} if reason else {}) | ({"message": message} if message else {})
    if place is None:
        conditions.append(condition)
    else:
        conditions[place] = condition


def begin(pod: Document, host_ip: str, now: float) -> None:
    """What a kubelet says first of a pod it was given: it is creating the containers."""
    old = pod["status"]
    pod["status"] = {"observedGeneration": 1, "phase": "Pending", "conditions": old.get("conditions") or []}
    pod["status"] |= {"hostIP": host_ip, "hostIPs": [{"ip": host_ip}], "startTime": format_time(now)}
    pod["status"]["containerStatuses"] = [_waiting_container(each) for each in pod["spec"]["containers"]]
    if "qosClass" in old:
        pod["status"]["qosClass"] = old["qosClass"]
    pod["status"] |= _resources(total_resources(pod["spec"]["containers"]))
    set_condition(pod, "PodReadyToStartContainers", "False", now)
    set_condition(pod, "Initialized", "True", now)
    set_condition(pod, "PodScheduled", "True", now)
    refresh(pod, now)
    order = {kind: i for i, kind in enumerate(_KUBELET_CONDITIONS)}
    pod["status"]["conditions"].sort(key=lambda condition: order.get(condition["type"], -1))


def _waiting_container(container: Document) -> Document:
    status: Document = {"name": container["name"], "state": {"waiting": {"reason": "ContainerCreating"}}}
    status |= {"lastState": {}, "ready": False, "restartCount": 0}
    status |= {"image": container["image"], "imageID": "", "started": False}
    if mounts := container.get("volumeMounts"):
        status["volumeMounts"] = [_mounted(mount) for mount in mounts]
    return status


def _mounted(mount: Document) -> Document:
    mounted = {"name": mount["name"], "mountPath": mount["mountPath"]}
    return mounted | ({"readOnly": True, "recursiveReadOnly": "Disabled"} if mount.get("readOnly") else {})


def give_address(pod: Document, pod_ip: str) -> None:
    """Tell the pod's address, known once its sandbox stands."""
    pod["status"] |= {"podIP": pod_ip, "podIPs": [{"ip": pod_ip}]}


def wait(container: Document, reason: str, message: str = "") -> None:
    """A container is not running, or not again; how its last run ended moves to ``lastState``."""
    _move_to_last(container)
    container["state"] = {"waiting": {"reason": reason} | ({"message": message} if message else {})}
    container |= {"ready": False, "started": False}


def total_resources(containers: list[Document]) -> Document:
    """Requests and limits of all containers together, as the pod's own status tells them."""
    total: dict[str, dict[str, str]] = {}
    for container in containers:
        for what, quantities in (container.get("resources") or {}).items():
            sums = total.setdefault(what, {})
            for name, quantity in quantities.items():
                so_far = read_quantity(sums[name]) if name in sums else 0.0
                sums[name] = write_quantity(so_far + read_quantity(quantity), quantity)
    return total


def _resources(resources: Document) -> Document:
    allocated = {"allocatedResources": resources["requests"]} if resources.get("requests") else {}
    return allocated | {"resources": resources}


def run(container: Document, spec: Document, container_id: str, now: float, *, ready: bool) -> None:
    """A container, whose part of the pod's spec is ``spec``, started; again, if it has a run behind it."""
    _move_to_last(container)
    if container["lastState"]:
        container["restartCount"] += 1
    container["state"] = {"running": {"startedAt": format_time(now)}}
    container |= {"ready": ready, "imageID": container["image"], "containerID": container_id, "started": True}
    container |= _resources(spec.get("resources") or {})


def _move_to_last(container: Document) -> None:
    if "terminated" in container["state"]:
        container["lastState"] = container["state"]


def end(container: Document, exit_code: int, reason: str, now: float) -> None:
    """A container's process ended."""
    running = container["state"].get("running")
    ended: Document = {"exitCode": exit_code, "reason": reason}
    ended |= {"startedAt": (running or {}).get("startedAt"), "finishedAt": format_time(now)}
    ended["containerID"] = container.get("containerID", "")
    container["state"] = {"terminated": ended}
    container |= {"ready": False, "started": False}


def lose(container: Document) -> None:
    """A container that never started, when its pod is stopped."""
    lost: Document = {"exitCode": 137, "reason": "ContainerStatusUnknown"}
    lost["message"] = "The container could not be located when the pod was terminated"
    container["state"] = {"terminated": lost | {"startedAt": None, "finishedAt": None}}


def show_last_run(pod: Document) -> None:
    """When a pod stops, a container that waits to run again shows how it ended; one that never ran waits anew."""
    for container in pod["status"].get("containerStatuses") or ():
        if "waiting" not in container["state"]:
            continue
        container["state"] = container["lastState"] or {"waiting": {"reason": "ContainerCreating"}}


def refresh(pod: Document, now: float, ending: str = "") -> None:
    """Bring Ready and ContainersReady in line with the containers; ``ending`` is the phase a pod will end in."""
    unready = [each["name"] for each in pod["status"].get("containerStatuses") or () if not each["ready"]]
    reason, message = _ENDED.get(ending, ""), ""
    if unready and not reason:
        reason, message = "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]"
    status = "False" if reason else "True"
    if ending == "Succeeded":
        set_condition(pod, "Initialized", "True", now, reason=reason)
    set_condition(pod, "Ready", status, now, reason=reason, message=message)
    set_condition(pod, "ContainersReady", status, now, reason=reason, message=message)
