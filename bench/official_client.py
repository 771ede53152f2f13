"""The same job with the official `kubernetes` client: list and watch pods, post a webhook when one crash loops.

No link and no hub: it posts right away, which flatters it. Prints "synced" when it has listed every pod.
"""

from __future__ import annotations

import argparse
import json
import urllib.request
from typing import Any

from kubernetes import client, config, watch


def post(url: str, name: str) -> None:
    request = urllib.request.Request(
        url, json.dumps({"pod": name}).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request).close()


def is_crash_looping(pod: Any) -> bool:
    for status in pod.status.container_statuses or ():
        waiting = status.state.waiting if status.state else None
        if waiting is not None and waiting.reason == "CrashLoopBackOff":
            return True
    return False


def run(kubeconfig: str, webhook: str) -> None:
    config.load_kube_config(kubeconfig)
    core = client.CoreV1Api()
    pods: dict[str, Any] = {}
    token = ""
    while True:
        page = core.list_pod_for_all_namespaces(limit=250, _continue=token)
        pods.update((pod.metadata.uid, pod) for pod in page.items)
        token = page.metadata.to_dict()["_continue"]
        if not token:
            break
    print("synced", len(pods), flush=True)
    told = {uid for uid, pod in pods.items() if is_crash_looping(pod)}
    for event in watch.Watch().stream(
        core.list_pod_for_all_namespaces, resource_version=page.metadata.resource_version
    ):
        pod = event["object"]
        pods[pod.metadata.uid] = pod
        if is_crash_looping(pod) and pod.metadata.uid not in told:
            told.add(pod.metadata.uid)
            post(webhook, pod.metadata.name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--webhook", required=True)
    arguments = parser.parse_args()
    run(arguments.kubeconfig, arguments.webhook)
