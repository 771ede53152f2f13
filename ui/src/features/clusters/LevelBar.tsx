import { Link } from "@tanstack/react-router";

import type { Level } from "~/components";

import styles from "./Cluster.module.css";

const ORDER: readonly [Level, string][] = [
  ["bad", "bad"],
  ["warn", "not yet"],
  ["unknown", "unknown"],
  ["ok", "as they should be"],
  ["done", "over"],
];

/** How many stand how, as shares of a bar and as numbers that lead to them. */
export function LevelBar({
  levels,
  to,
  at,
}: {
  levels: Partial<Record<Level, number>>;
  to: string;
  at: string | undefined;
}) {
  const present = ORDER.filter(([level]) => (levels[level] ?? 0) > 0);
  return (
    <span className={styles.levels}>
      <span className={styles.bar} aria-hidden>
        {present.map(([level]) => (
          <span key={level} data-level={level} style={{ flexGrow: levels[level] }} />
        ))}
      </span>
      <span className={styles.bad}>
        {present
          .filter(([level]) => level === "bad" || level === "warn")
          .map(([level, word]) => (
            <Link key={level} to={to} search={{ level, at }} data-level={level}>
              {levels[level]?.toLocaleString("en")} {word}
            </Link>
          ))}
      </span>
    </span>
  );
}
