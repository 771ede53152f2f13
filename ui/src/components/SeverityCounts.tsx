import { rankSeverity, SeverityBadge } from "./SeverityBadge";
import styles from "./SeverityCounts.module.css";

/** How many alerts there are of each severity, the worst first; `none` stands where there are none. */
export function SeverityCounts({
  alerts,
  short = false,
  none,
}: {
  alerts: Readonly<Record<string, number>>;
  short?: boolean;
  none?: string;
}) {
  const counted = sortSeverities(alerts);
  if (counted.length === 0) return none === undefined ? null : <span className={styles.none}>{none}</span>;
  return (
    <span className={styles.counts}>
      {counted.map(([severity, number]) => (
        <SeverityBadge key={severity} severity={severity} count={number} short={short} />
      ))}
    </span>
  );
}

function sortSeverities(alerts: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(alerts)
    .filter(([, number]) => number > 0)
    .toSorted(([one], [other]) => rankSeverity(one) - rankSeverity(other) || one.localeCompare(other));
}
