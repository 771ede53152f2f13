/** Which clusters are shown, and in which order. Pure. */
import type { Level } from "~/components";

import type { ClusterTile } from "./queries";

const WORST_FIRST: readonly Level[] = ["bad", "warn", "unknown", "ok", "done"];

/** Those in whose name, labels or versions every word is found. */
export function chooseClusters(clusters: readonly ClusterTile[], text: string): ClusterTile[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return clusters.filter((cluster) => {
    const labels = Object.entries(cluster.labels).map((pair) => pair.join("="));
    const own = [cluster.name, ...labels, cluster.agent.version, cluster.agent.kubernetesVersion];
    const ground = own.join("\n").toLowerCase();
    return words.every((word) => ground.includes(word));
  });
}

type Key = (cluster: ClusterTile) => number | string;

const KEYS: Record<string, Key> = {
  name: (cluster) => cluster.name,
  health: (cluster) => WORST_FIRST.indexOf(cluster.health.level),
  nodes: (cluster) => cluster.nodes.total,
  pods: (cluster) => cluster.pods.total,
  alerts: (cluster) => Object.values(cluster.alerts).reduce((sum, count) => sum + count, 0),
  agent: (cluster) => cluster.agent.state,
  version: (cluster) => cluster.agent.version || "",
  kubernetes: (cluster) => cluster.agent.kubernetesVersion || "",
  since: (cluster) => cluster.agent.since ?? "",
  lag: (cluster) => cluster.agent.lagSeconds || 0,
};

/** By a column, `-` before it for the largest first; without one as the hub gives them, the worst first. */
export function sortClusters(clusters: readonly ClusterTile[], sort: string | undefined): ClusterTile[] {
  const descending = sort?.startsWith("-") ?? false;
  const key = KEYS[(sort ?? "").replace(/^-/, "")];
  if (key === undefined) return [...clusters];
  const ordered = clusters.toSorted((one, other) => compare(key(one), key(other)));
  return descending ? ordered.toReversed() : ordered;
}

function compare(one: number | string, other: number | string): number {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return String(one).localeCompare(String(other), "en", { numeric: true });
}
