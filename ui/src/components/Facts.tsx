import type { ReactNode } from "react";

import styles from "./Facts.module.css";

/** Names (`dt`) with what is told of each (`dd`) beside it. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className={styles.facts}>{children}</dl>;
}
