import { Button, Tooltip, type ButtonProps } from "@mantine/core";
import type { ComponentPropsWithoutRef } from "react";

import { useCan, type Permission, type Resource } from "~/app/session";

/** A button for what not everybody may do: without the permission it is disabled, and says which grant is missing. */
export function ActionButton({
  permission,
  resource,
  ...button
}: { permission: Permission; resource?: Resource } & ButtonProps &
  Omit<ComponentPropsWithoutRef<"button">, keyof ButtonProps | "resource">) {
  const gate = useCan(permission, resource);
  return (
    <Tooltip label={gate.reason} disabled={gate.allowed}>
      <Button
        {...button}
        {...(gate.allowed
          ? {}
          : { "data-disabled": true, "aria-disabled": true, onClick: undefined, type: "button" })}
      />
    </Tooltip>
  );
}
