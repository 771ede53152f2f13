/** What the palette finds, apart from how it looks. */
import type { components } from "~/api";

import { findKind } from "./kinds";
import { paths } from "./paths";

export type Hit = components["schemas"]["Hit"];

/** One line of the palette. */
export interface Item {
  key: string;
  label: string;
  /** Where it is, or what it says. */
  detail: string;
  group: string;
  to?: string | undefined;
  run?: (() => void) | undefined;
  hit?: Hit;
}

const GROUPS: Record<Hit["type"], string> = {
  cluster: "Clusters",
  workload: "Workloads",
  node: "Nodes",
  namespace: "Namespaces",
  alert: "Alerts",
  pod: "Pods",
};

/** Whether every word is somewhere in a text, in any case. */
export function matchesWords(text: string, query: string): boolean {
  const lower = text.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word));
}

/** What the hub found as a line that leads there. */
export function toItem(hit: Hit): Item {
  const place = [hit.cluster, hit.namespace].filter(Boolean).join(" / ");
  return {
    key: [hit.type, hit.kind, hit.cluster, hit.namespace, hit.name, hit.fingerprint].join("\n"),
    label: hit.name,
    detail: hit.type === "cluster" ? "" : (hit.type === "alert" && hit.summary) || place,
    group: GROUPS[hit.type],
    to: toAddress(hit),
    hit,
  };
}

function toAddress(hit: Hit): string {
  if (hit.type === "cluster") return paths.cluster(hit.name);
  if (hit.type === "alert") return paths.alert(hit.fingerprint ?? "");
  return paths.object(
    hit.cluster,
    findKind(hit.kind ?? "")?.plural ?? hit.kind ?? "",
    hit.namespace ?? "",
    hit.name,
  );
}

/** The lines by group, each group where its first line stands. */
export function groupItems(items: readonly Item[]): [string, Item[]][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(item.group, [...(groups.get(item.group) ?? []), item]);
  return [...groups];
}
