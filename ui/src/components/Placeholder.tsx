import styles from "./Placeholder.module.css";

/** A bar where words will be. Rows that scroll past hold hundreds: a skeleton that moves costs too much there. */
export function Placeholder({ width }: { width: string }) {
  return <span className={styles.placeholder} style={{ width }} />;
}
