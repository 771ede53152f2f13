import styles from "./KeyMark.module.css";

/** Names the key of the button that it stands in. */
export function KeyMark({ name }: { name: string }) {
  return <kbd className={styles.key}>{name}</kbd>;
}
