/** The kinds that are watched, as pages name them; the hub's own table is src/farwatch/kube/kinds.py. */

export type KindGroup = "Workloads" | "Cluster" | "Network" | "Storage" | "Configuration";

export interface Kind {
  /** As manifests write it. */
  name: string;
  /** As addresses and the API write it. */
  plural: string;
  /** As people read it, of several. */
  title: string;
  group: KindGroup;
  namespaced: boolean;
}

function kind(name: string, title: string, group: KindGroup, namespaced = true, plural = ""): Kind {
  return { name, plural: plural || `${name.toLowerCase()}s`, title, group, namespaced };
}

/** In the order in which people look for them. */
export const KINDS: readonly Kind[] = [
  kind("Pod", "Pods", "Workloads"),
  kind("Deployment", "Deployments", "Workloads"),
  kind("StatefulSet", "StatefulSets", "Workloads"),
  kind("DaemonSet", "DaemonSets", "Workloads"),
  kind("Job", "Jobs", "Workloads"),
  kind("CronJob", "CronJobs", "Workloads"),
  kind("ReplicaSet", "ReplicaSets", "Workloads"),
  kind("HorizontalPodAutoscaler", "Autoscalers", "Workloads"),
  kind("PodDisruptionBudget", "Disruption budgets", "Workloads"),
  kind("Node", "Nodes", "Cluster", false),
  kind("Namespace", "Namespaces", "Cluster", false),
  kind("Event", "Events", "Cluster"),
  kind("Service", "Services", "Network"),
  kind("Ingress", "Ingresses", "Network", true, "ingresses"),
  kind("PersistentVolumeClaim", "Volume claims", "Storage"),
  kind("PersistentVolume", "Volumes", "Storage", false),
  kind("ConfigMap", "ConfigMaps", "Configuration"),
  kind("ResourceQuota", "Quotas", "Configuration"),
];

/** A kind by its name or plural, in any case. */
export function findKind(text: string): Kind | undefined {
  const word = text.toLowerCase();
  return KINDS.find((one) => one.plural === word || one.name.toLowerCase() === word);
}

/** The kinds by group, in order. */
export function kindsByGroup(): [KindGroup, Kind[]][] {
  const groups = new Map<KindGroup, Kind[]>();
  for (const one of KINDS) groups.set(one.group, [...(groups.get(one.group) ?? []), one]);
  return [...groups];
}
