import styles from "./Badge.module.css";

export type Level = "ok" | "warn" | "bad" | "done" | "unknown";

/** How something is, in a word and a colour; the reason on hover. */
export function StatusBadge({ level, word, reason }: { level: Level; word: string; reason?: string }) {
  return (
    <span className={styles.status} data-level={level} title={reason === "" ? undefined : reason}>
      {word}
    </span>
  );
}
