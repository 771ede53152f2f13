/** The words in which clusters and their agents are described. Pure. */
import type { Level } from "~/components";

const HEALTH: Record<Level, string> = {
  ok: "Healthy",
  warn: "Degraded",
  bad: "In trouble",
  unknown: "Unknown",
  done: "Healthy",
};

export function describeHealth(level: Level): string {
  return HEALTH[level];
}

const AGENTS: Record<string, { word: string; level: Level }> = {
  connected: { word: "Connected", level: "ok" },
  away: { word: "Away", level: "warn" },
  lost: { word: "Lost", level: "bad" },
  never_connected: { word: "Never connected", level: "unknown" },
};

export function describeAgent(state: string): { word: string; level: Level } {
  return AGENTS[state] ?? { word: state, level: "unknown" };
}

/** How far the hub is behind a cluster: `12 ms`, `1.4 s`. */
export function formatLag(seconds: number | undefined): string {
  const lag = seconds ?? 0;
  if (lag < 0.001) return "none";
  return lag < 1 ? `${Math.round(lag * 1000)} ms` : `${lag.toFixed(1)} s`;
}
