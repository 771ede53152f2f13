import { VisuallyHidden } from "@mantine/core";

import styles from "./Badge.module.css";

/** The severities that the hub knows, the worst first; every other comes after them. */
export const SEVERITIES = ["emergency", "page", "critical", "warning", "info", "none"] as const;

const COLOURS: Record<string, string> = {
  emergency: "critical",
  page: "critical",
  critical: "critical",
  warning: "warning",
  info: "info",
};

/** A place in order: the worse, the smaller. */
export function rankSeverity(severity: string | undefined): number {
  const place = (SEVERITIES as readonly string[]).indexOf(severity ?? "");
  return place < 0 ? SEVERITIES.length : place;
}

/** An alert's severity, or how many there are of one; `short` leaves its word to the tooltip and to those who listen. */
export function SeverityBadge({
  severity,
  count,
  short = false,
}: {
  severity: string | undefined;
  count?: number;
  short?: boolean;
}) {
  const word = severity === undefined || severity === "" ? "none" : severity;
  return (
    <span
      className={styles.severity}
      data-severity={COLOURS[word] ?? "other"}
      title={short ? word : undefined}
    >
      {count !== undefined && <b>{count.toLocaleString("en")}</b>}
      {short ? <VisuallyHidden>{word}</VisuallyHidden> : word}
    </span>
  );
}
