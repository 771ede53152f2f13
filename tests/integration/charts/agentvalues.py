"""Values for the agent's chart, as people set them: each name says what is special."""

from __future__ import annotations

from typing import Any

TOKEN = "fwa_0123456789ab_" + "x" * 43
KEY = "fwo_0123456789ab_" + "x" * 43
HUB = {"url": "https://hub.example.com"}
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
LEAST: dict[str, Any] = {"hub": HUB, "agentToken": TOKEN}
ACTIONS = ["restart", "scale", "delete-pod", "run-job"]

VALUE_SETS: dict[str, dict[str, Any]] = {
    "least": LEAST,
    "organisation-key": {"hub": HUB, "apiKey": KEY, "clusterName": "prod-eu-west-1"},
    "existing-secret": {"hub": HUB, "existingSecret": "farwatch-token"},
    "replicas": LEAST | {"replicas": 3},
    "replicas-without-budget": LEAST | {"replicas": 2, "podDisruptionBudget": {"enabled": False}},
    "daemonset": LEAST | {"mode": "daemonset"},
    "daemonset-with-logs": LEAST | {"mode": "daemonset", "features": {"logs": True, "nodeMetrics": True}},
    "some-namespaces": LEAST | {"watchNamespaces": ["shop", "farwatch", "kube-system"]},
    "some-namespaces-daemonset": LEAST | {"watchNamespaces": ["shop"], "mode": "daemonset"},
    "not-some-namespaces": LEAST | {"excludeNamespaces": ["kube-system", "dev"]},
    "no-events-no-logs": LEAST | {"features": {"events": False}, "evidence": {"podLogs": False}},
    "every-feature": LEAST
    | {
        "features": {"events": True, "nodeMetrics": True, "logs": True, "profiles": True},
        "mode": "daemonset",
    },
    "proxy": LEAST
    | {"proxy": {"https": "http://me:secret@proxy.example.com:3128", "noProxy": "10.0.0.0/8,.corp"}},
    "proxies": LEAST
    | {"proxy": {"http": "proxy:80", "https": "https://proxy", "noProxy": ["10.0.0.0/8", ".corp"]}},
    "proxy-of-a-secret": LEAST | {"proxy": {"existingSecret": "corp-proxy"}},
    "private-ca": LEAST | {"caBundle": PEM + PEM},
    "in-the-clear": {
        "hub": {"url": "http://10.1.2.3:8080/farwatch", "allowInsecure": True},
        "agentToken": TOKEN,
    },
    "metrics": LEAST | {"metrics": {"enabled": True, "port": 9100}},
    "service-monitor": LEAST
    | {
        "metrics": {
            "enabled": True,
            "serviceMonitor": {"enabled": True, "interval": "30s", "labels": {"release": "prometheus"}},
        }
    },
    "pod-monitor": LEAST
    | {"metrics": {"enabled": True, "podMonitor": {"enabled": True}}, "mode": "daemonset"},
    "network-policy": LEAST | {"networkPolicy": {"enabled": True}, "metrics": {"enabled": True}},
    "network-policy-narrow": LEAST
    | {
        "hub": {"url": "wss://hub.example.com:8443"},
        "proxy": {"https": "http://proxy:3128"},
        "networkPolicy": {
            "enabled": True,
            "hubCIDRs": ["203.0.113.0/24"],
            "apiServerCIDRs": ["10.0.0.1/32", "10.0.0.2/32"],
            "apiServerPorts": [6443],
            "extraEgress": [{"to": [{"namespaceSelector": {}}], "ports": [{"port": 3129}]}],
        },
    },
    "every-action": LEAST | {"actions": {"enabled": True, "allow": [*ACTIONS, "cordon"]}},
    "actions-in-namespaces": LEAST
    | {"actions": {"enabled": True, "allow": ACTIONS, "namespaces": ["shop", "dev"]}},
    "actions-where-it-watches": LEAST
    | {"actions": {"enabled": True, "allow": ["restart"]}, "watchNamespaces": ["shop"]},
    "own-accounts": LEAST
    | {
        "serviceAccount": {"create": False, "name": "robot"},
        "rbac": {"create": False},
        "ownerReferences": {"enabled": False},
    },
    "cloud-account": LEAST
    | {"serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/x"}}},
    "private-registry": LEAST
    | {
        "image": {
            "repository": "registry.example.com/farwatch/agent",
            "tag": "1.2.3",
            "digest": "sha256:" + "0" * 64,
            "pullPolicy": "Always",
            "pullSecrets": ["pull"],
        }
    },
    "placement": LEAST
    | {
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"key": "infra", "operator": "Exists", "effect": "NoSchedule"}],
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [{"matchExpressions": [{"key": "x", "operator": "Exists"}]}]
                }
            }
        },
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "topology.kubernetes.io/zone",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {"app.kubernetes.io/component": "agent"}},
            }
        ],
        "priorityClassName": "system-cluster-critical",
        "updateStrategy": {"type": "Recreate"},
        "revisionHistoryLimit": 1,
    },
    "decorated": LEAST
    | {
        "commonLabels": {"team": "sre", "app.kubernetes.io/part-of": "platform"},
        "podLabels": {"sidecar.istio.io/inject": "false", "app.kubernetes.io/component": "mine"},
        "podAnnotations": {"cluster-autoscaler.kubernetes.io/safe-to-evict": "true"},
        "extraEnv": [{"name": "TZ", "value": "Europe/Paris"}],
        "extraVolumes": [{"name": "scratch", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "scratch", "mountPath": "/tmp"}],
    },
    "renamed": LEAST | {"fullnameOverride": "watcher", "nameOverride": "w", "logLevel": "debug"},
    "long-name": LEAST
    | {"fullnameOverride": "a-name-that-is-longer-than-any-label-of-kubernetes-may-be-at-all"},
    "openshift": LEAST | {"podSecurityContext": {"runAsUser": None, "runAsGroup": None, "fsGroup": None}},
}
