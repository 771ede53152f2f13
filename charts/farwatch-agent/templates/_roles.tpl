{{/*
Every role there is to be, as YAML: roles: [{kind, namespace, name, account, rules}]. The rules come from
files/permissions.yaml; here it is decided where they stand, and which the values ask for.
*/}}
{{- define "farwatch-agent.roles" -}}
{{- $watched := .Values.watchNamespaces -}}
{{- $acted := default $watched .Values.actions.namespaces -}}
{{- $global := include "farwatch-agent.globalName" . -}}
{{- $everywhere := list "cluster" "namespaced" -}}
{{- $asked := list -}}
{{- if .Values.rbac.create -}}
{{- $asked = concat $asked (list
  (dict "namespace" .Release.Namespace "name" (include "farwatch-agent.fullname" .) "account" "read" "scopes" (list "own"))
  (dict "namespace" "kube-system" "name" (printf "%s:identity" $global) "account" "read" "scopes" (list "kube-system"))
) -}}
{{- range $watched -}}
{{- $asked = append $asked (dict "namespace" . "name" $global "account" "read" "scopes" (list "namespaced")) -}}
{{- else -}}
{{- $asked = append $asked (dict "namespace" "" "name" $global "account" "read" "scopes" $everywhere) -}}
{{- end -}}
{{- range $acted -}}
{{- $asked = append $asked (dict "namespace" . "name" (printf "%s:act" $global) "account" "act" "scopes" (list "namespaced")) -}}
{{- else -}}
{{- $asked = append $asked (dict "namespace" "" "name" (printf "%s:act" $global) "account" "act" "scopes" $everywhere) -}}
{{- end -}}
{{- end -}}
{{- $roles := list -}}
{{- range $asked -}}
{{- $rules := (fromYaml (include "farwatch-agent.rules" (dict "root" $ "account" .account "scopes" .scopes))).rules -}}
{{- if $rules -}}
{{- $roles = append $roles (dict "kind" (ternary "Role" "ClusterRole" (ne .namespace "")) "namespace" .namespace "name" .name "account" .account "rules" $rules) -}}
{{- end -}}
{{- end -}}
{{- toYaml (dict "roles" $roles) -}}
{{- end -}}

{{/* The rules of an account in some scopes that the values ask for, as YAML: rules: [...]. */}}
{{- define "farwatch-agent.rules" -}}
{{- $rules := list -}}
{{- $table := .root.Files.Get "files/permissions.yaml" | replace "ACT_ACCOUNT" (include "farwatch-agent.actAccount" .root) | fromYaml -}}
{{- range $table.capabilities -}}
{{- if and (eq .account $.account) (has .scope $.scopes) (include "farwatch-agent.asked" (dict "root" $.root "when" .when)) -}}
{{- $rules = concat $rules .rules -}}
{{- end -}}
{{- end -}}
{{- toYaml (dict "rules" $rules) -}}
{{- end -}}

{{/* Whether the values ask for what depends on a value: "", features.events, actions.enabled, or actions.<an action>. */}}
{{- define "farwatch-agent.asked" -}}
{{- $actions := .root.Values.actions -}}
{{- if eq .when "" -}}
true
{{- else if eq .when "actions.enabled" -}}
{{- if $actions.enabled }}true{{ end -}}
{{- else if hasPrefix "actions." .when -}}
{{- if and $actions.enabled (has (trimPrefix "actions." .when) $actions.allow) }}true{{ end -}}
{{- else -}}
{{- $found := .root.Values -}}
{{- range splitList "." .when -}}
{{- $found = index $found . -}}
{{- end -}}
{{- if $found }}true{{ end -}}
{{- end -}}
{{- end -}}

{{/* Whether something is outside the namespace, and the namespace one that people delete. */}}
{{- define "farwatch-agent.adopts" -}}
{{- if and .Values.ownerReferences.enabled .Values.rbac.create (not (has .Release.Namespace (list "default" "kube-system" "kube-public" "kube-node-lease"))) -}}
true
{{- end -}}
{{- end -}}
