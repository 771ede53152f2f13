import { Title } from "@mantine/core";
import type { ComponentType, ReactNode } from "react";

import styles from "./State.module.css";

/** Nothing to show: says why, and (as `children`) what to do next. */
export function EmptyState({
  title,
  text,
  icon: Icon,
  children,
}: {
  title: string;
  text?: ReactNode;
  icon?: ComponentType<{ size?: number | string; stroke?: number | string }>;
  children?: ReactNode;
}) {
  return (
    <div className={styles.state}>
      {Icon && <Icon size={30} stroke={1.4} />}
      <Title order={2}>{title}</Title>
      {text !== undefined && <p>{text}</p>}
      {children !== undefined && <div className={styles.actions}>{children}</div>}
    </div>
  );
}
