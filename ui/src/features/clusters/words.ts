/** The words in which clusters are described. Pure. */
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

/** How far the hub is behind a cluster: `12 ms`, `1.4 s`. */
export function formatLag(seconds: number | undefined): string {
  const lag = seconds ?? 0;
  if (lag < 0.001) return "none";
  return lag < 1 ? `${Math.round(lag * 1000)} ms` : `${lag.toFixed(1)} s`;
}
