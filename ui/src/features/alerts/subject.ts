/** What an alert is about, read from its labels. */
import { paths } from "~/app/paths";

export interface Subject {
  cluster: string;
  namespace: string;
  kind: string;
  name: string;
}

const BY_LABEL = [
  ["deployment", "Deployment"],
  ["statefulset", "StatefulSet"],
  ["daemonset", "DaemonSet"],
  ["cronjob", "CronJob"],
  ["job_name", "Job"],
  ["horizontalpodautoscaler", "HorizontalPodAutoscaler"],
  ["persistentvolumeclaim", "PersistentVolumeClaim"],
  ["pod", "Pod"],
] as const;

/** The object that labels name, as detectors and the rules of kube-state-metrics write them. */
export function readSubject(labels: Record<string, string>): Subject {
  const { cluster = "", namespace = "", workload, workload_kind: kind, node } = labels;
  if (workload) return { cluster, namespace, kind: kind ?? "", name: workload };
  for (const [label, named] of BY_LABEL) {
    const name = labels[label];
    if (name) return { cluster, namespace, kind: named, name };
  }
  if (node) return { cluster, namespace: "", kind: "Node", name: node };
  if (namespace) return { cluster, namespace: "", kind: "Namespace", name: namespace };
  return { cluster, namespace: "", kind: "Cluster", name: cluster };
}

/** The page of a subject; undefined where there is none. */
export function subjectPath({ cluster, namespace, kind, name }: Subject): string | undefined {
  if (cluster === "") return undefined;
  if (kind === "Cluster") return paths.cluster(cluster);
  return kind === "" ? undefined : paths.object(cluster, kind, namespace, name);
}

/** The first of an alert's annotations that people read; the alert's name where there is none. */
export function readSummary(alert: {
  annotations: Record<string, string>;
  labels: Record<string, string>;
}): string {
  const { summary, message, description } = alert.annotations;
  return summary ?? message ?? description ?? "";
}

export function readName(labels: Record<string, string>): string {
  return labels.alertname ?? "(no alertname)";
}

/** Only addresses that a browser can follow without running anything. */
export function toLink(text: string | undefined): string | undefined {
  return text !== undefined && /^(https?:\/\/|\/(?!\/))/i.test(text) ? text : undefined;
}
