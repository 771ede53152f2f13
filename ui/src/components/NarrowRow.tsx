import type { ReactNode } from "react";

import styles from "./NarrowRow.module.css";

/** A row where there is no room for columns: what it holds by twos, the second of each at the end of its line. */
export function NarrowRow({ children }: { children: ReactNode }) {
  return <span className={styles.row}>{children}</span>;
}
