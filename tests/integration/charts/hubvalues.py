"""Values for the hub's chart, as people set them: each name says what is special."""

from __future__ import annotations

from typing import Any

DATABASE = "postgresql://farwatch:hunter2@db.example.com:5432/farwatch?sslmode=require"
ALERTING: dict[str, Any] = {
    "route": {"receiver": "on-call", "group_by": ["alertname", "cluster"]},
    "receivers": [
        {
            "name": "on-call",
            "slack_configs": [{"api_url_file": "/etc/farwatch/secrets/slack-webhook", "channel": "#ops"}],
        }
    ],
    "templates": ["/etc/farwatch/alerting/*.tmpl"],
}
SLACK: dict[str, Any] = {
    "alerting": {
        "config": ALERTING,
        "existingSecret": "farwatch-receivers",
        "templates": {"ours.tmpl": '{{ define "ours" }}{{ .Status }}{{ end }}'},
    }
}
NOBODY: dict[str, Any] = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}
PEERS = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}}]
SHARED: dict[str, Any] = {
    "replicas": 2,
    "database": {"existingSecret": "cluster-app"},
    "clickhouse": {"existingSecret": "telemetry"},
}

VALUE_SETS: dict[str, dict[str, Any]] = {
    "least": {},
    "own-admin-token": {"adminToken": {"existingSecret": "farwatch-admin", "key": "token"}},
    "given-admin-token": {"adminToken": {"value": "a-token-of-my-own-choice"}},
    "given-admin-password": {"adminPassword": "a password of my own choice"},
    "slack": SLACK,
    "own-configuration": {"alerting": {"existingConfigMap": "alerting", "reloadSeconds": 30}},
    "detectors": {"detectors": {"config": {"detectors": {"KubePodCrashLooping": {"hold": "5m"}}}}},
    "own-detectors": {"detectors": {"existingConfigMap": "detectors"}},
    "postgresql": {"database": {"url": DATABASE}},
    "own-postgresql": {"database": {"existingSecret": "cluster-app", "key": "uri"}},
    "clickhouse": {
        "clickhouse": {"existingSecret": "telemetry", "key": "url"},
        "backup": {"enabled": True},
    },
    "replicas": SHARED,
    "replicas-spread": SHARED
    | {
        "replicas": 3,
        "clickhouse": {"existingSecret": "telemetry", "caSecret": "clickhouse-ca", "caKey": "tls.crt"},
        "database": {"url": DATABASE},
        "topologySpreadConstraints": [
            {"topologyKey": "rack", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"}
        ],
        "metrics": {"serviceMonitor": {"enabled": True}},
        "alertmanagerApi": {"enabled": True},
        "networkPolicy": {"enabled": True, "alertmanagerFrom": PEERS},
    },
    "retention": {"retention": {"days": 30, "tables": {"changes": 7, "alert_events": 365}}},
    "patient": {"agentGraceSeconds": 120, "evidenceWaitSeconds": 0},
    "single-sign-on": {
        "sso": {"existingSecret": "farwatch-sso"},
        "externalUrl": "https://hub.example.com",
        "trustedProxies": ["10.0.0.0/8", "fd00::7"],
    },
    "heartbeat": {"heartbeat": {"url": "https://hc-ping.example.com/uuid", "intervalSeconds": 30}},
    "own-heartbeat": {"heartbeat": {"existingSecret": "heartbeat", "key": "url"}},
    "alertmanager": {"alertmanagerApi": {"enabled": True, "port": 9094, "auth": "none"}},
    "bootstrap": {"bootstrap": {"clusterName": "home", "existingSecret": "first", "key": "token"}},
    "large-volume": {
        "persistence": {
            "size": "200Gi",
            "storageClass": "fast",
            "accessMode": "ReadWriteOncePod",
            "annotations": {"velero.io/exclude": "true"},
        }
    },
    "own-volume": {"persistence": {"existingClaim": "farwatch"}},
    "volume-that-goes": {"persistence": {"retain": False}},
    "no-volume": {"persistence": {"enabled": False}},
    "backups": {"backup": {"enabled": True, "schedule": "@hourly", "keep": 48}},
    "backups-elsewhere": {
        "backup": {"enabled": True, "persistence": {"existingClaim": "nfs", "accessMode": "ReadWriteMany"}},
        "restore": {"from": "20261121T021700Z"},
        "database": {"url": DATABASE},
    },
    "load-balancer": {
        "service": {"type": "LoadBalancer", "port": 80, "annotations": {"cloud.example.com/internal": "1"}},
        "externalUrl": "https://hub.example.com/",
    },
    "ingress": {
        "ingress": {
            "enabled": True,
            "host": "hub.example.com",
            "className": "nginx",
            "annotations": {"nginx.ingress.kubernetes.io/proxy-read-timeout": "3600"},
            "tls": {"secretName": "wildcard"},
        }
    },
    "ingress-issued": {
        "ingress": {"enabled": True, "host": "hub.example.com", "tls": {"clusterIssuer": "letsencrypt"}}
    },
    "ingress-behind-tls": {
        "ingress": {"enabled": True, "host": "hub.example.com", "tls": {"enabled": False}}
    },
    "gateway": {
        "httpRoute": {
            "enabled": True,
            "parentRefs": [{"name": "public", "namespace": "gateways", "sectionName": "https"}],
            "hostnames": ["hub.example.com"],
            "annotations": {"a": "b"},
        }
    },
    "monitored": {
        "metrics": {
            "serviceMonitor": {
                "enabled": True,
                "interval": "30s",
                "labels": {"release": "prometheus"},
                "tokenSecret": "scrape",
            }
        }
    },
    "network-policy": {"networkPolicy": {"enabled": True}, "podDisruptionBudget": {"enabled": True}},
    "network-policy-narrow": {
        "networkPolicy": {
            "enabled": True,
            "from": PEERS,
            "alertmanagerFrom": PEERS,
            "egress": [{"ports": [{"port": 443}]}],
        },
        "alertmanagerApi": {"enabled": True},
    },
    "private-registry": {
        "image": {
            "repository": "registry.example.com/farwatch/hub",
            "tag": "1.2.3",
            "digest": "sha256:" + "0" * 64,
            "pullPolicy": "Always",
            "pullSecrets": ["pull"],
        },
        "backup": {"enabled": True},
        "serviceAccount": {"create": False, "name": "robot"},
    },
    "decorated": {
        "commonLabels": {"team": "sre", "app.kubernetes.io/part-of": "platform"},
        "podLabels": {"sidecar.istio.io/inject": "false", "app.kubernetes.io/component": "mine"},
        "podAnnotations": {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"},
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"key": "infra", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
        "priorityClassName": "system-cluster-critical",
        "terminationGracePeriodSeconds": 60,
        "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}],
        "extraArgs": ["--agent-grace=60"],
        "extraVolumes": [{"name": "scratch", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "scratch", "mountPath": "/scratch"}],
    },
    "renamed": {"fullnameOverride": "watch", "nameOverride": "w", "logLevel": "debug"},
    "long-name": {
        "fullnameOverride": "a-name-that-is-longer-than-any-label-of-kubernetes-may-be-at-all",
        "backup": {"enabled": True},
    },
    "openshift": {"podSecurityContext": {"runAsUser": None, "runAsGroup": None, "fsGroup": None}},
}
