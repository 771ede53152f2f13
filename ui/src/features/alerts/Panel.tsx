import { useId, type ReactNode } from "react";

import styles from "./Alert.module.css";

/** A part of the page of an alert. */
export function Panel({
  title,
  aside,
  emphasized = false,
  children,
}: {
  title: string;
  aside?: ReactNode;
  emphasized?: boolean;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <section className={emphasized ? `${styles.panel} ${styles.cause}` : styles.panel} aria-labelledby={id}>
      <h2 id={id}>
        {title}
        {aside !== undefined && <small>{aside}</small>}
      </h2>
      {children}
    </section>
  );
}
