{{- define "hub.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 40 characters, so that what is put behind it still fits into a name. */}}
{{- define "hub.fullname" -}}
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

{{- define "hub.selectorLabels" -}}
app.kubernetes.io/name: {{ include "hub.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "hub.labels" -}}
{{- $own := fromYaml (include "hub.ownLabels" .) -}}
{{- toYaml (merge $own .Values.commonLabels) -}}
{{- end -}}

{{- define "hub.ownLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (.Chart.Version | replace "+" "_") | trunc 63 }}
{{ include "hub.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: farwatch
{{- end -}}

{{/* Whether several pods share stores outside. */}}
{{- define "hub.shared" -}}
{{- if gt (int .Values.replicas) 1 }}true{{ end -}}
{{- end -}}

{{/* Pods that share stores run apart from one another, as far as that is possible. */}}
{{- define "hub.spread" -}}
{{- if .Values.topologySpreadConstraints -}}
{{- toYaml .Values.topologySpreadConstraints -}}
{{- else if include "hub.shared" . -}}
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
- topologyKey: {{ . }}
  maxSkew: 1
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "hub.selectorLabels" $ | nindent 6 }}
      app.kubernetes.io/component: hub
{{- end }}
{{- end -}}
{{- end -}}

{{/* What runs the pods, as kubectl names it. */}}
{{- define "hub.workload" -}}
{{ ternary "deployment" "statefulset" (ne (include "hub.shared" .) "") }}/{{ include "hub.fullname" . }}
{{- end -}}

{{- define "hub.account" -}}
{{- default (ternary (include "hub.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "hub.image" -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}{{ with .Values.image.digest }}@{{ . }}{{ end }}
{{- end -}}

{{- define "hub.pullSecrets" -}}
{{- with .Values.image.pullSecrets -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "hub.adminSecret" -}}
{{- default (printf "%s-admin" (include "hub.fullname" .)) .Values.adminToken.existingSecret -}}
{{- end -}}

{{- define "hub.adminKey" -}}
{{- ternary .Values.adminToken.key "ADMIN_TOKEN" (ne .Values.adminToken.existingSecret "") -}}
{{- end -}}

{{- define "hub.databaseSecret" -}}
{{- if .Values.database.existingSecret -}}
{{- .Values.database.existingSecret -}}
{{- else if .Values.database.url -}}
{{- include "hub.fullname" . }}-database
{{- end -}}
{{- end -}}

{{- define "hub.databaseKey" -}}
{{- ternary .Values.database.key "DATABASE_URL" (ne .Values.database.existingSecret "") -}}
{{- end -}}

{{- define "hub.heartbeatSecret" -}}
{{- if .Values.heartbeat.existingSecret -}}
{{- .Values.heartbeat.existingSecret -}}
{{- else if .Values.heartbeat.url -}}
{{- include "hub.fullname" . }}-heartbeat
{{- end -}}
{{- end -}}

{{- define "hub.alertingConfigMap" -}}
{{- if .Values.alerting.existingConfigMap -}}
{{- .Values.alerting.existingConfigMap -}}
{{- else if .Values.alerting.config -}}
{{- include "hub.fullname" . }}-alerting
{{- end -}}
{{- end -}}

{{- define "hub.detectorsConfigMap" -}}
{{- if .Values.detectors.existingConfigMap -}}
{{- .Values.detectors.existingConfigMap -}}
{{- else if .Values.detectors.config -}}
{{- include "hub.fullname" . }}-detectors
{{- end -}}
{{- end -}}

{{- define "hub.claim" -}}
{{- default (printf "%s-data" (include "hub.fullname" .)) .Values.persistence.existingClaim -}}
{{- end -}}

{{- define "hub.backupClaim" -}}
{{- default (printf "%s-backups" (include "hub.fullname" .)) .Values.backup.persistence.existingClaim -}}
{{- end -}}

{{- define "hub.insideUrl" -}}
http://{{ include "hub.fullname" . }}.{{ .Release.Namespace }}:{{ .Values.service.port }}
{{- end -}}

{{- define "hub.externalUrl" -}}
{{- if .Values.externalUrl -}}
{{- .Values.externalUrl | trimSuffix "/" -}}
{{- else if .Values.ingress.enabled -}}
{{ ternary "https" "http" .Values.ingress.tls.enabled }}://{{ .Values.ingress.host }}
{{- else if and .Values.httpRoute.enabled .Values.httpRoute.hostnames -}}
https://{{ first .Values.httpRoute.hostnames }}
{{- else -}}
{{- include "hub.insideUrl" . -}}
{{- end -}}
{{- end -}}

{{/* A client command of the same image, with the admin's token. */}}
{{- define "hub.clientEnv" -}}
- name: FARWATCH_HUB
  value: {{ include "hub.insideUrl" . }}
- name: FARWATCH_TOKEN
  valueFrom:
    secretKeyRef:
      name: {{ include "hub.adminSecret" . }}
      key: {{ include "hub.adminKey" . }}
{{- end -}}

{{- define "hub.args" -}}
- --data=/var/lib/farwatch
- --listen=:8080
- --external-url={{ include "hub.externalUrl" . }}
{{- if include "hub.alertingConfigMap" . }}
- --alerting=/etc/farwatch/alerting/alertmanager.yml
- --alerting-reload={{ .Values.alerting.reloadSeconds }}
{{- end }}
{{- if include "hub.detectorsConfigMap" . }}
- --detectors=/etc/farwatch/detectors/detectors.yml
{{- end }}
{{- if .Values.sso.existingSecret }}
- --sso=/etc/farwatch/sso/sso.yml
{{- end }}
{{- range .Values.trustedProxies }}
- --trusted-proxies={{ . }}
{{- end }}
{{- if include "hub.databaseSecret" . }}
- --database-file=/var/run/farwatch/database/url
{{- end }}
{{- if .Values.clickhouse.existingSecret }}
- --telemetry-file=/var/run/farwatch/clickhouse/url
{{- end }}
{{- if .Values.clickhouse.caSecret }}
- --telemetry-ca=/var/run/farwatch/clickhouse-ca/ca.crt
{{- end }}
{{- if include "hub.shared" . }}
- --standby
{{- end }}
- --retention={{ .Values.retention.days }}
{{- range $table, $days := .Values.retention.tables }}
- --retention={{ $table }}={{ $days }}
{{- end }}
- --agent-grace={{ .Values.agentGraceSeconds }}
- --evidence-wait={{ .Values.evidenceWaitSeconds }}
{{- if include "hub.heartbeatSecret" . }}
- --heartbeat-interval={{ .Values.heartbeat.intervalSeconds }}
{{- end }}
{{- if .Values.alertmanagerApi.enabled }}
- --alertmanager-listen=:{{ .Values.alertmanagerApi.port }}
- --alertmanager-auth={{ .Values.alertmanagerApi.auth }}
{{- end }}
{{- with .Values.bootstrap.clusterName }}
- --bootstrap-cluster={{ . }}
- --bootstrap-token-file=/var/run/farwatch/bootstrap/token
{{- end }}
{{- if .Values.backup.enabled }}
- --backups=/var/lib/farwatch-backups
{{- end }}
- --log-level={{ .Values.logLevel }}
{{- with .Values.extraArgs }}
{{ toYaml . }}
{{- end }}
{{- end -}}
