/** The words in which agents' links are told. Pure. */
import type { components } from "~/api";

import type { Level } from "./StatusBadge";

export type AgentState = components["schemas"]["AgentState"];

const STATES: Record<AgentState, { word: string; level: Level }> = {
  connected: { word: "Connected", level: "ok" },
  away: { word: "Away", level: "warn" },
  lost: { word: "Lost", level: "bad" },
  never_connected: { word: "Never connected", level: "unknown" },
};

/** How an agent's link stands, as a `StatusBadge` shows it. */
export function describeAgent(state: AgentState): { word: string; level: Level } {
  return STATES[state];
}
