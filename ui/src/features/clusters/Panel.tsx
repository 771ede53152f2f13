import { Title } from "@mantine/core";
import type { ReactNode } from "react";

import styles from "./Cluster.module.css";

/** A part of a page with a title of its own. */
export function Panel({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <section className={styles.panel} aria-label={title}>
      <div className={styles.panelHead}>
        <Title order={2}>{title}</Title>
        {aside}
      </div>
      {children}
    </section>
  );
}
