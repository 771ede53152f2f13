import { Title } from "@mantine/core";
import { useEffect, type ReactNode } from "react";

import styles from "./Page.module.css";

/**
 * A page: its title (also in the browser's tab), what can be done on it, and its content.
 *
 * @param above what leads back up: breadcrumbs
 * @param aside a word beside the title: a badge, a count
 */
export function Page({
  title,
  above,
  aside,
  actions,
  children,
}: {
  title: string;
  above?: ReactNode;
  aside?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · Farwatch`;
  }, [title]);
  return (
    <>
      {above}
      <div className={styles.head}>
        <Title order={1} className={styles.title}>
          {title}
        </Title>
        {aside}
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </div>
      {children}
    </>
  );
}
