import { Button } from "@mantine/core";
import type { ReactNode } from "react";

import styles from "./Form.module.css";
import { Refusal } from "./Refusal";

/** Fields one below the other; at their end what the hub said against them, the way back, and the way on. */
export function Form({
  error,
  action,
  danger = false,
  disabled = false,
  isPending,
  onSubmit,
  onCancel,
  children,
}: {
  error: Error | null;
  action: string;
  danger?: boolean;
  disabled?: boolean;
  isPending: boolean;
  onSubmit: () => void;
  /** Without it there is no way back: the form is a part of its page. */
  onCancel?: () => void;
  children: ReactNode;
}) {
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
      <Refusal error={error} />
      <Foot>
        {onCancel !== undefined && (
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
        )}
        <Button type="submit" color={danger ? "red" : undefined} disabled={disabled} loading={isPending}>
          {action}
        </Button>
      </Foot>
    </form>
  );
}

/** What is laid out like a form, and is none. */
export function FormLike({ children }: { children: ReactNode }) {
  return <div className={styles.form}>{children}</div>;
}

/** Buttons at the end of something. */
export function Foot({ children }: { children: ReactNode }) {
  return <div className={styles.foot}>{children}</div>;
}
