import { Alert, Button } from "@mantine/core";
import type { ReactNode } from "react";

import { CommandBlock } from "./CommandBlock";
import { Foot, FormLike } from "./Form";

/** A secret that the hub tells this once, and what to do with it. */
export function ShownOnce({
  secret,
  label,
  children,
  onDone,
}: {
  secret: string;
  label: string;
  children: ReactNode;
  /** Without it, it stays where it is shown. */
  onDone?: () => void;
}) {
  return (
    <FormLike>
      <Alert color="yellow" variant="light" title="This is the only time it is shown">
        {children}
      </Alert>
      <CommandBlock text={secret} label={label} />
      {onDone !== undefined && (
        <Foot>
          <Button onClick={onDone}>I have kept it</Button>
        </Foot>
      )}
    </FormLike>
  );
}
