{{- define "farwatch-agent.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 40 characters, so that what is put behind it still fits into a name. */}}
{{- define "farwatch-agent.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains .Release.Name $name -}}
{{- $name | trunc 40 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Outside the release's namespace a name says where it belongs. */}}
{{- define "farwatch-agent.globalName" -}}
{{- printf "%s:%s" .Release.Namespace (include "farwatch-agent.fullname" .) -}}
{{- end -}}

{{- define "farwatch-agent.selectorLabels" -}}
app.kubernetes.io/name: {{ include "farwatch-agent.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "farwatch-agent.labels" -}}
{{- $own := fromYaml (include "farwatch-agent.ownLabels" .) -}}
{{- toYaml (merge $own .Values.commonLabels) -}}
{{- end -}}

{{- define "farwatch-agent.ownLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (.Chart.Version | replace "+" "_") | trunc 63 }}
{{ include "farwatch-agent.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: farwatch
{{- end -}}

{{- define "farwatch-agent.account" -}}
{{- default (ternary (include "farwatch-agent.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "farwatch-agent.actAccount" -}}
{{- printf "%s-act" (default (include "farwatch-agent.fullname" .) .Values.serviceAccount.name) -}}
{{- end -}}

{{- define "farwatch-agent.tokenSecret" -}}
{{- default (include "farwatch-agent.fullname" .) .Values.existingSecret -}}
{{- end -}}

{{- define "farwatch-agent.proxySecret" -}}
{{- if .Values.proxy.existingSecret -}}
{{- .Values.proxy.existingSecret -}}
{{- else if or .Values.proxy.http .Values.proxy.https -}}
{{- include "farwatch-agent.fullname" . }}-proxy
{{- end -}}
{{- end -}}

{{- define "farwatch-agent.noProxy" -}}
{{- $own := list "$(KUBERNETES_SERVICE_HOST)" "kubernetes.default.svc" ".svc" ".cluster.local" "localhost" "127.0.0.1" -}}
{{- $asked := .Values.proxy.noProxy -}}
{{- if not (kindIs "slice" $asked) -}}
{{- $asked = splitList "," $asked -}}
{{- end -}}
{{- concat $own (without $asked "") | join "," -}}
{{- end -}}

{{- define "farwatch-agent.image" -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}{{ with .Values.image.digest }}@{{ . }}{{ end }}
{{- end -}}

{{- define "farwatch-agent.pullSecrets" -}}
{{- with .Values.image.pullSecrets -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* The logs' folders belong to the group 0: as its member the agent reads them and still is not root. */}}
{{- define "farwatch-agent.podSecurityContext" -}}
{{- $context := deepCopy .Values.podSecurityContext -}}
{{- if and (eq .Values.mode "daemonset") .Values.features.logs -}}
{{- $_ := set $context "supplementalGroups" (append (default list $context.supplementalGroups) 0 | uniq) -}}
{{- end -}}
{{- toYaml $context -}}
{{- end -}}

{{- define "farwatch-agent.allowedCalls" -}}
agent.status{{ if .Values.evidence.podLogs }},pod.logs{{ end }}
{{- end -}}

{{- define "farwatch-agent.env" -}}
- name: FARWATCH_HUB
  value: {{ .Values.hub.url | trim | quote }}
- name: FARWATCH_TOKEN_FILE
  value: /var/run/farwatch/token
{{- with .Values.clusterName }}
- name: FARWATCH_CLUSTER_NAME
  value: {{ . | quote }}
{{- end }}
- name: FARWATCH_ROLE
  value: {{ ternary "node" "cluster" (eq .Values.mode "daemonset") }}
- name: FARWATCH_LEADER_ELECTION
  value: "true"
- name: FARWATCH_LEASE_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
- name: FARWATCH_POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: FARWATCH_NODE_NAME
  valueFrom:
    fieldRef:
      fieldPath: spec.nodeName
{{- with .Values.watchNamespaces }}
- name: FARWATCH_NAMESPACES
  value: {{ join "," . | quote }}
{{- end }}
{{- with .Values.excludeNamespaces }}
- name: FARWATCH_EXCLUDE_NAMESPACES
  value: {{ join "," . | quote }}
{{- end }}
- name: FARWATCH_EVENTS
  value: {{ .Values.features.events | quote }}
- name: FARWATCH_ALLOWED_CALLS
  value: {{ include "farwatch-agent.allowedCalls" . | quote }}
- name: FARWATCH_HEALTH_LISTEN
  value: ":13133"
{{- if .Values.metrics.enabled }}
- name: FARWATCH_METRICS_LISTEN
  value: {{ printf ":%v" .Values.metrics.port | quote }}
{{- end }}
{{- if .Values.caBundle }}
- name: FARWATCH_CA_FILE
  value: /etc/farwatch/ca/ca.crt
{{- end }}
{{- if .Values.hub.allowInsecure }}
- name: FARWATCH_ALLOW_INSECURE
  value: "true"
{{- end }}
- name: FARWATCH_LOG_LEVEL
  value: {{ .Values.logLevel }}
- name: FARWATCH_LOG_FORMAT
  value: json
{{- with include "farwatch-agent.proxySecret" . }}
{{- range list "HTTP_PROXY" "HTTPS_PROXY" }}
- name: {{ . }}
  valueFrom:
    secretKeyRef:
      name: {{ $.Secret | default (include "farwatch-agent.proxySecret" $) }}
      key: {{ . }}
      optional: true
{{- end }}
- name: NO_PROXY
  value: {{ include "farwatch-agent.noProxy" $ | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "farwatch-agent.volumeMounts" -}}
- name: token
  mountPath: /var/run/farwatch/token
  readOnly: true
{{- if .Values.caBundle }}
- name: ca
  mountPath: /etc/farwatch/ca
  readOnly: true
{{- end }}
{{- end -}}

{{- define "farwatch-agent.volumes" -}}
- name: token
  secret:
    secretName: {{ include "farwatch-agent.tokenSecret" . }}
    defaultMode: 0440
    optional: true
    items:
      - key: AGENT_TOKEN
        path: AGENT_TOKEN
      - key: API_KEY
        path: API_KEY
{{- if .Values.caBundle }}
- name: ca
  configMap:
    name: {{ include "farwatch-agent.fullname" . }}-ca
{{- end }}
{{- end -}}

{{/* In daemonset mode a tainted node has an agent as well. */}}
{{- define "farwatch-agent.tolerations" -}}
{{- if .Values.tolerations -}}
tolerations:
  {{- toYaml .Values.tolerations | nindent 2 }}
{{- else if eq .Values.mode "daemonset" -}}
tolerations:
  - operator: Exists
{{- end -}}
{{- end -}}
