import styles from "./Badge.module.css";

/** Severities that have a colour, the worst first; every other is shown quietly. */
export const SEVERITIES = ["critical", "warning", "info"] as const;

/** A place in order: the worse, the smaller. */
export function rankSeverity(severity: string | undefined): number {
  const place = (SEVERITIES as readonly string[]).indexOf(severity ?? "");
  return place < 0 ? SEVERITIES.length : place;
}

/** An alert's severity. */
export function SeverityBadge({ severity, count }: { severity: string | undefined; count?: number }) {
  const known = rankSeverity(severity) < SEVERITIES.length ? severity : "other";
  return (
    <span className={styles.severity} data-severity={known}>
      {count !== undefined && <b>{count.toLocaleString("en")}</b>}
      {severity === undefined || severity === "" ? "none" : severity}
    </span>
  );
}
