/** How many stand how. Pure. */
import type { Level } from "./StatusBadge";

export type Levels = Readonly<Partial<Record<Level, number>>>;

/** The worst first. */
export const LEVELS: readonly Level[] = ["bad", "warn", "unknown", "ok", "done"];

const WORDS: Record<Level, string> = {
  bad: "bad",
  warn: "not quite well",
  unknown: "unknown",
  ok: "well",
  done: "done",
};

/** The levels that something stands at, the worst first, each with how many do. */
export function sortLevels(levels: Levels): [Level, number][] {
  return LEVELS.flatMap((level): [Level, number][] => {
    const number = levels[level] ?? 0;
    return number > 0 ? [[level, number]] : [];
  });
}

/** `2 bad, 1,203 well`. */
export function describeLevels(levels: Levels): string {
  const parts = sortLevels(levels).map(([level, number]) => `${number.toLocaleString("en")} ${WORDS[level]}`);
  return parts.length > 0 ? parts.join(", ") : "none";
}
