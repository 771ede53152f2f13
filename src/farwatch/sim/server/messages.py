"""Kubernetes' protobuf messages, as far as kubectl writes them: ``kubectl create``, ``drain`` and ``auth``.

Everything else kubectl writes as JSON. Field numbers: the files ``generated.proto`` under ``staging/src/k8s.io`` of
Kubernetes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias


class Scalar(Enum):
    """A field's type when it is no message."""

    STRING = "string"
    RAW = "raw"
    """Bytes as they are."""
    BYTES = "bytes"
    """Bytes that are base64 in JSON."""
    INTEGER = "integer"
    BOOLEAN = "boolean"
    QUANTITY = "quantity"
    INT_OR_STRING = "int or string"
    IGNORED = "ignored"


@dataclass(frozen=True)
class Many:
    """A list."""

    of: FieldType


@dataclass(frozen=True)
class Mapped:
    """A map from strings."""

    to: FieldType


Message: TypeAlias = dict[int, tuple[str, "FieldType"]]
"""Field number to name and type."""
FieldType: TypeAlias = Scalar | Many | Mapped | Message

STRING, INTEGER, BOOLEAN = Scalar.STRING, Scalar.INTEGER, Scalar.BOOLEAN
_STRINGS = Many(STRING)
_LABELS = Mapped(STRING)

TYPE_META: Message = {1: ("apiVersion", STRING), 2: ("kind", STRING)}
ENVELOPE: Message = {1: ("typeMeta", TYPE_META), 2: ("raw", Scalar.RAW)}

_OWNER: Message = {
    1: ("kind", STRING),
    3: ("name", STRING),
    4: ("uid", STRING),
    5: ("apiVersion", STRING),
    6: ("controller", BOOLEAN),
    7: ("blockOwnerDeletion", BOOLEAN),
}
_META: Message = {
    1: ("name", STRING),
    2: ("generateName", STRING),
    3: ("namespace", STRING),
    11: ("labels", _LABELS),
    12: ("annotations", _LABELS),
    13: ("ownerReferences", Many(_OWNER)),
    14: ("finalizers", _STRINGS),
}
_EXPRESSION: Message = {1: ("key", STRING), 2: ("operator", STRING), 3: ("values", _STRINGS)}
_SELECTOR: Message = {1: ("matchLabels", _LABELS), 2: ("matchExpressions", Many(_EXPRESSION))}


def _object(**fields: FieldType) -> Message:
    """A message with metadata as its first field and the given ones behind it, in their order."""
    return {1: ("metadata", _META)} | dict(enumerate(fields.items(), start=2))


def _specified(spec: Message) -> Message:
    return _object(spec=spec, status=Scalar.IGNORED)


# --- workloads ------------------------------------------------------------------------------------------------

_PORT: Message = {
    1: ("name", STRING),
    3: ("containerPort", INTEGER),
    4: ("protocol", STRING),
    5: ("hostIP", STRING),
}
_CONTAINER: Message = {
    1: ("name", STRING),
    2: ("image", STRING),
    3: ("command", _STRINGS),
    4: ("args", _STRINGS),
    5: ("workingDir", STRING),
    6: ("ports", Many(_PORT)),
    13: ("terminationMessagePath", STRING),
    14: ("imagePullPolicy", STRING),
    20: ("terminationMessagePolicy", STRING),
}
_POD: Message = {
    2: ("containers", Many(_CONTAINER)),
    3: ("restartPolicy", STRING),
    4: ("terminationGracePeriodSeconds", INTEGER),
    6: ("dnsPolicy", STRING),
    7: ("nodeSelector", _LABELS),
    8: ("serviceAccountName", STRING),
    9: ("serviceAccount", STRING),
    14: ("securityContext", {}),
    19: ("schedulerName", STRING),
}
_TEMPLATE = _object(spec=_POD)
_DEPLOYMENT: Message = {
    1: ("replicas", INTEGER),
    2: ("selector", _SELECTOR),
    3: ("template", _TEMPLATE),
    4: ("strategy", {1: ("type", STRING)}),
}
_JOB: Message = {
    1: ("parallelism", INTEGER),
    2: ("completions", INTEGER),
    6: ("template", _TEMPLATE),
    7: ("backoffLimit", INTEGER),
    8: ("ttlSecondsAfterFinished", INTEGER),
    9: ("completionMode", STRING),
    10: ("suspend", BOOLEAN),
}
_CRON_JOB: Message = {
    1: ("schedule", STRING),
    3: ("concurrencyPolicy", STRING),
    4: ("suspend", BOOLEAN),
    5: ("jobTemplate", _object(spec=_JOB)),
    6: ("successfulJobsHistoryLimit", INTEGER),
    7: ("failedJobsHistoryLimit", INTEGER),
    8: ("timeZone", STRING),
}

# --- the rest -------------------------------------------------------------------------------------------------

_RULE: Message = {
    1: ("verbs", _STRINGS),
    2: ("apiGroups", _STRINGS),
    3: ("resources", _STRINGS),
    4: ("resourceNames", _STRINGS),
    5: ("nonResourceURLs", _STRINGS),
}
_SUBJECT: Message = {
    1: ("kind", STRING),
    2: ("apiGroup", STRING),
    3: ("name", STRING),
    4: ("namespace", STRING),
}
_ROLE_REF: Message = {1: ("apiGroup", STRING), 2: ("kind", STRING), 3: ("name", STRING)}
_BINDING = _object(subjects=Many(_SUBJECT), roleRef=_ROLE_REF)
_QUOTA: Message = {1: ("hard", Mapped(Scalar.QUANTITY)), 2: ("scopes", _STRINGS)}
_BUDGET: Message = {
    1: ("minAvailable", Scalar.INT_OR_STRING),
    2: ("selector", _SELECTOR),
    3: ("maxUnavailable", Scalar.INT_OR_STRING),
}
_SERVICE_PORT: Message = {
    1: ("name", STRING),
    2: ("protocol", STRING),
    3: ("port", INTEGER),
    4: ("targetPort", Scalar.INT_OR_STRING),
}
_SERVICE: Message = {
    1: ("ports", Many(_SERVICE_PORT)),
    2: ("selector", _LABELS),
    3: ("clusterIP", STRING),
    4: ("type", STRING),
    10: ("externalName", STRING),
}
_DELETE_OPTIONS: Message = {
    1: ("gracePeriodSeconds", INTEGER),
    2: ("preconditions", {1: ("uid", STRING), 2: ("resourceVersion", STRING)}),
    4: ("propagationPolicy", STRING),
    5: ("dryRun", _STRINGS),
}
_ACCESS: Message = {
    1: ("namespace", STRING),
    2: ("verb", STRING),
    3: ("group", STRING),
    4: ("version", STRING),
    5: ("resource", STRING),
    6: ("subresource", STRING),
    7: ("name", STRING),
}
_PATH: Message = {1: ("path", STRING), 2: ("verb", STRING)}
_TOKEN: Message = {
    1: ("audiences", _STRINGS),
    3: (
        "boundObjectRef",
        {1: ("kind", STRING), 2: ("apiVersion", STRING), 3: ("name", STRING), 4: ("uid", STRING)},
    ),
    4: ("expirationSeconds", INTEGER),
}

KINDS: dict[str, Message] = {
    "ClusterRole": _object(rules=Many(_RULE)),
    "ClusterRoleBinding": _BINDING,
    "ConfigMap": _object(data=_LABELS, binaryData=Mapped(Scalar.BYTES), immutable=BOOLEAN),
    "CronJob": _specified(_CRON_JOB),
    "DeleteOptions": _DELETE_OPTIONS,
    "Deployment": _specified(_DEPLOYMENT),
    "Eviction": _object(deleteOptions=_DELETE_OPTIONS),
    "Job": _specified(_JOB),
    "Namespace": _specified({1: ("finalizers", _STRINGS)}),
    "PodDisruptionBudget": _specified(_BUDGET),
    "ResourceQuota": _specified(_QUOTA),
    "Role": _object(rules=Many(_RULE)),
    "RoleBinding": _BINDING,
    "Secret": _object(data=Mapped(Scalar.BYTES), type=STRING, stringData=_LABELS, immutable=BOOLEAN),
    "SelfSubjectAccessReview": _specified(
        {1: ("resourceAttributes", _ACCESS), 2: ("nonResourceAttributes", _PATH)}
    ),
    "SelfSubjectReview": _object(status=Scalar.IGNORED),
    "SelfSubjectRulesReview": _specified({1: ("namespace", STRING)}),
    "Service": _specified(_SERVICE),
    "ServiceAccount": _object(),
    "TokenRequest": _object(spec=_TOKEN, status=Scalar.IGNORED),
}
