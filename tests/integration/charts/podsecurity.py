"""The Pod Security Standard "restricted" as a list of rules, baseline included.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/, as of Kubernetes 1.29 and later.
"""

from __future__ import annotations

from typing import Any

_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
_SECCOMP = {"RuntimeDefault", "Localhost"}
_SYSCTLS = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_syncookies",
}


def violations(spec: dict[str, Any]) -> list[str]:
    """What of a pod's spec the level "restricted" does not allow; each names the field."""
    pod = spec.get("securityContext") or {}
    found = [field for field in ("hostNetwork", "hostPID", "hostIPC") if spec.get(field)]
    found += [
        f"volume {each['name']}: {kind}"
        for each in spec.get("volumes") or ()
        for kind in each.keys() - {"name"}
        if kind not in _VOLUMES
    ]
    found += [f"sysctl {each['name']}" for each in pod.get("sysctls") or () if each["name"] not in _SYSCTLS]
    if pod.get("windowsOptions", {}).get("hostProcess"):
        found.append("windowsOptions.hostProcess")
    for group in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(group) or ():
            found += [f"{container['name']}: {what}" for what in _container(container, pod)]
    return found


def _container(container: dict[str, Any], pod: dict[str, Any]) -> list[str]:
    own = container.get("securityContext") or {}
    both = pod | own
    capabilities = own.get("capabilities") or {}
    seccomp = (both.get("seccompProfile") or {}).get("type")
    rules = {
        "privileged": not own.get("privileged"),
        "allowPrivilegeEscalation is not false": own.get("allowPrivilegeEscalation") is False,
        "runAsNonRoot is not true": both.get("runAsNonRoot") is True,
        "runAsUser is 0": both.get("runAsUser") != 0,
        f"seccompProfile {seccomp}": seccomp in _SECCOMP,
        "capabilities.drop lacks ALL": "ALL" in (capabilities.get("drop") or ()),
        "capabilities.add": set(capabilities.get("add") or ()) <= {"NET_BIND_SERVICE"},
        "procMount": both.get("procMount", "Default") == "Default",
        "hostPort": not any(port.get("hostPort") for port in container.get("ports") or ()),
        "seLinuxOptions": not (both.get("seLinuxOptions") or {}).keys() & {"user", "role"},
        "appArmorProfile": (both.get("appArmorProfile") or {}).get("type", "RuntimeDefault") != "Unconfined",
    }
    return [what for what, kept in rules.items() if not kept]
