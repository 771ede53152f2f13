import { SeverityBadge } from "~/components/SeverityBadge";
import { LoadingState } from "~/components/LoadingState";

import type { SilencePreview } from "./queries";
import styles from "./Silencing.module.css";

const MOST_CLUSTERS = 12;

/** What a silence would hush, fleet-wide. */
export function SilencePreviewPanel({
  preview,
  isStale,
  isLoading,
  isEmpty,
}: {
  preview: SilencePreview | undefined;
  /** It is of the matchers of a moment ago. */
  isStale: boolean;
  isLoading: boolean;
  isEmpty: boolean;
}) {
  return (
    <section
      className={styles.preview}
      data-stale={isStale || undefined}
      aria-label="What it hushes"
      aria-live="polite"
    >
      {preview !== undefined && !isEmpty ? (
        <Preview preview={preview} />
      ) : isLoading ? (
        <LoadingState rows={3} label="Looking at what it hushes" />
      ) : (
        <p className={styles.quiet}>Write a matcher to see what it hushes across the fleet.</p>
      )}
    </section>
  );
}

function Preview({ preview }: { preview: SilencePreview }) {
  const { alerts, hidden, byCluster, examples, firedLately } = preview;
  const clusters = Object.entries(byCluster).toSorted(([, one], [, other]) => other - one);
  return (
    <>
      <h3>
        {alerts === 0
          ? "Hushes nothing that fires now"
          : `Hushes ${count(alerts, "alert")} that ${alerts === 1 ? "fires" : "fire"} now`}
        {clusters.length > 1 && ` in ${clusters.length} clusters`}
      </h3>
      {clusters.length > 0 && (
        <ul className={styles.clusters} aria-label="By cluster">
          {clusters.slice(0, MOST_CLUSTERS).map(([cluster, number]) => (
            <li key={cluster}>
              <b>{number}</b>
              {cluster === "" ? "no cluster" : cluster}
            </li>
          ))}
          {clusters.length > MOST_CLUSTERS && (
            <li className={styles.quiet}>and {clusters.length - MOST_CLUSTERS} more clusters</li>
          )}
        </ul>
      )}
      {hidden > 0 && (
        <p className={styles.warning}>
          It fits {count(hidden, "more alert")} that you may not see. You may not hush those: narrow it to
          your clusters or namespaces.
        </p>
      )}
      <p className={styles.quiet}>
        In the last 7 days it would have hushed {count(firedLately, "different alert")}.
      </p>
      {examples.length > 0 && (
        <ul className={styles.examples} aria-label="Some of them">
          {examples.map((alert) => (
            <li key={alert.fingerprint}>
              <SeverityBadge severity={alert.labels.severity} />
              <span>{alert.annotations.summary ?? alert.labels.alertname ?? alert.fingerprint}</span>
            </li>
          ))}
          {alerts > examples.length && <li className={styles.quiet}>and {alerts - examples.length} more</li>}
        </ul>
      )}
    </>
  );
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
