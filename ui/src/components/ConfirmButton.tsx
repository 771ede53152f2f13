import { Button, Popover } from "@mantine/core";
import { useState } from "react";

import { Foot } from "./Form";
import { Refusal } from "./Refusal";

/** A button for what cannot be undone: it asks once, beside itself. */
export function ConfirmButton({
  label,
  question,
  error = null,
  isPending,
  onConfirm,
}: {
  label: string;
  question: string;
  error?: Error | null;
  isPending: boolean;
  onConfirm: () => void;
}) {
  const [opened, setOpened] = useState(false);
  return (
    <Popover opened={opened} onChange={setOpened} width={280} position="bottom-end" withArrow trapFocus>
      <Popover.Target>
        <Button variant="subtle" color="red" size="compact-sm" onClick={() => setOpened(!opened)}>
          {label}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <p>{question}</p>
        <Refusal error={error} mb={8} />
        <Foot>
          <Button variant="default" size="compact-sm" onClick={() => setOpened(false)}>
            Cancel
          </Button>
          <Button color="red" size="compact-sm" loading={isPending} onClick={onConfirm}>
            {label}
          </Button>
        </Foot>
      </Popover.Dropdown>
    </Popover>
  );
}
