import { rankSeverity } from "~/components";

import styles from "./Clusters.module.css";

/** How many alerts fire, by severity, as small numbers in its colour. */
export function FiringCounts({ alerts }: { alerts: Readonly<Record<string, number>> }) {
  const counts = Object.entries(alerts).toSorted(([one], [other]) => rankSeverity(one) - rankSeverity(other));
  if (counts.length === 0) return <span className={styles.quiet}>none</span>;
  return (
    <span className={styles.firing}>
      {counts.map(([severity, count]) => (
        <span key={severity} className={styles.count} data-severity={severity} title={`${count} ${severity}`}>
          {count.toLocaleString("en")}
          <span className={styles.hidden}> {severity}</span>
        </span>
      ))}
    </span>
  );
}
