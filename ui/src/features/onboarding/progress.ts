/** How far an agent has come, step by step, and what holds it up. Pure. */
import type { Cluster, InstallLink } from "./queries";

export type StepState = "done" | "waiting" | "failed";

export interface Step {
  id: "fetched" | "connected" | "api" | "rights" | "synced" | "data";
  title: string;
  state: StepState;
  /** What there is to say: from where, which version, the exact reason why not. */
  details: string[];
}

/** What a refusal means for whoever installs. */
const REFUSALS: Record<string, string> = {
  bad_token: "Wrong token",
  revoked_token: "Token no longer valid",
  foreign_cluster: "Used by another cluster",
  unsupported_protocol: "Version does not fit",
  bad_frame: "Broken introduction",
  wrong_state: "Unknown role",
  overloaded: "Too many agents",
};

/** The steps from an installed manifest to the first data. */
export function findSteps(cluster: Cluster, links: readonly InstallLink[]): Step[] {
  const isConnected = cluster.agentState === "connected";
  return [
    fetched(links, isConnected),
    connected(cluster, isConnected),
    api(cluster, isConnected),
    rights(cluster, isConnected),
    synced(cluster, isConnected),
    data(cluster, isConnected),
  ];
}

export function isComplete(steps: readonly Step[]): boolean {
  return steps.every((step) => step.state === "done" || step.id === "rights");
}

function fetched(links: readonly InstallLink[], isConnected: boolean): Step {
  const used = links.find((link) => link.state === "used");
  const title = "The manifest is fetched";
  if (used !== undefined) {
    return { id: "fetched", title, state: "done", details: used.usedFrom ? [`from ${used.usedFrom}`] : [] };
  }
  if (isConnected) return { id: "fetched", title, state: "done", details: ["installed without a link"] };
  const isOver = links.length > 0 && links.every((link) => link.state === "expired");
  return isOver
    ? { id: "fetched", title, state: "failed", details: ["The link ended unused: make a new one."] }
    : {
        id: "fetched",
        title,
        state: "waiting",
        details: ["Run one of the commands above. Helm does not fetch it."],
      };
}

function connected(cluster: Cluster, isConnected: boolean): Step {
  const title = "The agent connects";
  if (isConnected) {
    const details = [
      [
        cluster.agentAddress && `from ${cluster.agentAddress}`,
        cluster.agentVersion && `version ${cluster.agentVersion}`,
      ]
        .filter(Boolean)
        .join(", "),
    ];
    return { id: "connected", title, state: "done", details: details.filter(Boolean) };
  }
  const refusals = (cluster.refusals ?? []).map(
    ({ code, reason, peer, count, callsItself }) =>
      `${REFUSALS[code] ?? "Refused"}: ${reason} (from ${peer}` +
      `${callsItself ? `, calls itself “${callsItself}”` : ""}${count > 1 ? `, ${count} times` : ""})`,
  );
  if (refusals.length > 0) return { id: "connected", title, state: "failed", details: refusals };
  if (cluster.agentState !== "never_connected") {
    const reason = cluster.agentReason ? `: ${cluster.agentReason}` : "";
    return {
      id: "connected",
      title,
      state: "failed",
      details: [`It was here and is ${cluster.agentState}${reason}`],
    };
  }
  return {
    id: "connected",
    title,
    state: "waiting",
    details: ["Nobody has come yet. If this lasts: does its pod run, and does it reach the hub’s address?"],
  };
}

function api(cluster: Cluster, isConnected: boolean): Step {
  const title = "Its API server answers";
  if (isConnected && cluster.apiServerReachable === true) {
    const version = cluster.kubernetesVersion ? [`Kubernetes ${cluster.kubernetesVersion}`] : [];
    return { id: "api", title, state: "done", details: version };
  }
  if (isConnected && cluster.apiServerReachable === false) {
    return { id: "api", title, state: "failed", details: [cluster.apiServerMessage || "It does not."] };
  }
  return { id: "api", title, state: "waiting", details: [] };
}

function rights(cluster: Cluster, isConnected: boolean): Step {
  const title = "It has the rights that it needs";
  const report = cluster.permissions;
  if (!isConnected || !report) return { id: "rights", title, state: "waiting", details: [] };
  if (report.problem) return { id: "rights", title, state: "failed", details: [report.problem] };
  const missing = report.missing.map(
    (note) =>
      `It may not ${note.verbs.join(", ")} ${note.resources.join(", ")}` +
      ` ${note.namespace ? `in ${note.namespace}` : "in the whole cluster"}`,
  );
  return { id: "rights", title, state: missing.length > 0 ? "failed" : "done", details: missing };
}

function synced(cluster: Cluster, isConnected: boolean): Step {
  const title = "Every kind is read";
  const watches = cluster.watches ?? [];
  if (!isConnected || watches.length === 0) return { id: "synced", title, state: "waiting", details: [] };
  const done = watches.filter((one) => one.state === "synced").length;
  const held = watches
    .filter((one) => one.state === "denied" || one.state === "failing")
    .map((one) => `${one.kind} is ${one.state}${one.message ? `: ${one.message}` : ""}`);
  const isOver = watches.every((one) => one.state !== "syncing");
  return {
    id: "synced",
    title,
    state: held.length > 0 ? "failed" : isOver ? "done" : "waiting",
    details: [`${done} of ${watches.length} kinds`, ...held],
  };
}

function data(cluster: Cluster, isConnected: boolean): Step {
  const title = "The first data are here";
  const { nodes, pods } = cluster;
  const isHere = isConnected && nodes + pods > 0;
  return {
    id: "data",
    title,
    state: isHere ? "done" : "waiting",
    details: isHere ? [`${nodes.toLocaleString("en")} nodes, ${pods.toLocaleString("en")} pods`] : [],
  };
}
