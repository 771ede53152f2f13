{{/* The hub's pod: of the StatefulSet with stores of its own, or of the Deployment that shares stores outside. */}}
{{- define "hub.pod" -}}
metadata:
  labels:
    {{- /* What selects the pods cannot be set otherwise. */}}
    {{- $own := fromYaml (include "hub.labels" .) }}
    {{- $_ := unset $own "helm.sh/chart" }}
    {{- toYaml (merge (dict "app.kubernetes.io/component" "hub") $own .Values.podLabels) | nindent 4 }}
  annotations:
    {{- /* Read at the start alone. The alerting configuration is read again when it changes, and is not here. */}}
    checksum/detectors: {{ .Values.detectors.config | toYaml | sha256sum }}
    checksum/secrets: {{ print .Values.adminToken.value .Values.adminPassword .Values.database.url .Values.heartbeat.url | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "hub.account" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with include "hub.pullSecrets" . }}
  {{- . | nindent 2 }}
  {{- end }}
  securityContext:
    {{- toYaml .Values.podSecurityContext | nindent 4 }}
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- if .Values.restore.from }}
  initContainers:
    - name: restore
      image: {{ include "hub.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      command: [farwatch, backup, restore]
      args:
        - --backups=/var/lib/farwatch-backups
        - --data=/var/lib/farwatch
        {{- if include "hub.databaseSecret" . }}
        - --database-file=/var/run/farwatch/database/url
        {{- end }}
        - --if-empty
        - {{ .Values.restore.from | quote }}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      securityContext:
        {{- toYaml .Values.containerSecurityContext | nindent 8 }}
      volumeMounts:
        - name: data
          mountPath: /var/lib/farwatch
        - name: backups
          mountPath: /var/lib/farwatch-backups
        - name: tmp
          mountPath: /tmp
        {{- if include "hub.databaseSecret" . }}
        - name: database
          mountPath: /var/run/farwatch/database
          readOnly: true
        {{- end }}
  {{- end }}
  containers:
    - name: hub
      image: {{ include "hub.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      command: [farwatch, hub]
      args:
        {{- include "hub.args" . | nindent 8 }}
      env:
        - name: FARWATCH_ADMIN_TOKEN
          valueFrom:
            secretKeyRef:
              name: {{ include "hub.adminSecret" . }}
              key: {{ include "hub.adminKey" . }}
        - name: FARWATCH_ADMIN_PASSWORD
          valueFrom:
            secretKeyRef:
              name: {{ include "hub.adminSecret" . }}
              key: ADMIN_PASSWORD
              optional: true
        # Where `kubectl exec ... farwatch admin reset` finds what the hub keeps.
        - name: FARWATCH_DATA
          value: /var/lib/farwatch
        {{- if include "hub.databaseSecret" . }}
        - name: FARWATCH_DATABASE_FILE
          value: /var/run/farwatch/database/url
        {{- end }}
        {{- with include "hub.heartbeatSecret" . }}
        - name: FARWATCH_HEARTBEAT_URL
          valueFrom:
            secretKeyRef:
              name: {{ . }}
              key: {{ ternary $.Values.heartbeat.key "HEARTBEAT_URL" (ne $.Values.heartbeat.existingSecret "") }}
        {{- end }}
        - name: HOME
          value: /tmp
        {{- with .Values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - name: http
          containerPort: 8080
        {{- if .Values.alertmanagerApi.enabled }}
        - name: alertmanager
          containerPort: {{ .Values.alertmanagerApi.port }}
        {{- end }}
      # A start may bring the stores up to date first.
      startupProbe:
        httpGet:
          path: /healthz
          port: http
        periodSeconds: 2
        timeoutSeconds: 5
        failureThreshold: 300
      livenessProbe:
        httpGet:
          path: /healthz
          port: http
        periodSeconds: 15
        timeoutSeconds: 10
        failureThreshold: 4
      # Not /readyz: a hub whose store is full or away must still be reached to see why; nobody takes its place for that.
      readinessProbe:
        httpGet:
          path: {{ ternary "/activez" "/healthz" (ne (include "hub.shared" .) "") }}
          port: http
        periodSeconds: {{ ternary 2 5 (ne (include "hub.shared" .) "") }}
        timeoutSeconds: 5
        {{- if include "hub.shared" . }}
        failureThreshold: 1
        {{- end }}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      securityContext:
        {{- toYaml .Values.containerSecurityContext | nindent 8 }}
      volumeMounts:
        - name: data
          mountPath: /var/lib/farwatch
        - name: tmp
          mountPath: /tmp
        {{- if .Values.backup.enabled }}
        - name: backups
          mountPath: /var/lib/farwatch-backups
        {{- end }}
        {{- /* Folders, not single files: only those follow their ConfigMap. */}}
        {{- if include "hub.alertingConfigMap" . }}
        - name: alerting
          mountPath: /etc/farwatch/alerting
          readOnly: true
        {{- end }}
        {{- if .Values.alerting.existingSecret }}
        - name: secrets
          mountPath: /etc/farwatch/secrets
          readOnly: true
        {{- end }}
        {{- if include "hub.detectorsConfigMap" . }}
        - name: detectors
          mountPath: /etc/farwatch/detectors
          readOnly: true
        {{- end }}
        {{- if .Values.sso.existingSecret }}
        - name: sso
          mountPath: /etc/farwatch/sso
          readOnly: true
        {{- end }}
        {{- if include "hub.databaseSecret" . }}
        - name: database
          mountPath: /var/run/farwatch/database
          readOnly: true
        {{- end }}
        {{- if .Values.clickhouse.existingSecret }}
        - name: clickhouse
          mountPath: /var/run/farwatch/clickhouse
          readOnly: true
        {{- end }}
        {{- if .Values.clickhouse.caSecret }}
        - name: clickhouse-ca
          mountPath: /var/run/farwatch/clickhouse-ca
          readOnly: true
        {{- end }}
        {{- if .Values.bootstrap.clusterName }}
        - name: bootstrap
          mountPath: /var/run/farwatch/bootstrap
          readOnly: true
        {{- end }}
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: data
      {{- if and .Values.persistence.enabled (not (include "hub.shared" .)) }}
      persistentVolumeClaim:
        claimName: {{ include "hub.claim" . }}
      {{- else }}
      emptyDir: {}
      {{- end }}
    - name: tmp
      emptyDir: {}
    {{- if .Values.backup.enabled }}
    - name: backups
      persistentVolumeClaim:
        claimName: {{ include "hub.backupClaim" . }}
    {{- end }}
    {{- with include "hub.alertingConfigMap" . }}
    - name: alerting
      configMap:
        name: {{ . }}
    {{- end }}
    {{- with .Values.alerting.existingSecret }}
    - name: secrets
      secret:
        secretName: {{ . }}
        defaultMode: 0440
    {{- end }}
    {{- with include "hub.detectorsConfigMap" . }}
    - name: detectors
      configMap:
        name: {{ . }}
    {{- end }}
    {{- with .Values.sso.existingSecret }}
    - name: sso
      secret:
        secretName: {{ . }}
        defaultMode: 0440
    {{- end }}
    {{- with include "hub.databaseSecret" . }}
    - name: database
      secret:
        secretName: {{ . }}
        defaultMode: 0440
        items:
          - key: {{ include "hub.databaseKey" $ }}
            path: url
    {{- end }}
    {{- with .Values.clickhouse.existingSecret }}
    - name: clickhouse
      secret:
        secretName: {{ . }}
        defaultMode: 0440
        items:
          - key: {{ $.Values.clickhouse.key }}
            path: url
    {{- end }}
    {{- with .Values.clickhouse.caSecret }}
    - name: clickhouse-ca
      secret:
        secretName: {{ . }}
        defaultMode: 0440
        items:
          - key: {{ $.Values.clickhouse.caKey }}
            path: ca.crt
    {{- end }}
    {{- if .Values.bootstrap.clusterName }}
    - name: bootstrap
      secret:
        secretName: {{ .Values.bootstrap.existingSecret }}
        defaultMode: 0440
        items:
          - key: {{ .Values.bootstrap.key }}
            path: token
    {{- end }}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with include "hub.spread" . }}
  topologySpreadConstraints:
    {{- . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
