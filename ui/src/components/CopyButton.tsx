import { ActionIcon, Tooltip } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconCheck, IconCopy } from "@tabler/icons-react";

/** Copies a text, and says that it did. */
export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const clipboard = useClipboard({ timeout: 2000 });
  const said = clipboard.error
    ? "The browser does not allow it: select and copy"
    : clipboard.copied
      ? "Copied"
      : label;
  return (
    <Tooltip label={said}>
      <ActionIcon onClick={() => clipboard.copy(text)} aria-label={label}>
        {clipboard.copied ? <IconCheck size={15} /> : <IconCopy size={15} />}
      </ActionIcon>
    </Tooltip>
  );
}
