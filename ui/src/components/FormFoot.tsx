import { Alert, Button } from "@mantine/core";
import { IconAlertCircle } from "@tabler/icons-react";

import styles from "./FormFoot.module.css";

/** Below a form: what the hub said against it, the way back, and the way on. */
export function FormFoot({
  error,
  action,
  danger = false,
  disabled = false,
  isPending,
  onCancel,
}: {
  error: Error | null;
  action: string;
  danger?: boolean;
  disabled?: boolean;
  isPending: boolean;
  /** Without it there is no way back: the form is a part of its page. */
  onCancel?: () => void;
}) {
  return (
    <>
      {error !== null && (
        <Alert color="red" variant="light" icon={<IconAlertCircle size={16} />} role="alert">
          {error.message}
        </Alert>
      )}
      <div className={styles.foot}>
        {onCancel !== undefined && (
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
        )}
        <Button type="submit" color={danger ? "red" : undefined} disabled={disabled} loading={isPending}>
          {action}
        </Button>
      </div>
    </>
  );
}
