import { rankSeverity, type Level } from "~/components";

/** The worst first. */
export const LEVELS: readonly Level[] = ["bad", "warn", "unknown", "ok", "done"];

export const LEVEL_WORDS: Record<Level, string> = {
  bad: "bad",
  warn: "not quite well",
  unknown: "unknown",
  ok: "well",
  done: "done",
};

/** How many alerts there are of each severity, the worst first; what there is none of is left out. */
export function sortSeverities(alerts: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(alerts)
    .filter(([, number]) => number > 0)
    .toSorted(([one], [other]) => rankSeverity(one) - rankSeverity(other) || one.localeCompare(other));
}
