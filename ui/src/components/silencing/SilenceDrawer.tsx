import { Drawer } from "@mantine/core";

import type { SilenceDraft } from "./queries";
import { SilenceForm } from "./SilenceForm";

/** The form of a silence beside the page; closed while there is no draft. */
export function SilenceDrawer({
  draft,
  onClose,
  onSaved,
}: {
  draft: SilenceDraft | undefined;
  onClose: () => void;
  onSaved?: () => void;
}) {
  return (
    <Drawer
      opened={draft !== undefined}
      onClose={onClose}
      position="right"
      size={560}
      // What was typed is not lost by a click beside it.
      closeOnClickOutside={false}
      title={draft?.id === undefined ? "New silence" : "Change the silence"}
    >
      {draft !== undefined && (
        <SilenceForm
          draft={draft}
          onCancel={onClose}
          onSaved={() => {
            onClose();
            onSaved?.();
          }}
        />
      )}
    </Drawer>
  );
}
