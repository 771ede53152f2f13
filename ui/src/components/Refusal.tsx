import { Alert, type AlertProps } from "@mantine/core";
import { IconAlertCircle } from "@tabler/icons-react";

/** What the hub said against what was asked of it; nothing as long as it said nothing. */
export function Refusal({ error, ...rest }: { error: Error | null | undefined } & AlertProps) {
  if (error == null) return null;
  return (
    <Alert color="red" variant="light" icon={<IconAlertCircle size={16} />} role="alert" {...rest}>
      {error.message}
    </Alert>
  );
}
